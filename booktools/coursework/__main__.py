"""`python -m booktools.coursework check | assignment | grade`: see `--help` of each."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from booktools.coursework.grading.command import add_grade_command


def main(arguments: list[str] | None = None) -> int:
    """Read the command line and run one command."""
    parser = argparse.ArgumentParser(prog="python -m booktools.coursework", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    check = commands.add_parser("check", help="try the answers and mistakes of chapters against their checks")
    check.add_argument("chapters", type=Path, nargs="+", help="chapters/04-low-pass.md ...")
    check.set_defaults(run=run_check)
    assignment = commands.add_parser("assignment", help="write the notebooks and the autograder of one chapter")
    assignment.add_argument("chapter", help="04 ...")
    assignment.add_argument("--course", type=Path, required=True, help="course.toml")
    assignment.set_defaults(run=run_assignment)
    add_grade_command(commands)
    options = parser.parse_args(arguments)
    try:
        return options.run(options)
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


def run_check(options: argparse.Namespace) -> int:
    """Print how each answer did; 1 if one did not do what it must."""
    from booktools.coursework.source import read_chapter
    from booktools.coursework.trial import try_chapter

    wrong = 0
    for path in options.chapters:
        for trial in try_chapter(read_chapter(path)):
            wrong += not trial.is_right
            sign = "ok   " if trial.is_right else "WRONG"
            print(f"{sign} {trial.question}: {trial.title} earns {trial.earned} (must be {trial.expected})")
            for failure in trial.failures if not trial.is_right or trial.title != "the answer" else ():
                print(f"        {failure}")
    print(f"{wrong} of the answers did not earn what they must" if wrong else "All answers earned what they must.")
    return 1 if wrong else 0


def run_assignment(options: argparse.Namespace) -> int:
    """Write one assignment and say where it lies."""
    from booktools.coursework.course import read_course
    from booktools.coursework.handout.assign import assign

    course = read_course(options.course)
    folder = assign(Path.cwd(), options.chapter, course)
    count = len(list((folder / "student").glob("*.ipynb")))
    print(f"{folder / 'student'}: {count} notebook(s) to hand out")
    print(f"{folder / 'instructor'}: answers, all checks, marking, and everyone's numbers")
    print(f"{folder / 'autograder'}: what make grade reads, and the zip for Gradescope")
    return 0


if __name__ == "__main__":
    sys.exit(main())
