"""The course file: title, term, deadline, chapters, points, the secret and the roster.

    title = "Generative models"
    term = "Spring 2027"
    deadline = "Friday 12 March 2027, 18:00"
    chapters = ["04", "05"]
    secret_file = "course.secret"    # made at the first assignment; keep it, and keep it out of version control
    roster = "roster.csv"            # optional: columns id, name, email; with it each student gets own numbers
    folder = "assignments"           # optional: where assignments and marks go
    library = "git+https://..."      # optional: what pip installs in notebooks, if not this clone's public commit

    [points]                         # optional: points of single exercises
    low-pass-laboratories = 6
"""

from __future__ import annotations

import csv
import os
import re
import secrets
import subprocess
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

KNOWN = {"title", "term", "deadline", "chapters", "secret_file", "roster", "folder", "library", "points"}
STUDENT_ID = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$")
SHORTEST_SECRET = 16


class CourseError(ValueError):
    """A course file that cannot be used; the message names the field, its value and the remedy."""


@dataclass(frozen=True)
class Student:
    """One line of the roster."""

    id: str
    name: str = ""
    email: str = ""


@dataclass(frozen=True)
class Course:
    """What an instructor sets."""

    title: str
    term: str
    deadline: str
    chapters: tuple[str, ...]
    points: dict[str, float]
    secret_file: Path
    roster: tuple[Student, ...]
    folder: Path
    library: str = ""

    def assignment(self, chapter: str) -> Path:
        """Where the assignment of a chapter and its marks lie."""
        return self.folder / f"chapter-{chapter}"

    def secret(self, create: bool = False) -> bytes:
        """The secret; made if `create` and missing. Raises CourseError where it is missing, short or tracked by git."""
        path = self.secret_file
        if is_tracked(path):
            raise CourseError(
                f"secret_file {path} is tracked by git: whoever reads the repository could compute every student's "
                f"numbers. Take it out (git rm --cached {path.name}), list it in .gitignore, and write a new one"
            )
        if not path.exists():
            if not create:
                raise CourseError(f"secret_file {path} does not exist: make the assignment first, or put back the file")
            write_secret(path)
        secret = path.read_bytes().strip()
        if len(secret) < SHORTEST_SECRET:
            raise CourseError(f"secret_file {path} must hold {SHORTEST_SECRET} characters or more, got {len(secret)}")
        return secret


def read_course(path: Path) -> Course:
    """Read and check a course file, before anything is written. Raises CourseError."""
    if not path.is_file():
        raise CourseError(f"COURSE={path} does not exist: write one as the appendix For instructors shows")
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise CourseError(f"{path} is not TOML: {error}") from None
    unknown = sorted(set(data) - KNOWN)
    if unknown:
        raise CourseError(f"{path}: unknown field {unknown[0]!r}; known are {', '.join(sorted(KNOWN))}")
    here = path.resolve().parent
    roster = here / text(data, "roster", path) if "roster" in data else None
    return Course(
        title=text(data, "title", path),
        term=text(data, "term", path),
        deadline=text(data, "deadline", path),
        chapters=read_chapters(data, path),
        points=read_points(data, path),
        secret_file=here / text(data, "secret_file", path),
        roster=read_roster(roster) if roster else (),
        folder=here / text({"folder": "assignments", **data}, "folder", path),
        library=text(data, "library", path) if "library" in data else "",
    )


def text(data: dict[str, Any], field: str, path: Path) -> str:
    value = data.get(field)
    if not isinstance(value, str) or not value.strip():
        raise CourseError(f"{path}: {field} must be a text, got {value!r}")
    return value.strip()


def read_chapters(data: dict[str, Any], path: Path) -> tuple[str, ...]:
    chapters = data.get("chapters")
    if not isinstance(chapters, list) or not chapters or not all(re.fullmatch(r"\d{1,2}", str(c)) for c in chapters):
        raise CourseError(f'{path}: chapters must be a list such as ["04", "05"], got {chapters!r}')
    return tuple(str(chapter).zfill(2) for chapter in chapters)


def read_points(data: dict[str, Any], path: Path) -> dict[str, float]:
    points = data.get("points", {})
    if not isinstance(points, dict):
        raise CourseError(f"{path}: points must be a table [points], got {points!r}")
    for name, value in points.items():
        if type(value) not in (int, float) or not 0 < value < 1000:
            raise CourseError(f"{path}: points of {name} must be a number above 0 and below 1000, got {value!r}")
    return dict(points)


def read_roster(path: Path) -> tuple[Student, ...]:
    """The students of a CSV file with the columns id and, if wanted, name and email."""
    if not path.is_file():
        raise CourseError(f"roster {path} does not exist: name a CSV file with a column id, or leave roster out")
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    if not rows or "id" not in rows[0]:
        raise CourseError(f"roster {path} needs a first line with a column id, and students below it")
    students = [Student(*((row.get(key) or "").strip() for key in ("id", "name", "email"))) for row in rows]
    seen: set[str] = set()
    for line, student in enumerate(students, start=2):
        if not STUDENT_ID.match(student.id):
            raise CourseError(
                f"roster {path}, line {line}: id must be letters, digits and . _ @ -, at most 64, got {student.id!r}"
            )
        if student.id.lower() in seen:
            raise CourseError(f"roster {path}, line {line}: the id {student.id!r} stands twice")
        seen.add(student.id.lower())
    return tuple(students)


def is_tracked(path: Path) -> bool:
    """Whether git keeps the file."""
    if not path.parent.is_dir():
        return False
    command = ["git", "-C", str(path.parent), "ls-files", "--error-unmatch", path.name]
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


def write_secret(path: Path) -> None:
    """A new secret of 32 random bytes that only its owner can read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secrets.token_hex(32) + "\n")
    print(f"Wrote a new secret to {path}. Keep it: without it the numbers and the marks cannot be made again.")
