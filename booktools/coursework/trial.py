"""Run answers against checks without a sandbox: for the book's own answers and mistakes, never for a student's.

`python -m booktools.coursework check chapters/04-low-pass.md` tries, for each graded exercise: the answer (must earn
all points), the notebook as handed out (0), constants in place of the answer (0), and
each wrong answer (what the source says it earns).
"""

from __future__ import annotations

import ast
import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from booktools.coursework.exercises import Chapter, Check, Question, arguments_of, names_defined, starter
from booktools.coursework.hollow import is_hollow
from booktools.coursework.numbers import check_rng, numbers_for

MOST_CALLS = 40
NUMBERS = (0.0, 1.0, 0.5, float("nan"), float("inf"), True)
ARRAYS = (np.zeros(3), np.ones((2, 2)), np.zeros(0), np.full(3, np.inf), np.zeros((0, 1)), np.zeros((0, 3)))
CONSTANTS: tuple[Any, ...] = (*NUMBERS, *ARRAYS, [], [0.0], None, {}, "")
SECRET, STUDENT = b"a trial", "student"


@dataclass(frozen=True)
class Trial:
    """How one answer did, and what it had to do."""

    question: str
    title: str
    earned: int
    expected: str
    is_right: bool
    failures: tuple[str, ...] = ()


def try_chapter(chapter: Chapter) -> Iterator[Trial]:
    """All trials of the machine-graded exercises of a chapter."""
    numbers = numbers_for(chapter.numbers, SECRET, STUDENT, chapter.number)
    for question in chapter.graded:
        if not question.is_manual:
            yield from try_question(question, numbers)


def try_question(question: Question, numbers: dict[str, Any]) -> Iterator[Trial]:
    """The answer, the hand-out, the constants and the wrong answers of one exercise."""

    def run(title: str, code: str, right: Callable[[int], bool], expected: str) -> Trial:
        earned, failures = points_of(question, names_of(code, question.wanted, numbers), numbers)
        return Trial(question.name, title, earned, expected, right(earned), failures)

    whole = question.points
    yield run("the answer", question.answer, lambda e: e == whole, f"{whole}")
    yield run("the notebook as handed out", starter(question.answer), lambda e: e == 0, "0")
    for constant in CONSTANTS:
        names = {}
        for name in question.wanted:
            with contextlib.suppress(TypeError):  # what cannot leave the sandbox is no answer
                names[name] = guarded(always(constant, name, question.answer))
        earned, _ = points_of(question, names, numbers)
        yield Trial(question.name, f"always {constant!r}", earned, "0", earned == 0)
    for wrong in question.wrong_answers:
        yield run(wrong.title, wrong.code, lambda e, p=wrong.points: e == p, f"{wrong.points}")  # type: ignore[misc]


def names_of(code: str, wanted: tuple[str, ...], numbers: dict[str, Any]) -> dict[str, Any]:
    """What the code defines, its functions guarded as the sandbox would guard them."""
    scope: dict[str, Any] = {"numbers": numbers}
    exec(compile(code, "<answer>", "exec"), scope)
    return {name: guarded(scope[name]) for name in wanted if scope.get(name, ...) is not ...}


def always(constant: Any, name: str, answer: str) -> Any:
    """A constant, as a function where the answer defines one."""
    functions = {node.name for node in ast.parse(answer).body if isinstance(node, ast.FunctionDef)}
    return (lambda *_args, **_options: constant) if name in functions else constant


def guarded(value: Any) -> Any:
    """A student's function as checks may call it: plain arguments, plain results, few calls."""
    if not callable(value):
        return plain(value)
    calls = 0

    def call(*args: Any, **options: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls > MOST_CALLS:
            raise RuntimeError(f"a check may call a function {MOST_CALLS} times at most")
        plain([args, options])
        return plain(value(*args, **options))

    return call


def plain(value: Any) -> Any:
    """The value as it comes through the sandbox's wall; TypeError for what does not."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray) and value.dtype.kind in "biuf" and not is_hollow(value):
        return value
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {key: plain(one) for key, one in value.items()}
    raise TypeError(f"a {type(value).__name__} cannot leave the sandbox")


def points_of(
    question: Question, names: dict[str, Any], numbers: dict[str, Any], secret: bytes = SECRET, student: str = STUDENT
) -> tuple[int, tuple[str, ...]]:
    """Points that these names earn, and why checks failed. Each check draws from a fresh generator, as in grading."""
    earned, failures = 0, []
    for check in question.checks:
        rng = check_rng(secret, student, question.name)
        problem = problem_of(check, {**names, "numbers": numbers, "rng": rng})
        if problem is None:
            earned += check.points
        else:
            failures.append(f"{check.title}: {problem}")
    return earned, tuple(failures)


def problem_of(check: Check, given: dict[str, Any]) -> str | None:
    """Run one check; None if it passes."""
    scope: dict[str, Any] = {}
    exec(compile(check.code, "<check>", "exec"), scope)
    function = scope[names_defined(check.code)[0]]
    try:
        function(**{name: given.get(name) for name in arguments_of(check.code)})
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return None
