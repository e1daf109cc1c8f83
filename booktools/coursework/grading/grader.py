"""Grade one submission: run it in a box, check what it returns."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from booktools.coursework.box import Box, Limits
from booktools.coursework.box.command import library_folder
from booktools.coursework.box.library import changed_modules
from booktools.coursework.course import CourseError
from booktools.coursework.grading.answers import Answers
from booktools.coursework.grading.checking import run_checks
from booktools.coursework.grading.marks import Marks, QuestionMarks
from booktools.coursework.numbers import check_rng, numbers_for


@dataclass(frozen=True)
class Grader:
    """All that grading a submission of one assignment needs; `folder` is the assignment's folder `autograder`."""

    folder: Path
    secret: bytes = field(repr=False)
    limits: Limits = field(default_factory=Limits)
    isolated: bool = True
    fonts: Path | None = None

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """What the assignment says of itself. Raises CourseError where there is none."""
        path = self.folder / "manifest.json"
        if not path.is_file():
            raise CourseError(f"{path} does not exist: run make assignment for this chapter first")
        return json.loads(path.read_text(encoding="utf-8"))

    @cached_property
    def questions(self) -> list[dict[str, Any]]:
        """The questions that the machine grades."""
        return [question for question in self.manifest["questions"] if not question["manual"]]

    @cached_property
    def blocked(self) -> tuple[str, ...]:
        """Functions of the library that the assignment may not use. Raises ValueError for one that it lacks."""
        names = tuple(sorted({name for question in self.questions for name in question["blocked"]}))
        changed_modules(names)
        return names

    @cached_property
    def state(self) -> str:
        """Digest of all that marks depend on beside the submission: assignment, secret, limits, grader, library."""
        parts = [json.dumps(asdict(self.limits)).encode(), str(self.isolated).encode(), self.secret]
        for folder in (self.folder / "tests", library_folder(), Path(__file__).parent.parent):
            parts += [path.read_bytes() for path in sorted(folder.rglob("*.py"))]
        parts.append((self.folder / "manifest.json").read_bytes())
        return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()

    def key(self, digest: str, student: str) -> str:
        """Digest of all that the marks of a submission depend on, from that of its file."""
        return hashlib.sha256(f"{self.state} {digest} {student}".encode()).hexdigest()

    def grade(self, cells: list[str], student: str) -> Marks:
        """The marks of one notebook. `student` is "" where a course has no roster."""
        chapter = self.manifest["chapter"]
        numbers = numbers_for(self.manifest["numbers"], self.secret, student, chapter)

        def start_box() -> Box:
            return Box(self.limits, self.blocked, isolated=self.isolated, fonts=self.fonts)

        with Answers(cells, start_box, self.limits) as answers:
            marked = []
            for question in self.questions:
                name = question["name"]
                checks = run_checks(
                    self.folder / "tests" / f"{name}.py",
                    question["wanted"],
                    answers,
                    numbers,
                    lambda name=name: check_rng(self.secret, student, name),  # type: ignore[misc]
                )
                marked.append(QuestionMarks(name, tuple(checks)))
            return Marks(tuple(marked), tuple(sorted(answers.errors.items())), tuple(answers.notes))
