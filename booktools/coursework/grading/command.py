"""`make grade SUBMISSIONS=folder COURSE=course.toml`: the command line of grading."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from booktools.coursework.course import read_course
from booktools.coursework.grading.folder import UNSAFE, IsolationError, grade_folder
from booktools.coursework.grading.marks import GradeBook
from booktools.coursework.grading.results import write_results


def add_grade_command(commands: Any) -> None:
    """Add `grade` to the subcommands of the coursework command."""
    grade = commands.add_parser("grade", help="grade a folder of submissions and write tables and feedback")
    grade.add_argument("submissions", type=Path, help="folder of notebooks, as a learning platform exports it")
    grade.add_argument("--course", type=Path, required=True, help="course.toml")
    grade.add_argument("--chapter", default="", help="grade this chapter alone: 04 ...")
    grade.add_argument("--workers", type=int, default=2, help="submissions graded at once (default: 2)")
    grade.add_argument(
        "--unsafe-no-isolation",
        action="store_true",
        help="grade where submissions cannot be isolated: they can then read and change all that you can",
    )
    grade.set_defaults(run=run_grade)


def run_grade(options: argparse.Namespace) -> int:
    """Grade, write the results, say where they are."""
    if options.workers < 1:
        raise ValueError(f"--workers must be 1 or more, got {options.workers}")
    course = read_course(options.course)
    if options.unsafe_no_isolation:
        print(f"WARNING: {UNSAFE}", file=sys.stderr)
    try:
        books = grade_folder(
            options.submissions,
            course,
            chapter=options.chapter and options.chapter.zfill(2),
            workers=options.workers,
            unsafe=options.unsafe_no_isolation,
            progress=bar,
        )
    except IsolationError as missing:
        print(f"error: {missing}\nTo grade without isolation all the same: --unsafe-no-isolation", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nInterrupted. What is graded is kept: the same command goes on from here.", file=sys.stderr)
        return 130
    for book in books:
        say(book, write_results(book, course.assignment(book.chapter) / "grades"))
    return 0


def bar(done: Iterator[Any], total: int) -> Iterator[Any]:
    """A progress bar."""
    from tqdm import tqdm

    return iter(tqdm(done, total=total, desc="Grading", unit="submission"))


def say(book: GradeBook, folder: Path) -> None:
    """What was graded, what was not, and what is left to do."""
    graded = sum(row.marks is not None for row in book.rows)
    print(f"{book.name}: {graded} of {len(book.rows)} graded. {folder / 'report.html'} has the overview.")
    for row in book.rows:
        if row.file and not row.marks:
            print(f"  not graded: {row.student.id}: {' '.join(row.notes)}")
    for file, reason in book.strays:
        print(f"  not graded: {file}: {reason}")
    if book.by_hand:
        names = ", ".join(question["name"] for question in book.by_hand)
        print(f"  to mark by hand: {names}. Fill in {folder / 'marks-by-hand.csv'} and run the command again.")
