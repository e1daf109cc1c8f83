"""What an exercise is: statement, answer, checks, marking. `source.py` reads them from a chapter."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from typing import Any

KINDS = ("predict", "compute", "prove", "open")
SOLUTION_PART = re.compile(r"^([ \t]*)# BEGIN SOLUTION\n.*?^[ \t]*# END SOLUTION$", re.MULTILINE | re.DOTALL)
SOLUTION_LINE = re.compile(r"= .*# SOLUTION$", re.MULTILINE)


@dataclass(frozen=True)
class Check:
    """A law that an answer must satisfy: one function whose arguments are names of the student's."""

    title: str
    points: int
    hidden: bool
    code: str


@dataclass(frozen=True)
class WrongAnswer:
    """A mistake, and the points it earns: the control of the checks."""

    title: str
    points: int
    code: str


@dataclass(frozen=True)
class Question:
    """One exercise of a chapter. `level` is 1 to 3, `minutes` the estimated time."""

    label: str
    title: str
    kind: str
    statement: str
    level: int
    minutes: int
    graded: bool
    answer: str = ""
    blocked: tuple[str, ...] = ()
    checks: tuple[Check, ...] = ()
    wrong_answers: tuple[WrongAnswer, ...] = ()
    marking: tuple[tuple[int, str], ...] = ()
    model_answer: str = ""
    advice: str = ""  # the solution folded below it on the page

    @property
    def name(self) -> str:
        """What notebooks and marks call it: the label without "ex-"."""
        return self.label.removeprefix("ex-")

    @property
    def is_manual(self) -> bool:
        """Graded by hand."""
        return not self.checks

    @property
    def points(self) -> int:
        """The sum over its checks, or over its marking."""
        return sum(check.points for check in self.checks) or sum(points for points, _ in self.marking)

    @property
    def wanted(self) -> tuple[str, ...]:
        """The names that the answer defines and the checks ask for, in the order of the answer."""
        asked = {name for check in self.checks for name in arguments_of(check.code)}
        return tuple(name for name in names_defined(self.answer) if name in asked)


@dataclass(frozen=True)
class Chapter:
    """The exercises of one chapter; `numbers` says what each student gets numbers for (numbers.py).

    `extra` names what the chapter's code needs of the library beside its core: an extra of pyproject.toml.
    """

    number: str
    title: str
    page: str
    questions: tuple[Question, ...]
    numbers: dict[str, Any] = field(default_factory=dict)
    extra: str = ""

    @property
    def blocked(self) -> tuple[str, ...]:
        """The library's names that no graded exercise of the chapter may use: one notebook holds them all."""
        return tuple(sorted({name for question in self.questions for name in question.blocked}))

    @property
    def graded(self) -> tuple[Question, ...]:
        """What is handed in: first what a machine marks, the open project last."""
        graded = (question for question in self.questions if question.graded)
        return tuple(sorted(graded, key=lambda question: KINDS.index(question.kind)))


def in_words(minutes: int) -> str:
    """A time as a reader takes it in: minutes, from two hours on whole hours."""
    return f"{minutes} minutes" if minutes < 120 else f"{round(minutes / 60)} hours"


def arguments_of(code: str) -> tuple[str, ...]:
    """Argument names of the one function in `code`."""
    function = ast.parse(code).body[0]
    return tuple(argument.arg for argument in function.args.args) if isinstance(function, ast.FunctionDef) else ()


def names_defined(code: str) -> tuple[str, ...]:
    """Functions and variables that `code` defines at its top level."""
    names: list[str] = []
    for node in ast.parse(code).body:
        if isinstance(node, ast.FunctionDef):
            names.append(node.name)
        elif isinstance(node, ast.Assign):
            names += [target.id for target in node.targets if isinstance(target, ast.Name)]
    return tuple(names)


def names_used(code: str) -> set[str]:
    """All names and attributes that `code` reads or imports."""
    used: set[str] = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Name):
            used.add(node.id)
        elif isinstance(node, ast.Attribute):
            used.add(node.attr)
        elif isinstance(node, ast.alias):
            used.add(node.name)
    return used


def starter(answer: str) -> str:
    """What the student's notebook shows of an answer: as Otter strips it."""
    return SOLUTION_LINE.sub("= ...", SOLUTION_PART.sub(r"\1...", answer))
