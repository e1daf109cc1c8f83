"""Otter's checks, hidden ones too, run on the values that a submission returns. They never enter its box."""

from __future__ import annotations

import contextlib
import inspect
import signal
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np

from booktools.coursework.grading.answers import AnswerError, Answers
from booktools.coursework.grading.words import clean

ENDLESS = 300  # seconds for the checks of one question, calls included: then a value has led a check astray
AGAIN = 5  # then for each check that is left
NO_WORDS = "the check did not hold"


@dataclass(frozen=True)
class CheckResult:
    """How one check went. `message` is for the student, and empty when it passed."""

    title: str
    points: float
    hidden: bool
    passed: bool
    message: str


class Environment(dict[str, Any]):
    """What a check's arguments are looked up in: each check gets a fresh generator, whatever others drew."""

    def __init__(self, names: dict[str, Any], new_rng: Callable[[], np.random.Generator]) -> None:
        super().__init__(names)
        self.new_rng = new_rng

    def get(self, name: str, default: Any = None) -> Any:
        return self.new_rng() if name == "rng" else super().get(name, default)


def run_checks(
    test_file: Path,
    wanted: list[str],
    answers: Answers,
    numbers: dict[str, Any],
    new_rng: Callable[[], np.random.Generator],
) -> list[CheckResult]:
    """The results of one question's checks, in their order."""
    from otter.test_files import ExceptionTestFile

    tests = ExceptionTestFile.from_file(str(test_file))
    names = {name: answers.look_up(name) for name in wanted}
    missing = {name for name, value in names.items() if value is None}
    with time_limit(ENDLESS):
        tests.run(Environment({**names, "numbers": numbers}, new_rng))
    results = []
    for result in tests.test_case_results:
        case = result.test_case
        parameters = list(inspect.signature(case.body.test_func).parameters)
        message = (
            ""
            if result.passed
            else message_for_student(
                result.message,
                case.hidden,
                [name for name in parameters if name in missing],
                [name for name in parameters if name in answers.returned_nothing],
            )
        )
        if message and answers.errors and any(name in missing for name in parameters):
            message += " (a cell failed: see the end of this page)"
        title = case.success_message or case.failure_message or case.name
        results.append(CheckResult(clean(title), float(case.points), case.hidden, result.passed, message))
    return results


def message_for_student(report: str, hidden: bool, missing: list[str], empty: Sequence[str] = ()) -> str:
    """Otter's report without the line of the check that it quotes: of a hidden one that line is not to be seen."""
    if missing:
        return f"the notebook does not define {' and '.join(missing)}"
    parts = report.split("\n", 3)  # "failed", "Error at line ...", the quoted line, "Kind: text"
    kind, _, text = (parts[3] if len(parts) == 4 else "").partition(": ")
    if kind in (AssertionError.__name__, AnswerError.__name__):
        lines = clean(text).splitlines() or [NO_WORDS]
        return lines[0] if hidden else "\n".join(lines)  # numpy's assertions write the expected values below the first
    if empty:
        return f"{' and '.join(empty)} returned nothing (None): is it written, and does it end in return?"
    return f"the answer could not be compared ({clean(kind)})" if hidden or not kind else clean(f"{kind}: {text}")


@contextlib.contextmanager
def time_limit(seconds: int) -> Iterator[None]:
    """Raise TimeoutError in the body after so many seconds, and again each `AGAIN`. Only in a process's main thread."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise TimeoutError(f"the checks took more than {seconds} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
