"""The whole way for two chapters: course file, assignment, what students hand in, marks."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from booktools.coursework.course import Course, read_course
from booktools.coursework.exercises import Chapter, Question, starter
from booktools.coursework.grading import grade_folder
from booktools.coursework.grading.results import write_results
from booktools.coursework.handout.assign import assign
from booktools.coursework.source import find_chapter, read_chapter
from coursework_toy import require_sandbox

pytestmark = pytest.mark.slow
BOOK = Path(__file__).resolve().parent.parent
CHAPTERS = ("04", "08")
ANSWERS: dict[str, Callable[[Question], str]] = {
    "perfect": lambda question: question.answer,
    "empty": lambda question: starter(question.answer),
    "wrong": lambda question: question.wrong_answers[0].code,
    "otherwise": lambda question: question.wrong_answers[-1].code,
    "hostile": lambda question: f"{question.answer}\nimport os\nos._exit(0)",
    "late": lambda question: "raise SystemExit\n" + question.answer,
}
EXPECTED: dict[str, Callable[[Question], float]] = {
    "perfect": lambda question: question.points,
    "wrong": lambda question: question.wrong_answers[0].points,
    "otherwise": lambda question: question.wrong_answers[-1].points,
}


def machine_graded(chapter: Chapter) -> list[Question]:
    return [question for question in chapter.graded if not question.is_manual]


def write_course(folder: Path) -> Course:
    roster = "id,name,email\n" + "".join(
        f"{name},The {name},{name}@example.org\n" for name in (*ANSWERS, "mixed", "absent")
    )
    (folder / "roster.csv").write_text(roster)
    (folder / "course.toml").write_text(
        'title = "Generative models"\nterm = "Spring"\ndeadline = "Friday"\nroster = "roster.csv"\n'
        f'secret_file = "course.secret"\nchapters = {json.dumps(CHAPTERS)}\n'
    )
    return read_course(folder / "course.toml")


def fill_in(notebook: Path, chapter: Chapter, answers: list[str]) -> str:
    """The student's notebook with these answers to its questions."""
    data: dict[str, Any] = json.loads(notebook.read_text(encoding="utf-8"))
    for question, answer in zip(machine_graded(chapter), answers, strict=True):
        (cell,) = [one for one in data["cells"] if "".join(one["source"]).strip() == starter(question.answer).strip()]
        cell["source"] = answer
    return json.dumps(data)


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """(chapter, marks by machine of each student, their rows) for each chapter."""
    require_sandbox()
    folder = tmp_path_factory.mktemp("course")
    course, handed_in = write_course(folder), folder / "in"
    handed_in.mkdir()
    chapters = {number: read_chapter(find_chapter(BOOK, number)) for number in CHAPTERS}
    for number, chapter in chapters.items():
        student = assign(BOOK, number, course) / "student"
        first, *others = machine_graded(chapter)
        answers = {name: [make(question) for question in (first, *others)] for name, make in ANSWERS.items()}
        answers["mixed"] = [first.answer, *("while True: pass" for _ in others)]
        for name, sources in answers.items():
            path = student / f"chapter-{number}_{name}.ipynb"
            (handed_in / path.name).write_text(fill_in(path, chapter, sources))
    books = grade_folder(handed_in, course)
    for book in books:
        write_results(book, course.assignment(book.chapter) / "grades")
    return course, chapters, {book.chapter: {row.student.id: row for row in book.rows} for book in books}


@pytest.mark.parametrize("number", CHAPTERS)
def test_everyone_gets_what_the_answers_earn(graded, number):
    _, chapters, rows = graded
    questions = machine_graded(chapters[number])
    expected = {name: sum(map(points, questions)) for name, points in EXPECTED.items()}
    expected |= {"mixed": questions[0].points} | dict.fromkeys(("empty", "hostile", "late", "absent"), 0)
    assert {name: row.by_machine for name, row in rows[number].items()} == expected


@pytest.mark.parametrize("number", CHAPTERS)
def test_what_went_wrong_is_noted(graded, number):
    rows = graded[2][number]
    assert rows["perfect"].notes == rows["empty"].notes == ()
    assert all("ended and was left out" in note for note in rows["hostile"].notes)
    assert "took more than 10 s" in rows["mixed"].notes[0]
    assert rows["absent"].notes == ("No submission.",)
    assert not rows["perfect"].marks.errors


def test_the_tables_have_these_marks(graded):
    course, _, rows = graded
    for number in CHAPTERS:
        with (course.assignment(number) / "grades" / "grades.csv").open(encoding="utf-8", newline="") as file:
            table = {row["id"]: row for row in csv.DictReader(file)}
        for name, row in rows[number].items():
            (machine,) = [value for key, value in table[name].items() if key.startswith("by machine")]
            assert float(machine) == row.by_machine


def test_in_every_chapter_the_answers_earn_all_and_the_hand_out_nothing(tmp_path):
    """In the box, where names are blocked and only plain values come out: what trial.py cannot see."""
    require_sandbox()
    numbers = [path.name[:2] for path in sorted((BOOK / "chapters").glob("[0-9][0-9]-*.md"))]
    course = replace(write_course(tmp_path), chapters=tuple(numbers))
    handed_in = tmp_path / "in"
    handed_in.mkdir()
    points = {}
    for number in sorted({*numbers} - {*CHAPTERS}):
        chapter = read_chapter(find_chapter(BOOK, number))
        questions = machine_graded(chapter)
        points[number] = sum(question.points for question in questions)
        student = assign(BOOK, number, course) / "student"
        for name in ("perfect", "empty"):
            path = student / f"chapter-{number}_{name}.ipynb"
            answers = [ANSWERS[name](question) for question in questions]
            (handed_in / path.name).write_text(fill_in(path, chapter, answers))
    books = grade_folder(handed_in, course)
    rows = {book.chapter: {row.student.id: row.by_machine for row in book.rows} for book in books}
    assert {number: row["perfect"] for number, row in rows.items()} == points
    assert {row["empty"] for row in rows.values()} == {0}
