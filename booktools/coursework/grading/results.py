"""Write what a grade book holds: the tables, a page for each student, the class report."""

from __future__ import annotations

from pathlib import Path

from booktools.coursework.grading.hand_marks import write_hand_marks
from booktools.coursework.grading.marks import GradeBook
from booktools.coursework.grading.pages import class_report, feedback_page
from booktools.coursework.grading.replacing import replacing
from booktools.coursework.grading.tables import all_marks, canvas_table, moodle_table, write_table


def write_results(book: GradeBook, folder: Path) -> Path:
    """Write everything into `folder`, and return it. The same book gives the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    write_hand_marks(folder, [row.student for row in book.rows], list(book.questions))
    write_table(folder / "grades.csv", all_marks(book))
    write_table(folder / "grades-canvas.csv", canvas_table(book))
    write_table(folder / "grades-moodle.csv", moodle_table(book))
    write_text(folder / "report.html", class_report(book))
    for row in book.rows:
        write_text(folder / "feedback" / f"{row.student.id}.html", feedback_page(book, row))
    return folder


def write_text(path: Path, text: str) -> None:
    with replacing(path) as beside:
        beside.write_text(text, encoding="utf-8")
