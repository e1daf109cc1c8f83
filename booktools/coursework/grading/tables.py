"""Marks as tables: one for people, and the two forms that Canvas and Moodle import."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from booktools.coursework.grading.marks import GradeBook, Row
from booktools.coursework.grading.replacing import replacing
from booktools.coursework.grading.words import one_line

Table = list[list[Any]]
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")


def all_marks(book: GradeBook) -> Table:
    """Everyone's marks by question. Marks by hand are empty until they are entered, and the total is without them."""
    machine, hand = book.by_machine, book.by_hand
    columns = ["id", "name", "email", f"{book.name} ({book.possible:g})", f"by machine ({book.possible_by_machine:g})"]
    columns += [f"{question['name']} ({question['points']:g})" for question in (*machine, *hand)]
    table: Table = [[*columns, "file", "notes"]]
    for row in book.rows:
        marks: list[Any] = [earned.earned if (earned := row.question(one["name"])) else 0 for one in machine]
        marks += [row.by_hand.get(one["name"], "") for one in hand]
        who = [row.student.id, row.student.name, row.student.email]
        table.append([*who, row.total, row.by_machine, *marks, row.file, " ".join(row.notes)])
    return table


def canvas_table(book: GradeBook) -> Table:
    """What Canvas imports: its five columns, the assignment, and the line of points possible.

    Students are found by SIS User ID (the roster's id), else by SIS Login ID (the email, where there is one).
    """
    table: Table = [["Student", "ID", "SIS User ID", "SIS Login ID", "Section", book.name]]
    table.append(["    Points Possible", "", "", "", "", book.possible])
    for row in book.rows:
        table.append([shown(row), "", row.student.id, row.student.email or row.student.id, "", row.total])
    return table


def moodle_table(book: GradeBook) -> Table:
    """What Moodle imports: map "ID number" or "Email address" to the user, the last column to the assignment."""
    table: Table = [["ID number", "Email address", "Full name", book.name]]
    table += [[row.student.id, row.student.email, shown(row), row.total] for row in book.rows]
    return table


def shown(row: Row) -> str:
    return row.student.name or row.student.id


def write_table(path: Path, table: Sequence[Sequence[Any]]) -> None:
    """Write as CSV."""
    with replacing(path) as beside, beside.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([[cell_text(cell) for cell in row] for row in table])


def cell_text(cell: Any) -> str:
    """A number as it is; a text that a spreadsheet would take for a formula with an apostrophe before it."""
    if isinstance(cell, int | float):
        return f"{cell:.6f}".rstrip("0").rstrip(".")
    if cell == "    Points Possible":  # Canvas knows the line by these words
        return cell
    text = one_line(str(cell), 2000)
    return "'" + text if text.startswith(FORMULA_SIGNS) else text
