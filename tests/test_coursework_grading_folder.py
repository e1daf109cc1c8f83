"""A folder of submissions becomes marks: everyone has a line, what is done is kept, nothing else is touched."""

from __future__ import annotations

import csv
import os
from argparse import Namespace
from pathlib import Path

import pytest

from booktools.coursework.course import CourseError, read_course
from booktools.coursework.grading import IsolationError, folder, grade_folder
from booktools.coursework.grading.command import run_grade
from booktools.coursework.grading.pool import grade_all
from booktools.coursework.grading.results import write_results
from coursework_toy import LINEAR, SQUARE, DyingGrader, hand_in, require_sandbox, write_course

HALF = SQUARE.replace("0.25", "0.5")


def grade(tmp_path: Path, **options):
    (book,) = grade_folder(tmp_path / "in", read_course(tmp_path / "course.toml"), **options)
    return {row.student.id: row for row in book.rows}, book


@pytest.fixture
def course(tmp_path: Path) -> Path:
    write_course(tmp_path)
    hand_in(tmp_path / "in", "chapter-04_s01.ipynb", LINEAR, SQUARE, student="s01")
    hand_in(tmp_path / "in", "chapter-04_s02.ipynb", LINEAR, HALF, student="s02")
    return tmp_path


@pytest.mark.slow
def test_everyone_on_the_roster_has_a_line(course):
    require_sandbox()
    hand_in(course / "in", "who.ipynb", LINEAR)
    rows, book = grade(course)
    assert {student: row.total for student, row in rows.items()} == {"s01": 4, "s02": 3, "s03": 0}
    assert rows["s03"].notes == ("No submission.",)
    assert [file for file, _ in book.strays] == ["who.ipynb"]
    messages = [check.message for q in rows["s02"].marks.questions for check in q.checks if not check.passed]
    assert messages == ["a is off"]


@pytest.mark.slow
def test_what_is_graded_is_kept_until_something_changes(course, monkeypatch):
    require_sandbox()
    asked: list[list[str]] = []

    def counting(grader, jobs, workers):
        asked.append(sorted(jobs))
        return grade_all(grader, jobs, workers)

    monkeypatch.setattr(folder, "grade_all", counting)

    def files() -> dict[str, bytes]:
        _, book = grade(course)
        place = write_results(book, course / "assignments" / "chapter-04" / "grades")
        return {str(path): path.read_bytes() for path in sorted(place.rglob("*")) if path.is_file()}

    first = files()
    assert files() == first
    hand_in(course / "in", "chapter-04_s02.ipynb", LINEAR, SQUARE, student="s02")
    assert files() != first
    check = course / "assignments/chapter-04/autograder/tests/q1.py"
    check.write_text(check.read_text().replace("== 3 * alpha", "== 2 * alpha"))
    rows, _ = grade(course)
    assert rows["s01"].total == 3
    assert asked == [["s01", "s02"], ["s02"], ["s01", "s02"]]


@pytest.mark.slow
def test_grading_that_was_interrupted_goes_on(course, monkeypatch):
    require_sandbox()

    def interrupted(grader, jobs, workers):
        yield next(iter(grade_all(grader, jobs, 1)))
        raise KeyboardInterrupt

    monkeypatch.setattr(folder, "grade_all", interrupted)
    with pytest.raises(KeyboardInterrupt):
        grade(course)
    kept = course / "assignments/chapter-04/grades/.graded"
    assert [path.name for path in kept.iterdir()] == ["s01.json"]
    monkeypatch.undo()
    assert {student: row.total for student, row in grade(course)[0].items()} == {"s01": 4, "s02": 3, "s03": 0}


@pytest.mark.slow
def test_without_a_roster_the_files_are_the_class(tmp_path):
    require_sandbox()
    write_course(tmp_path, roster=False)
    hand_in(tmp_path / "in", "anna.ipynb", LINEAR, SQUARE)
    rows, _ = grade(tmp_path)
    assert {student: row.total for student, row in rows.items()} == {"anna": 4}


@pytest.mark.slow
def test_the_command_writes_everything(course, capsys):
    require_sandbox()

    options = Namespace(
        submissions=course / "in", course=course / "course.toml", chapter="4", workers=1, unsafe_no_isolation=False
    )
    assert run_grade(options) == 0
    place = course / "assignments/chapter-04/grades"
    with (place / "grades.csv").open() as file:
        assert [row["by machine (4)"] for row in csv.DictReader(file)] == ["4", "3", "0"]
    assert {path.name for path in (place / "feedback").iterdir()} == {"s01.html", "s02.html", "s03.html"}
    assert "2 of 3 graded" in capsys.readouterr().out


@pytest.mark.slow
def test_without_isolation_it_is_said_in_each_note(course):
    rows, book = grade(course, unsafe=True, workers=1)
    assert not book.isolated
    assert rows["s01"].total == 4
    assert "without isolation" in rows["s01"].notes[-1]


def test_where_nothing_can_be_isolated_nothing_is_graded(course, monkeypatch):
    monkeypatch.setattr(folder, "what_is_missing", lambda _kept: "no wall: build one")
    with pytest.raises(IsolationError, match="build one"):
        grade(course)
    assert not (course / "assignments/chapter-04/grades").exists()


@pytest.mark.slow
def test_a_process_that_dies_over_one_submission_grades_the_others(tmp_path):
    jobs = {name: ([name], "") for name in ("a", "die", "b", "fail", "c")}
    done = dict(grade_all(DyingGrader(tmp_path, b""), jobs, 2))
    assert set(done) == set(jobs)
    assert "ended with 3" in done["die"]
    assert "RuntimeError: no luck" in done["fail"]
    assert all(done[name].questions == () for name in "abc")


def without_grading(monkeypatch):
    monkeypatch.setattr(folder, "what_is_missing", lambda _kept: "")
    monkeypatch.setattr(folder, "grade_all", lambda _grader, jobs, _workers: iter([(name, "said") for name in jobs]))


def test_of_two_files_the_newer_is_graded(course, monkeypatch):
    without_grading(monkeypatch)
    late = hand_in(course / "in", "again/chapter-04_s01.ipynb", LINEAR, student="s01")
    os.utime(late, (2e9, 2e9))
    rows, _ = grade(course)
    assert rows["s01"].notes == ("Two files were handed in: chapter-04_s01.ipynb was not graded.", "said")


def test_a_file_with_the_students_id_counts_before_a_newer_one_without(course, monkeypatch):
    without_grading(monkeypatch)
    newer = hand_in(course / "in", "chapter-04_s99.ipynb", LINEAR, student="s01")
    os.utime(newer, (2e9, 2e9))
    rows, _ = grade(course)
    assert rows["s01"].file == "chapter-04_s01.ipynb"
    assert "chapter-04_s99.ipynb was not graded" in " ".join(rows["s01"].notes)


def test_two_peoples_uploads_under_one_name_are_noted(course, monkeypatch):
    without_grading(monkeypatch)
    (course / "in" / "chapter-04_s01.ipynb").unlink()
    for name in ("adae_11_22_chapter-04_s01.ipynb", "boe_12_23_chapter-04_s01.ipynb"):
        hand_in(course / "in", name, LINEAR, student="s01")
    rows, _ = grade(course)
    assert "They come from two people's uploads: see whose is whose." in rows["s01"].notes


def test_a_moodle_export_without_a_roster_keeps_everybody(tmp_path, monkeypatch):
    without_grading(monkeypatch)
    write_course(tmp_path, roster=False)
    for name in ("Ada One", "Bo Two", "Cy Three"):
        hand_in(tmp_path / "in", f"{name}_1_assignsubmission_file_/chapter-04.ipynb", LINEAR)
    rows, _ = grade(tmp_path)
    assert sorted(rows) == ["Ada-One-chapter-04", "Bo-Two-chapter-04", "Cy-Three-chapter-04"]


def test_all_files_that_were_not_graded_are_named(course, monkeypatch):
    without_grading(monkeypatch)
    for k in (2, 3):
        os.utime(hand_in(course / "in", f"chapter-04_s01-{k}.ipynb", LINEAR, student="s01"), (2e9 + k, 2e9 + k))
    rows, _ = grade(course)
    assert rows["s01"].file == "chapter-04_s01-3.ipynb"
    words = "Three files were handed in: chapter-04_s01.ipynb, chapter-04_s01-2.ipynb were not graded."
    assert rows["s01"].notes[0] == words


def test_a_notebook_of_a_chapter_without_assignment_stops_no_other(course, monkeypatch):
    without_grading(monkeypatch)
    text = (course / "course.toml").read_text()
    (course / "course.toml").write_text(text.replace('["04"]', '["04", "05"]'))
    hand_in(course / "in", "chapter-05_s02.ipynb", LINEAR, student="s02")
    rows, book = grade(course)
    assert set(rows) >= {"s01", "s02"}
    assert ("chapter-05_s02.ipynb", "it is of chapter 05, which has not been assigned yet") in book.strays


def test_a_file_that_cannot_be_read_has_a_line_and_no_marks(course, monkeypatch):
    without_grading(monkeypatch)
    (course / "in" / "chapter-04_s03.ipynb").write_text("no notebook")
    rows, _ = grade(course)
    assert rows["s03"].marks is None
    assert "is not a notebook" in rows["s03"].notes[0]


@pytest.mark.parametrize(
    ("options", "says"),
    [({"chapter": "05"}, "chapter must be one of 04, got '05'"), ({}, "no submission in")],
)
def test_what_cannot_be_graded_is_said(tmp_path, monkeypatch, options, says):
    without_grading(monkeypatch)
    write_course(tmp_path)
    hand_in(tmp_path / "in", "chapter-07_s01.ipynb", LINEAR)
    with pytest.raises(CourseError, match=says):
        grade(tmp_path, **options)


def test_a_folder_that_does_not_exist_is_said(tmp_path, monkeypatch):
    without_grading(monkeypatch)
    write_course(tmp_path)
    with pytest.raises(CourseError, match="SUBMISSIONS must be a folder"):
        grade(tmp_path)


def test_a_chapter_without_an_assignment_is_said(course, monkeypatch):
    without_grading(monkeypatch)
    (course / "assignments/chapter-04/autograder/manifest.json").unlink()
    with pytest.raises(CourseError, match="run make assignment"):
        grade(course)
