"""Otter's master notebook of an assignment: from it `otter assign` makes the student's notebook and the autograder."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Any

import yaml
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_raw_cell

from booktools.coursework import blocking
from booktools.coursework.course import Course
from booktools.coursework.exercises import Chapter, Check, Question, in_words
from booktools.coursework.handout.references import References
from booktools.notebooks.install import install_cell

OTTER = "otter-grader==7.0.0"
KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}


@dataclass(frozen=True)
class Assignment:
    """A chapter as one course assigns it."""

    chapter: Chapter
    course: Course
    references: References
    library: str  # what pip installs

    @property
    def name(self) -> str:
        """What notebooks, folders and Otter call it."""
        return f"chapter-{self.chapter.number}"

    def points(self, question: Question) -> float:
        """Points of a question: the course's, else the chapter's."""
        return self.course.points.get(question.name, question.points)

    def points_of_check(self, question: Question, check: Check) -> float:
        """A check's share of the question's points."""
        share = check.points * self.points(question) / question.points
        return int(share) if share == int(share) else round(share, 6)

    def statement(self, question: Question) -> str:
        """Title, points and text of a question, as plain Markdown."""
        facts = (
            f"{self.points(question):g} points, level {question.level} of 3, about {in_words(question.minutes)}, "
            f"{'marked by hand' if question.is_manual else 'marked by machine'}"
        )
        blocked = ", ".join(f"`{name}`" for name in self.chapter.blocked)
        parts = [f"## {question.title}", f"*{facts}.*", self.references.plain(question.statement, self.chapter.page)]
        if blocked and not question.is_manual:
            parts.append(f"*Blocked in this notebook:* {blocked}.")
        return "\n\n".join(parts)


def master_notebook(assignment: Assignment, numbers: dict[str, Any]) -> NotebookNode:
    """The master. Its numbers cell is replaced for each student of a roster."""
    cells = [
        config_cell(assignment),
        new_markdown_cell(first_words(assignment)),
        new_code_cell(setup_source(assignment)),
        new_code_cell(numbers_source(numbers)),
    ]
    for question in assignment.chapter.graded:
        cells += question_cells(assignment, question)
    return new_notebook(cells=cells, metadata={"kernelspec": KERNEL})


def config_cell(assignment: Assignment) -> NotebookNode:
    config = {
        "name": assignment.name,
        "init_cell": False,
        "export_cell": False,
        "check_all_cell": False,
        "solutions_pdf": False,
        "requirements": [assignment.library],
        "generate": {"show_stdout": True, "show_hidden": False},
        "tests": {"files": True, "ok_format": False},
    }
    return new_raw_cell("# ASSIGNMENT CONFIG\n" + yaml.safe_dump(config, sort_keys=False))


def first_words(assignment: Assignment) -> str:
    """What a student reads first; `{student}` is filled in later."""
    course, chapter = assignment.course, assignment.chapter
    rows = "\n".join(
        f"| {question.title} | {assignment.points(question):g} | {question.level} | {in_words(question.minutes)} |"
        for question in chapter.graded
    )
    total = sum(assignment.points(question) for question in chapter.graded)
    return f"""\
# {course.title}: assignment on chapter {int(chapter.number)}, {chapter.title}

**{course.term}.** Due: {course.deadline}. {{student}}

| Exercise | Points | Level | Time |
|---|---|---|---|
{rows}

{total:g} points in all. The chapter is [on the web]({assignment.references.pages_url}{chapter.page}.html); \
[For students]({assignment.references.pages_url}appendices/for-students.html) says how to work and what a red check \
means. Write your answers where three dots stand, keep the names of the functions, run the checks, save the notebook \
and hand it in. The checks you see test laws that a right answer obeys; others, unseen, compare with the exact values \
at your own numbers."""


def setup_source(assignment: Assignment) -> str:
    """The first code cell: library, Otter, a folder for the checks, the blocked names."""
    install = install_cell(assignment.library, {"otter": OTTER})
    names = list(assignment.chapter.blocked)
    functions = "\n\n".join(inspect.getsource(one) for one in (blocking.refusal, blocking.block))
    blocks = f"\n\n{functions}\n\nblock({names!r})" if names else ""
    return f"""\
{install}
from pathlib import Path

import otter

Path("checks").mkdir(exist_ok=True)
grader = otter.Notebook(tests_dir="checks"){blocks}"""


def numbers_source(numbers: dict[str, Any]) -> str:
    """The cell that holds a student's numbers."""
    lines = "".join(f"    {name!r}: {value!r},\n" for name, value in numbers.items())
    return f"{NUMBERS_MARK}\nnumbers = {{\n{lines}}}".replace("'", '"')


NUMBERS_MARK = "# Your own numbers. The unseen checks know them: changing them here does not help."


def question_cells(assignment: Assignment, question: Question) -> list[NotebookNode]:
    """One question in Otter's raw-cell markup."""
    config: dict[str, Any] = {"name": question.name, "points": assignment.points(question)}
    if question.is_manual:
        config["manual"] = True
    begin = new_raw_cell("# BEGIN QUESTION\n" + yaml.safe_dump(config, sort_keys=False))
    cells = [begin, new_markdown_cell(assignment.statement(question)), new_raw_cell("# BEGIN SOLUTION")]
    if question.is_manual:
        cells += [new_markdown_cell(question.model_answer or "See the folded advice on the page.")]
        cells += [new_raw_cell("# END SOLUTION")]
    else:
        cells += [new_code_cell(question.answer), new_raw_cell("# END SOLUTION"), new_raw_cell("# BEGIN TESTS")]
        cells += [new_code_cell(test_source(assignment, question, check)) for check in question.checks]
        cells += [new_raw_cell("# END TESTS")]
    return [*cells, new_raw_cell("# END QUESTION")]


def test_source(assignment: Assignment, question: Question, check: Check) -> str:
    """A check with the settings that Otter reads from it."""
    config = {"points": assignment.points_of_check(question, check), "hidden": check.hidden}
    head = yaml.safe_dump({**config, "success_message": check.title, "failure_message": check.title}, width=1000)
    return f'""" # BEGIN TEST CONFIG\n{head}""" # END TEST CONFIG\n{check.code}'
