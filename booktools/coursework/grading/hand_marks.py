"""The marks that an instructor enters: a table with a column for each question that is graded by hand.

The table is the instructor's: it is written once, gets lines for students who are new, and keeps what was entered.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from booktools.coursework.course import CourseError, Student
from booktools.coursework.grading.replacing import replacing

NAME = "marks-by-hand.csv"


def read_hand_marks(
    folder: Path, questions: list[dict[str, Any]], roster: Sequence[Student] = ()
) -> dict[str, dict[str, float]]:
    """Marks by student and question, for the cells that are filled.

    Raises CourseError for what is not a mark, for a student who is not on the roster, or stands there twice.
    """
    path = folder / NAME
    if not path.is_file():
        return {}
    possible = {question["name"]: question["points"] for question in questions if question["manual"]}
    marks: dict[str, dict[str, float]] = {}
    for line, row in enumerate(read_table(path)[1], start=2):
        filled = {name: text for name in possible if (text := row.get(name, "").strip())}
        student = row.get("id", "").strip()
        if filled and roster and student not in {one.id for one in roster}:
            raise CourseError(f"{path}, line {line}: {student!r} is not on the roster (leading zeros lost?); mend it")
        if filled and marks.get(student):
            raise CourseError(f"{path}, line {line}: {student!r} has marks in two lines: keep one")
        marks[student] = marks.get(student) or {
            name: read_mark(text, possible[name], f"{path}, line {line}, {name}") for name, text in filled.items()
        }
    return marks


def read_table(path: Path) -> tuple[list[str], list[dict[str, str]]]:
    """Columns and lines, separated by commas or, as some spreadsheets save, by semicolons. Raises CourseError."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise CourseError(f"{path} is not UTF-8: save it as CSV UTF-8") from None
    first = text.split("\n", 1)[0]
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=";" if ";" in first and "," not in first else ",")
    columns = list(reader.fieldnames or [])
    if "id" not in columns:
        raise CourseError(f"{path} has no column id, its first line is {first.strip()!r}: mend it, or remove the file")
    return columns, [{key: value or "" for key, value in row.items() if key} for row in reader]


def read_mark(text: str, possible: float, where: str) -> float:
    try:
        mark = float(text.replace(",", "."))
    except ValueError:
        mark = float("nan")
    if not 0 <= mark <= possible:
        raise CourseError(f"{where}: a mark must be a number from 0 to {possible:g}, got {text!r}")
    return mark


def write_hand_marks(folder: Path, students: list[Student], questions: list[dict[str, Any]]) -> Path | None:
    """Add what is missing to the table: columns of questions, lines of students. None where no question needs it."""
    names = [question["name"] for question in questions if question["manual"]]
    if not names:
        return None
    path = folder / NAME
    rows: list[dict[str, str]] = []
    columns = ["id", "name", *names]
    if path.is_file():
        there_already, rows = read_table(path)
        columns = list(dict.fromkeys([*there_already, *columns]))
    there = {row.get("id") for row in rows}
    rows += [{"id": one.id, "name": one.name} for one in students if one.id not in there]
    with replacing(path) as beside, beside.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path
