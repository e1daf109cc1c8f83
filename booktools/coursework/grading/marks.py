"""Marks as values: of one submission, and of a class. What is kept on disk is `Marks` as JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from booktools.coursework.course import Student
from booktools.coursework.grading.checking import CheckResult


@dataclass(frozen=True)
class QuestionMarks:
    """One machine-graded question of one submission."""

    name: str
    checks: tuple[CheckResult, ...]

    @property
    def earned(self) -> float:
        return round(sum(check.points for check in self.checks if check.passed), 6)


@dataclass(frozen=True)
class Marks:
    """One submission: what it earned, what went wrong in its cells (by number, from 1), what a reader should know."""

    questions: tuple[QuestionMarks, ...]
    errors: tuple[tuple[int, str], ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def earned(self) -> float:
        return round(sum(question.earned for question in self.questions), 6)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def marks_from_json(data: dict[str, Any]) -> Marks:
    """What `to_json` made. Raises KeyError or TypeError for anything else."""
    questions = tuple(
        QuestionMarks(one["name"], tuple(CheckResult(**check) for check in one["checks"])) for one in data["questions"]
    )
    return Marks(questions, tuple((number, text) for number, text in data["errors"]), tuple(data["notes"]))


@dataclass(frozen=True)
class Row:
    """One student of a class. `marks` is None where nothing was handed in or it could not be read: 0 points."""

    student: Student
    marks: Marks | None
    file: str = ""
    notes: tuple[str, ...] = ()
    by_hand: dict[str, float] = field(default_factory=dict)

    @property
    def by_machine(self) -> float:
        return self.marks.earned if self.marks else 0.0

    @property
    def total(self) -> float:
        """Machine's marks and those entered by hand so far."""
        return round(self.by_machine + sum(self.by_hand.values()), 6)

    def question(self, name: str) -> QuestionMarks | None:
        return next((one for one in self.marks.questions if one.name == name), None) if self.marks else None


@dataclass(frozen=True)
class GradeBook:
    """The marks of one chapter's assignment. `questions` are those of its manifest; `strays` are files of nobody."""

    course: str
    term: str
    chapter: str
    title: str
    questions: tuple[dict[str, Any], ...]
    rows: tuple[Row, ...]
    strays: tuple[tuple[str, str], ...] = ()  # (file, why it is not graded)
    isolated: bool = True

    @property
    def name(self) -> str:
        """The assignment as learning platforms list it."""
        return f"Chapter {int(self.chapter)}"

    @property
    def by_machine(self) -> tuple[dict[str, Any], ...]:
        return tuple(question for question in self.questions if not question["manual"])

    @property
    def by_hand(self) -> tuple[dict[str, Any], ...]:
        return tuple(question for question in self.questions if question["manual"])

    @property
    def possible(self) -> float:
        return sum(question["points"] for question in self.questions)

    @property
    def possible_by_machine(self) -> float:
        return sum(question["points"] for question in self.by_machine)
