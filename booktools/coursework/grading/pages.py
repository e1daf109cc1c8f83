"""The pages that grading writes: feedback for each student, the report on the class. Plain HTML in one file each.

A student's text is hostile: it is cleaned (words.py), escaped by the templates, and the pages forbid scripts and
anything from elsewhere.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from booktools.coursework.grading.marks import GradeBook, QuestionMarks, Row
from booktools.coursework.grading.words import clean

TEMPLATES = Path(__file__).parent / "templates"
BINS = 12  # about so many bars
MOST_FAILED = 12
LONGEST = 5000  # characters of one text


@dataclass(frozen=True)
class QuestionStatistics:
    """How the class did on one question; `count` students have marks for it."""

    question: dict[str, Any]
    count: int
    mean: float
    full: int
    zero: int


def template(name: str) -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["points"] = lambda number: f"{number:g}"
    return environment.get_template(name)


def shown(value: Any) -> Any:
    """What a page shows for a value: no text changes what is around it, whoever wrote it."""
    return clean(value, LONGEST) if isinstance(value, str) and not isinstance(value, Markup) else value


def feedback_page(book: GradeBook, row: Row) -> str:
    """One student's page."""
    questions = [(question, row.question(question["name"])) for question in book.by_machine]
    return template("feedback.html").render(book=book, row=row, questions=questions)


def class_report(book: GradeBook) -> str:
    """The overview of the class."""
    return template("report.html").render(
        book=book,
        graded=[row for row in book.rows if row.marks],
        absent=[row for row in book.rows if not row.file],
        unusual=[row for row in book.rows if row.file and row.notes],
        bars=bars([row.by_machine for row in book.rows if row.marks], book.possible_by_machine),
        statistics=[statistics(book, question) for question in book.questions],
        failed=most_failed(book),
    )


def statistics(book: GradeBook, question: dict[str, Any]) -> QuestionStatistics:
    """Over those whose work was graded."""
    name = question["name"]
    if question["manual"]:
        marks = [row.by_hand[name] for row in book.rows if name in row.by_hand]
    else:
        marks = [one.earned for row in book.rows if (one := row.question(name))]
    whole = question["points"]
    mean = sum(marks) / len(marks) if marks else 0.0
    return QuestionStatistics(question, len(marks), mean, sum(m >= whole for m in marks), sum(m == 0 for m in marks))


def most_failed(book: GradeBook) -> list[tuple[str, str, int]]:
    """(question, check, how many failed it), the most first."""
    titles = {question["name"]: question["title"] for question in book.questions}
    count = Counter(
        (titles[question.name], check.title)
        for question in all_questions(book)
        for check in question.checks
        if not check.passed
    )
    ranked = sorted(count.items(), key=lambda item: (-item[1], item[0]))
    return [(question, check, number) for (question, check), number in ranked[:MOST_FAILED]]


def all_questions(book: GradeBook) -> list[QuestionMarks]:
    return [question for row in book.rows if row.marks for question in row.marks.questions]


def bars(marks: list[float], possible: float) -> list[tuple[str, int, float]]:
    """A histogram in whole points: (from how many points on, how many students, share of the longest bar)."""
    step = max(1, math.ceil(possible / BINS))
    counts = [0] * (int(possible // step) + 1)
    for mark in marks:
        counts[min(int(mark // step), len(counts) - 1)] += 1
    longest = max(counts) or 1
    return [(f"from {step * i}", count, count / longest) for i, count in enumerate(counts)]
