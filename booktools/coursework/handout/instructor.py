"""The instructor's notebook: statements, answers, all checks, the mistakes they catch, and how to mark by hand."""

from __future__ import annotations

from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from booktools.coursework.exercises import Question
from booktools.coursework.handout.master import KERNEL, Assignment, numbers_source

HEAD = """\
# Instructor's notebook: chapter {number}, {title}

{course}, {term}. Not for students: it holds the answers and the hidden checks. Machine-graded exercises show the \
answer, every check with its points, and the wrong answers that the checks are known to catch; the others show the \
marking and a model answer. Each student's own numbers are in `numbers.csv`; the cell below holds those of the first."""


def instructor_notebook(assignment: Assignment, numbers: dict[str, Any]) -> NotebookNode:
    """All that the source says about the graded exercises of a chapter, as one notebook."""
    chapter, course = assignment.chapter, assignment.course
    head = HEAD.format(number=int(chapter.number), title=chapter.title, course=course.title, term=course.term)
    cells = [new_markdown_cell(head), new_code_cell(numbers_source(numbers))]
    for question in chapter.graded:
        cells.append(new_markdown_cell(assignment.statement(question)))
        cells += hand_cells(assignment, question) if question.is_manual else machine_cells(assignment, question)
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    return new_notebook(cells=cells, metadata={"kernelspec": KERNEL})


def machine_cells(assignment: Assignment, question: Question) -> list[NotebookNode]:
    """Answer, checks, mistakes."""
    cells = [new_markdown_cell("**Answer**"), new_code_cell(question.answer)]
    for check in question.checks:
        kind = "Hidden" if check.hidden else "Open"
        points = assignment.points_of_check(question, check)
        cells.append(new_markdown_cell(f"**{kind} check** ({in_points(points)}): {check.title}"))
        cells.append(new_code_cell(check.code))
    for wrong in question.wrong_answers:
        points = wrong.points * assignment.points(question) / question.points
        words = f"**Wrong answer** that earns {points:g}: {wrong.title}"
        cells.append(new_markdown_cell(f"{words}\n\n{fenced(wrong.code)}"))
    return cells


def hand_cells(assignment: Assignment, question: Question) -> list[NotebookNode]:
    """Marking and model answer."""
    scale = assignment.points(question) / question.points
    page = assignment.chapter.page
    marks = "\n".join(
        f"- **{in_points(points * scale)}**: {assignment.references.plain(words, page)}"
        for points, words in question.marking
    )
    model = assignment.references.plain(question.model_answer or question.advice, page, strict=False)
    return [new_markdown_cell(f"**Marking**\n\n{marks}"), new_markdown_cell(f"**Model answer**\n\n{model}")]


def in_points(points: float) -> str:
    return f"{points:g} point{'' if points == 1 else 's'}"


def fenced(code: str) -> str:
    return f"```python\n{code}\n```"
