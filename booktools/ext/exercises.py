"""What a page shows of its exercises: level and time of each; of the graded ones their points, start and open checks.

Answers, hidden checks and the mistakes that test them stand in the same source, for `booktools.coursework`; no page and
no chapter notebook holds them.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx_exercise.nodes import is_exercise_node

from booktools.coursework.exercises import in_words, starter
from booktools.coursework.source import read_chapter


class Unseen(SphinxDirective):
    """A directive that only coursework reads."""

    required_arguments = 0
    optional_arguments = 1
    final_argument_whitespace = True
    has_content = True
    option_spec: ClassVar[dict[str, Any]] = dict.fromkeys(("title", "points", "blocked"), directives.unchanged)

    def run(self) -> list[nodes.Node]:
        return []

    def folded(self, title: str, *children: nodes.Node) -> nodes.admonition:
        """A box that opens on a click."""
        return nodes.admonition("", nodes.title(title, title), *children, classes=["dropdown", "coursework"])

    def code(self, text: str) -> nodes.literal_block:
        return nodes.literal_block(text, text, language="python")


class Answer(Unseen):
    """Shows what the student starts from."""

    def run(self) -> list[nodes.Node]:
        return [self.folded("Start from this", self.code(starter("\n".join(self.content))))]


class OpenCheck(Unseen):
    """Shows the check: it tests a law, and may be known."""

    def run(self) -> list[nodes.Node]:
        return [self.folded(f"Open check: {self.options['title']}", self.code("\n".join(self.content)))]


class Marking(Unseen):
    """Shows what earns the points of an exercise that is marked by hand."""

    def run(self) -> list[nodes.Node]:
        section = nodes.container()
        text = [re.sub(r"^- (\d+): ", r"- \1 points: ", line) for line in self.content]
        self.content.data = [re.sub(r"^- 1 points", "- 1 point", line) for line in text]
        self.state.nested_parse(self.content, self.content_offset, section)
        box = self.folded("How it is marked", *section.children)
        box["exercise"] = self.arguments[0]
        return [box]


class ExerciseTable(SphinxDirective):
    """All graded exercises of the book: chapter, exercise, points, level, time. Read from the chapters."""

    def run(self) -> list[nodes.Node]:
        lines = ["| Chapter | Graded exercise | Points | Marked by | Level | Minutes |", "|---|---|---|---|---|---|"]
        for path in sorted(Path(self.env.srcdir).glob("chapters/[0-9][0-9]-*.md")):
            self.env.note_dependency(str(path))
            for question in read_chapter(path).graded:
                who = "hand" if question.is_manual else "machine"
                facts = f"{question.points} | {who} | {question.level} | {question.minutes}"
                lines.append(f"| {int(path.name[:2])} | {{ref}}`{question.title} <{question.label}>` | {facts} |")
        found = nodes.container()
        self.state.nested_parse(StringList(lines, source=self.env.docname), self.content_offset, found)
        return found.children


def add_facts(app: Sphinx, doctree: nodes.document) -> None:
    """Below the title of each exercise: its level, its time, and the points of a graded one."""
    exercises = [node for node in doctree.findall(is_exercise_node) if fact(node, "level")]
    if not exercises:
        return
    points = {question.label: question for question in read_chapter(Path(doctree["source"])).graded}
    for box in doctree.findall(nodes.admonition):
        if box.get("exercise") in points:  # an open project stands a section above its marking
            words = f"How it is marked: {points[box['exercise']].title}"
            box.children[0].replace_self(nodes.title(words, words))
    for node in exercises:
        words = f"Level {fact(node, 'level')} of 3, about {in_words(int(fact(node, 'minutes')))}"
        if node["label"] in points:
            question = points[node["label"]]
            words += f"; graded, {question.points} points, {'by hand' if question.is_manual else 'by machine'}"
        line = nodes.paragraph("", "", nodes.emphasis(words, words), classes=["exercise-facts"])
        node.children[1].insert(0, line)


def fact(node: nodes.Element, word: str) -> str:
    """The N of a class `word-N`; empty without one."""
    found = [one.removeprefix(f"{word}-") for one in node["classes"] if re.fullmatch(rf"{word}-\d+", one)]
    return found[0] if found else ""


def setup(app: Sphinx) -> dict[str, Any]:
    for name in ("numbers", "hidden-check", "wrong-answer", "model-answer"):
        app.add_directive(name, Unseen)
    app.add_directive("exercise-table", ExerciseTable)
    app.add_directive("answer", Answer)
    app.add_directive("check", OpenCheck)
    app.add_directive("marking", Marking)
    app.connect("doctree-read", add_facts)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
