"""Grade a folder of submissions, each in a sandbox of its own, and keep what is done: `make grade`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
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
from booktools.coursework.grading.submissions import Submission, find_submissions, uploader
from booktools.coursework.numbers import digest_of, numbers_for

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
    if not submissions.is_dir():
        raise CourseError(f"SUBMISSIONS must be a folder of notebooks, got {str(submissions)!r}")
    if chapter and chapter not in course.chapters:
        raise CourseError(f"chapter must be one of {', '.join(course.chapters)}, got {chapter!r}")
    only = chapter or (course.chapters[0] if len(course.chapters) == 1 else "")
    found = find_submissions(submissions, course.roster, only)
    here = [one for one in course.chapters if any(one == file.chapter for file in found)]
    numbers = [chapter] if chapter else [one for one in here if is_assigned(course, one)] or here
    if not numbers:
        raise CourseError(f"no submission in {submissions} is of a chapter of this course; name one with --chapter")
    strays = tuple((one.name, reason) for one in found if (reason := why_stray(one, course)))
    run = Run(submissions, course, course.secret(), workers, unsafe, progress, limits or Limits())
    return [replace(grade_chapter(run, number, found), strays=strays) for number in numbers]


@dataclass(frozen=True)
class Run:
    """One run of the command."""

    submissions: Path
    course: Course
    secret: bytes = field(repr=False)
    workers: int
    unsafe: bool
    progress: Callable[[Iterator[Any], int], Iterator[Any]]
    limits: Limits

    def own(self, student: str) -> str:
        """The id that a student's numbers derive from: without a roster all have the same."""
        return student if self.course.roster else ""


def is_assigned(course: Course, chapter: str) -> bool:
    """Whether make assignment was run for the chapter."""
    return (course.assignment(chapter) / "autograder" / "manifest.json").is_file()


def why_stray(one: Submission, course: Course) -> str:
    """Why a file is graded for nobody; "" if it is somebody's."""
    if not one.student:
        return "whose it is cannot be told: put an id of the roster into the file's name"
    if not one.chapter:
        return f"of which chapter it is cannot be told: put chapter-{course.chapters[0]}, say, into the file's name"
    if one.chapter not in course.chapters:
        return f"it is of chapter {one.chapter}, which the course does not have"
    if not is_assigned(course, one.chapter):
        return f"it is of chapter {one.chapter}, which has not been assigned yet"
    return ""


def grade_chapter(run: Run, number: str, found: list[Submission]) -> GradeBook:
    """The book of one chapter; marks that are missing in its folder are made."""
    folder = run.course.assignment(number)
    grader = Grader(folder / "autograder", run.secret, run.limits, not run.unsafe)
    manifest = grader.manifest
    by_hand = read_hand_marks(folder / "grades", manifest["questions"], run.course.roster)
    chosen = choose([one for one in found if one.student and one.chapter == number])
    chosen = {name: with_note_on_numbers(run, grader, one) for name, one in chosen.items()}
    marks = all_marks(run, grader, folder / "grades", {name: one for name, one in chosen.items() if not one.problem})
    students = run.course.roster or tuple(Student(student) for student in sorted(chosen))
    return GradeBook(
        course=run.course.title,
        term=run.course.term,
        chapter=number,
        title=manifest["title"],
        questions=tuple(manifest["questions"]),
        rows=tuple(
            row_of(one, chosen.get(one.id), marks.get(one.id), by_hand.get(one.id, {}), grader.isolated)
            for one in students
        ),
        isolated=grader.isolated,
    )


def all_marks(run: Run, grader: Grader, folder: Path, chosen: dict[str, Submission]) -> dict[str, Marks | str]:
    """Kept marks where nothing has changed since; the others are made, and kept."""
    keys = {student: grader.key(one.digest, run.own(student)) for student, one in chosen.items()}
    marks: dict[str, Marks | str] = {}
    marks.update({student: kept for student, key in keys.items() if (kept := read_kept(folder, student, key))})
    jobs = {student: (list(one.cells), run.own(student)) for student, one in chosen.items() if student not in marks}
    for student, outcome in grade_missing(run, grader, jobs):
        marks[student] = outcome
        if isinstance(outcome, Marks):
            keep(folder, student, keys[student], outcome)
    return marks


def grade_missing(
    run: Run, grader: Grader, jobs: dict[str, tuple[list[str], str]]
) -> Iterator[tuple[str, Marks | str]]:
    """Grade what there is to grade, if it can be done in isolation or must not be."""
    if not jobs:
        return
    missing = "" if run.unsafe else what_is_missing([run.course.folder, run.course.secret_file, run.submissions])
    if missing:
        raise IsolationError(missing)
    with font_list() as fonts:
        yield from run.progress(grade_all(replace(grader, fonts=fonts), jobs, run.workers), len(jobs))


def choose(found: list[Submission]) -> dict[str, Submission]:
    """One submission a student, whose notes name the others.

    A file that bears the student's id counts before others; then the newest; of equally new ones the last by name.
    """
    files: dict[str, list[Submission]] = {}
    for one in sorted(found, key=lambda one: (one.is_named, one.path.lstat().st_mtime_ns, str(one.path))):
        files.setdefault(one.student, []).append(one)
    return {student: with_note_on_others(several) for student, several in files.items()}


def with_note_on_others(several: list[Submission]) -> Submission:
    """The last file of a student. Two uploads under one name may be two people's: that is for the instructor to see."""
    *others, last = several
    notes = list(last.notes)
    if others:
        names = ", ".join(one.name for one in others)
        count = {2: "Two", 3: "Three"}.get(len(several), str(len(several)))
        verb = "was" if len(others) == 1 else "were"
        notes.append(f"{count} files were handed in: {names} {verb} not graded.")
    if len({uploader(one.path) for one in several} - {""}) > 1:
        notes.append("They come from two people's uploads: see whose is whose.")
    return replace(last, notes=tuple(notes))


def with_note_on_numbers(run: Run, grader: Grader, one: Submission) -> Submission:
    """Says so where a student worked on other numbers than those that the hidden checks take."""
    own = numbers_for(grader.manifest["numbers"], run.secret, run.own(one.student), grader.manifest["chapter"])
    if one.own_numbers in ("", digest_of(own)) or one.made_for not in ("", one.student):
        return one
    words = "The notebook was made with other numbers than the course's now: an older hand-out, or another secret."
    return replace(one, notes=(*one.notes, words))


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
