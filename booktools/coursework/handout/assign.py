"""`make assignment`: write the student's, the instructor's and the grader's part of one chapter for one course."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import shutil
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

import nbformat

from booktools.coursework.course import Course, CourseError, Student
from booktools.coursework.exercises import Chapter
from booktools.coursework.handout.gradescope import gradescope_tests, write_gradescope_zip
from booktools.coursework.handout.instructor import instructor_notebook
from booktools.coursework.handout.master import Assignment, master_notebook
from booktools.coursework.handout.references import References
from booktools.coursework.handout.student import student_notebook
from booktools.coursework.numbers import numbers_for, seed_of
from booktools.coursework.source import SourceError, find_chapter, read_chapter
from booktools.coursework.trial import try_chapter
from booktools.repository import built_commit, read_repository

PARTS = ("student", "instructor", "autograder")
NOBODY = Student("")


def assign(book: Path, number: str, course: Course) -> Path:
    """Write the assignment of chapter `number`; returns its folder, where `student`, `instructor`, `autograder` lie.

    All but the numbers is checked before anything is written, and the three folders are replaced only when all is
    there; marks in the same folder stay. Raises CourseError or SourceError.
    """
    source = find_chapter(book, number)
    chapter = read_chapter(source)
    refuse(book, chapter, course)
    repository = read_repository(book)
    library = course.library or repository.pip_address(built_commit(book), chapter.extra)
    assignment = Assignment(chapter, course, References(book, repository.pages_url), library)
    secret = course.secret(create=True)
    students = course.roster or (NOBODY,)
    own = {one.id: numbers_for(chapter.numbers, secret, one.id, chapter.number) for one in students}
    refuse_shared_numbers(own)
    target = course.assignment(chapter.number)
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target, prefix=".making-") as folder:
        made = Path(folder)
        run_otter(assignment, own[students[0].id], made)
        write_student_part(assignment, students, own, made)
        write_instructor_part(assignment, students, own, made)
        write_grader_part(assignment, students, own, made, secret, digest(source))
        for part in PARTS:
            shutil.rmtree(target / part, ignore_errors=True)
            os.replace(made / part, target / part)
    return target


def refuse(book: Path, chapter: Chapter, course: Course) -> None:
    """What stops an assignment: a chapter that the course does not name, points for nothing, checks that fail."""
    if chapter.number not in course.chapters:
        named = ", ".join(course.chapters)
        raise CourseError(f"chapters of the course are {named}: add {chapter.number!r} to assign it")
    if not chapter.graded:
        raise SourceError(f"chapter {chapter.number} has no graded exercises")
    if course.points:
        refuse_unknown_points(book, course)
    for trial in try_chapter(chapter):
        if not trial.is_right:
            raise SourceError(
                f"{trial.question}: {trial.title} earns {trial.earned}, must be {trial.expected}; "
                f"run python -m booktools.coursework check chapters/{Path(chapter.page).name}.md"
            )


def refuse_unknown_points(book: Path, course: Course) -> None:
    """The table of points names exercises of the course's chapters."""
    known = {one.name for number in course.chapters for one in read_chapter(find_chapter(book, number)).graded}
    for name in sorted(set(course.points) - known):
        raise CourseError(f"points: no graded exercise is called {name!r}; known are {', '.join(sorted(known))}")


def refuse_shared_numbers(own: dict[str, dict[str, Any]]) -> None:
    """No two students have the same numbers; with four decimals each this cannot be left to chance."""
    seen: dict[str, str] = {}
    for student, numbers in own.items():
        key = json.dumps(numbers, sort_keys=True)
        if numbers and key in seen:
            raise CourseError(f"students {seen[key]!r} and {student!r} would share their numbers: write a new secret")
        seen[key] = student


def run_otter(assignment: Assignment, numbers: dict[str, Any], made: Path) -> None:
    """`otter assign` into `made`: its folders student and autograder. The answers were tried before."""
    from otter.assign import main as otter_assign  # two seconds: not before the arguments are known to be right

    master = made / "master" / f"{assignment.name}.ipynb"
    master.parent.mkdir()
    nbformat.write(master_notebook(assignment, numbers), master)
    otter_assign(str(master), str(made), no_pdfs=True, no_run_tests=True)


def write_student_part(assignment: Assignment, students: tuple[Student, ...], own: dict[str, Any], made: Path) -> None:
    """One notebook, or one a student; Otter's folder of open checks goes into the notebooks."""
    folder = made / "student"
    stripped = nbformat.read(folder / f"{assignment.name}.ipynb", as_version=4)
    checks = {path.stem: path.read_text(encoding="utf-8") for path in sorted((folder / "tests").glob("*.py"))}
    shutil.rmtree(folder)
    folder.mkdir()
    for one in students:
        notebook = student_notebook(stripped, checks, own[one.id], assignment.chapter.number, one)
        nbformat.write(notebook, folder / f"{assignment.name}{'_' + one.id if one.id else ''}.ipynb")


def write_instructor_part(
    assignment: Assignment, students: tuple[Student, ...], own: dict[str, Any], made: Path
) -> None:
    """The notebook with answers, and the table of all numbers."""
    folder = made / "instructor"
    folder.mkdir()
    nbformat.write(instructor_notebook(assignment, own[students[0].id]), folder / f"{assignment.name}-answers.ipynb")
    names = list(assignment.chapter.numbers)
    with (folder / "numbers.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", *names])
        writer.writerows([one.id, *(json.dumps(own[one.id][name]) for name in names)] for one in students)


def write_grader_part(
    assignment: Assignment,
    students: tuple[Student, ...],
    own: dict[str, Any],
    made: Path,
    secret: bytes,
    source_digest: str,
) -> None:
    """Tests, the manifest that `make grade` reads, the Gradescope zip."""
    folder = made / "autograder"
    tests = {path.stem: path.read_text(encoding="utf-8") for path in sorted((folder / "tests").glob("*.py"))}
    table = {
        key.lower(): {"numbers": own[one.id], "seeds": {name: str(seed_of(secret, one.id, name)) for name in tests}}
        for one in students
        for key in dict.fromkeys((one.id, one.email or one.id))
    }
    otters = next(folder.glob("*.zip"))
    write_gradescope_zip(
        otters,
        folder / f"{assignment.name}-gradescope.zip",
        {name: gradescope_tests(text, name, table) for name, text in tests.items()},
    )
    otters.unlink()
    (folder / f"{assignment.name}.ipynb").unlink()
    (folder / "manifest.json").write_text(json.dumps(manifest(assignment, source_digest), indent=1) + "\n")


def manifest(assignment: Assignment, source_digest: str) -> dict[str, Any]:
    """What the grader must know of an assignment beside its tests."""
    return {
        "chapter": assignment.chapter.number,
        "course": assignment.course.title,
        "term": assignment.course.term,
        "title": assignment.chapter.title,
        "source_digest": source_digest,
        "library_version": version("echolimit"),
        "numbers": assignment.chapter.numbers,
        "questions": [
            {
                "name": question.name,
                "title": question.title,
                "kind": question.kind,
                "points": assignment.points(question),
                "manual": question.is_manual,
                "wanted": list(question.wanted),
                "blocked": list(question.blocked),
            }
            for question in assignment.chapter.graded
        ],
    }


def digest(path: Path) -> str:
    """SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
