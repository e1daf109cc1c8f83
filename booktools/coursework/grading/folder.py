"""Grade a folder of submissions, each in a sandbox of its own, and keep what is done: `make grade`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from booktools.coursework.box import Limits, what_is_missing
from booktools.coursework.box.fonts import font_list
from booktools.coursework.course import Course, CourseError, Student
from booktools.coursework.grading.grader import Grader
from booktools.coursework.grading.hand_marks import read_hand_marks
from booktools.coursework.grading.marks import GradeBook, Marks, Row, marks_from_json
from booktools.coursework.grading.pool import grade_all
from booktools.coursework.grading.replacing import replacing
from booktools.coursework.grading.submissions import Submission, find_submissions

UNSAFE = (
    "Graded without isolation: the submissions could read and change everything that the grader's user can, hidden "
    "checks and these marks included."
)


class IsolationError(RuntimeError):
    """This system cannot isolate submissions; the text says what is missing."""


def grade_folder(
    submissions: Path,
    course: Course,
    *,
    chapter: str = "",
    workers: int = 2,
    unsafe: bool = False,
    progress: Callable[[Iterator[Any], int], Iterator[Any]] = lambda done, _total: done,
    limits: Limits | None = None,
) -> list[GradeBook]:
    """The grade books of the chapters that the submissions are of, or of `chapter` alone.

    Marks are kept in FOLDER/chapter-NN/grades/.graded as soon as they are there, and taken from there as long as
    neither the submission nor the assignment, the library or the grader has changed. `progress` wraps the iterator of
    marks and gets their number. Raises IsolationError where submissions cannot be isolated, unless `unsafe`;
    CourseError for a chapter without an assignment or a folder that does not exist.
    """
    refuse(submissions, course, chapter, unsafe)
    only = chapter or (course.chapters[0] if len(course.chapters) == 1 else "")
    found = find_submissions(submissions, course.roster, only)
    numbers = [chapter] if chapter else [one for one in course.chapters if any(one == file.chapter for file in found)]
    if not numbers:
        raise CourseError(f"no submission in {submissions} is of a chapter of this course; name one with --chapter")
    strays = tuple((one.name, reason) for one in found if (reason := why_stray(one, course)))
    secret = course.secret()
    books = []
    with font_list() as fonts:
        for number in numbers:
            folder = course.assignment(number)
            grader = Grader(folder / "autograder", secret, limits or Limits(), not unsafe, fonts)
            book = grade_chapter(grader, found, course, folder / "grades", workers, progress)
            books.append(replace(book, strays=strays))
    return books


def refuse(submissions: Path, course: Course, chapter: str, unsafe: bool) -> None:
    """What stops grading before it begins."""
    if not submissions.is_dir():
        raise CourseError(f"SUBMISSIONS must be a folder of notebooks, got {str(submissions)!r}")
    if chapter and chapter not in course.chapters:
        raise CourseError(f"chapter must be one of {', '.join(course.chapters)}, got {chapter!r}")
    missing = "" if unsafe else what_is_missing([course.folder, course.secret_file, submissions])
    if missing:
        raise IsolationError(missing)


def why_stray(one: Submission, course: Course) -> str:
    """Why a file is graded for nobody; "" if it is somebody's."""
    if not one.student:
        return "whose it is cannot be told: put an id of the roster into the file's name"
    if not one.chapter:
        return f"of which chapter it is cannot be told: put chapter-{course.chapters[0]}, say, into the file's name"
    return "" if one.chapter in course.chapters else f"it is of chapter {one.chapter}, which the course does not have"


def grade_chapter(
    grader: Grader,
    found: list[Submission],
    course: Course,
    folder: Path,
    workers: int,
    progress: Callable[[Iterator[Any], int], Iterator[Any]],
) -> GradeBook:
    """The book of one chapter; marks that are missing in `folder` are made."""
    manifest = grader.manifest
    by_hand = read_hand_marks(folder, manifest["questions"])
    chosen = choose([one for one in found if one.student and one.chapter == manifest["chapter"]])
    marks: dict[str, Marks | str] = {}
    jobs: dict[str, tuple[list[str], str]] = {}
    for student, one in chosen.items():
        if one.problem:
            continue
        kept = read_kept(folder, student, grader.key(one.digest, own(student, course)))
        if kept:
            marks[student] = kept
        else:
            jobs[student] = (list(one.cells), own(student, course))
    for student, outcome in progress(grade_all(grader, jobs, workers), len(jobs)):
        marks[student] = outcome
        if isinstance(outcome, Marks):
            keep(folder, student, grader.key(chosen[student].digest, own(student, course)), outcome)
    students = course.roster or tuple(Student(student) for student in sorted(chosen))
    return GradeBook(
        course=course.title,
        term=course.term,
        chapter=manifest["chapter"],
        title=manifest["title"],
        questions=tuple(manifest["questions"]),
        rows=tuple(
            row_of(one, chosen.get(one.id), marks.get(one.id), by_hand.get(one.id, {}), grader.isolated)
            for one in students
        ),
        isolated=grader.isolated,
    )


def own(student: str, course: Course) -> str:
    """The id that a student's numbers derive from: without a roster all have the same."""
    return student if course.roster else ""


def choose(found: list[Submission]) -> dict[str, Submission]:
    """One submission a student: the newest file, of equally new ones the last by name. Its notes name the others."""
    chosen: dict[str, Submission] = {}
    for one in sorted(found, key=lambda one: (one.path.lstat().st_mtime_ns, str(one.path))):
        older = chosen.get(one.student)
        if older:
            one = replace(one, notes=(*one.notes, f"Two files were handed in: {older.name} was not graded."))
        chosen[one.student] = one
    return chosen


def row_of(
    student: Student,
    submission: Submission | None,
    marks: Marks | str | None,
    by_hand: dict[str, float],
    isolated: bool,
) -> Row:
    """A student's line, with all that there is to say about the submission."""
    if submission is None:
        return Row(student, None, notes=("No submission.",), by_hand=by_hand)
    notes = list(submission.notes)
    if submission.problem:
        notes.append(f"{submission.name} was not graded: {submission.problem}.")
    if isinstance(marks, str):
        notes.append(marks)
    elif marks:
        notes += marks.notes
    if not isolated:
        notes.append(UNSAFE)
    return Row(student, marks if isinstance(marks, Marks) else None, submission.name, tuple(notes), by_hand)


def read_kept(folder: Path, student: str, key: str) -> Marks | None:
    """Marks of an earlier run, if nothing has changed since."""
    try:
        record = json.loads((folder / ".graded" / f"{student}.json").read_text(encoding="utf-8"))
        return marks_from_json(record["marks"]) if record["key"] == key else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def keep(folder: Path, student: str, key: str, marks: Marks) -> None:
    """Write the marks of one submission."""
    text = json.dumps({"key": key, "marks": marks.to_json()}, indent=1, ensure_ascii=False)
    with replacing(folder / ".graded" / f"{student}.json") as path:
        path.write_text(text + "\n", encoding="utf-8")
