"""A small assignment with its course, and notebooks handed in for it. Some tests need the sandbox itself."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import pytest

from booktools.coursework.box import what_is_missing
from booktools.coursework.grading.grader import Grader
from booktools.coursework.grading.marks import Marks

REQUIRED = "ECHOLIMIT_REQUIRE_SANDBOX"
CHAPTER = "04"
# q1: f(n, alpha) is n * alpha.  q2: the value a is 1/4, and g(x) is the square of an array.
LINEAR = "def f(n, alpha):\n    return n * alpha"
SQUARE = "a = 0.25\ndef g(x):\n    return x**2"
FULL = 4.0
QUESTIONS = [
    {
        "name": "q1",
        "title": "Compute: a product",
        "points": 2,
        "manual": False,
        "wanted": ["f"],
        "blocked": ["transfer"],
    },
    {"name": "q2", "title": "Compute: a square", "points": 2, "manual": False, "wanted": ["a", "g"], "blocked": []},
    {"name": "q3", "title": "Prove: it", "points": 6, "manual": True, "wanted": [], "blocked": []},
]
HEAD = "from otter.test_files import test_case\n\nOK_FORMAT = False\nname = {name!r}\npoints = 2\n"
CASE = "\n@test_case(points=1, hidden={hidden}, success_message={title!r}, failure_message={title!r})\n{code}"
CHECKS = {
    "q1": [
        (False, "linear in n", 'def linear(f):\n    assert f(2, .5) == 2 * f(1, .5) != 0, "f is not linear"\n'),
        (
            True,
            "right at your numbers",
            'def exact(f, numbers):\n    alpha = numbers["alpha"]\n'
            '    assert f(3, alpha) == 3 * alpha, "f is off for you"\n',
        ),
    ],
    "q2": [
        (False, "the value", 'def value(a):\n    assert abs(a - 0.25) < 1e-9, "a is off"\n'),
        (
            True,
            "squares of random arrays",
            "def square(g, rng):\n    import numpy as np\n    x = rng.normal(size=5)\n"
            '    assert np.allclose(g(x), x**2), "g is off"\n',
        ),
    ],
}


@lru_cache(maxsize=1)
def missing_sandbox() -> str:
    return what_is_missing()


def require_sandbox() -> None:
    """Skip the test where submissions cannot be isolated, with the reason; fail where the sandbox must be there."""
    missing = missing_sandbox()
    if missing and os.environ.get(REQUIRED):
        pytest.fail(f"{REQUIRED} is set, but {missing}")
    if missing:
        pytest.skip(missing)


def write_course(folder: Path, students: Sequence[str] = ("s01", "s02", "s03"), roster: bool = True) -> Path:
    """The course file of a course with the toy assignment; returns its path."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "course.secret").write_text("0123456789abcdef" * 2)
    lines = ['title = "Toy"', 'term = "Spring"', 'deadline = "Friday"', f'chapters = ["{CHAPTER}"]']
    lines += ['secret_file = "course.secret"', 'folder = "assignments"', *(['roster = "roster.csv"'] if roster else [])]
    (folder / "course.toml").write_text("\n".join(lines) + "\n")
    rows = [f"{one},Student {one},{one}@example.org" for one in students]
    (folder / "roster.csv").write_text("\n".join(["id,name,email", *rows]) + "\n")
    write_assignment(folder / "assignments" / f"chapter-{CHAPTER}" / "autograder")
    return folder / "course.toml"


def write_assignment(folder: Path) -> Path:
    """Manifest and tests as an assignment has them; returns the folder."""
    (folder / "tests").mkdir(parents=True, exist_ok=True)
    manifest = {"chapter": CHAPTER, "course": "Toy", "term": "Spring", "title": "The toy", "source_digest": ""}
    manifest |= {"library_version": "", "numbers": {"alpha": [0.1, 0.4]}, "questions": QUESTIONS}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    for name, cases in CHECKS.items():
        text = HEAD.format(name=name) + "".join(CASE.format(hidden=h, title=t, code=code) for h, t, code in cases)
        (folder / "tests" / f"{name}.py").write_text(text)
    return folder


def notebook(*cells: str, student: str | None = None, chapter: str = CHAPTER) -> str:
    """The text of a notebook with these code cells."""
    metadata = {} if student is None else {"echo_limit": {"chapter": chapter, "student": student}}
    code = [{"cell_type": "code", "source": cell, "metadata": {}, "outputs": []} for cell in cells]
    return json.dumps({"cells": code, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5})


def hand_in(folder: Path, name: str, *cells: str, student: str | None = None) -> Path:
    """Write a notebook below `folder`."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(notebook(*cells, student=student))
    return path


class DyingGrader(Grader):
    """Its process dies over a notebook that holds the word die, and it fails over one that holds fail."""

    def grade(self, cells: list[str], student: str) -> Marks:
        if "die" in cells:
            os._exit(3)
        if "fail" in cells:
            raise RuntimeError("no luck")
        return Marks(())
