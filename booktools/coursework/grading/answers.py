"""A submission at work: its cells are run in a box, and its functions can be called there.

A cell or a call that hangs or kills the box costs only itself: the box is started again without it. What comes back is
text and plain values (box/inside/wire.py), whatever the student's code does.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from booktools.coursework.box import Box, BoxGone, Limits
from booktools.coursework.box.inside import wire
from booktools.coursework.grading.words import clean, one_line
from booktools.coursework.hollow import is_hollow


class AnswerError(Exception):
    """What is wrong with an answer, in words for the student."""


class Answers:
    """The cells of one submission, run, and what they left. Use as a context: the box ends with it."""

    def __init__(self, cells: list[str], start_box: Callable[[], Box], limits: Limits) -> None:
        self.cells = cells
        self.start_box = start_box
        self.limits = limits
        self.box: Box | None = None
        self.spent = 0.0  # seconds, in boxes that are no more
        self.starts = 0
        self.bad_cells: set[int] = set()
        self.strikes: dict[str, int] = {}
        self.returned_nothing: set[str] = set()
        self.errors: dict[int, str] = {}  # by the number of the cell, from 1
        self.notes: list[str] = []

    def __enter__(self) -> Answers:
        self.ready_box()
        return self

    def __exit__(self, *_details: object) -> None:
        self.drop_box()

    @property
    def seconds_left(self) -> float:
        return self.limits.submission - self.spent - (self.box.seconds if self.box else 0.0)

    def ready_box(self) -> Box | None:
        """The box with all cells run that can be; None when the submission has used up its time or its restarts."""
        while self.box is None or not self.box.alive:
            self.drop_box()
            if self.seconds_left <= 0 or self.starts > self.limits.restarts:
                self.note(f"The {self.limits.submission:g} s for a submission were used up, or it broke off too often.")
                return None
            self.starts += 1
            self.box = self.start_box()
            with contextlib.suppress(BoxGone):  # the next turn starts anew, without that cell
                self.run_cells(self.box)
        return self.box

    def run_cells(self, box: Box) -> None:
        """Run the cells in order. Raises BoxGone when one of them ends the box."""
        for number, source in enumerate(self.cells, start=1):
            if number in self.bad_cells:
                continue
            if self.seconds_left <= 0:
                box.end()
                return
            try:
                reply = box.ask({"do": "cell", "source": source}, min(self.limits.cell, self.seconds_left))
            except BoxGone as gone:
                self.bad_cells.add(number)
                self.errors[number] = f"This cell {gone} and was left out."
                self.note(f"Code cell {number} ({first_line(source)}) {gone} and was left out.")
                raise
            if reply.get("error") is not None:
                self.errors[number] = clean(str(reply["error"]))

    def drop_box(self) -> None:
        if self.box is not None:
            self.spent += self.box.seconds
            self.box.__exit__(None, None, None)
            self.box = None

    def note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)

    def look_up(self, name: str) -> Any:
        """What the checks get for a name: a function to call, a value, or None if there is none."""
        try:
            reply = self.ask({"do": "look", "name": name}, name)
            if reply.get("kind") == "value" or "refused" in reply:
                return value_of(reply, name)
        except AnswerError as error:
            return Unusable(str(error))
        if reply.get("kind") == "function":
            return Function(self, name)
        if reply.get("kind") == "dots":
            return Unusable(f"{name} is still three dots")
        return None

    def call(self, name: str, positional: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """The function's value at these arguments, as a plain value. Raises AnswerError if there is none."""
        if self.strikes.get(name, 0) >= self.limits.strikes:
            raise AnswerError(f"{name} ran into a limit {self.limits.strikes} times and was not called again")
        reply = self.ask({"do": "call", "name": name, "arguments": wire.encode([positional, named])}, name)
        if "error" in reply:
            raise AnswerError(f"{name} raised {one_line(str(reply['error']))}")
        value = value_of(reply, name)
        if value is None:
            self.returned_nothing.add(name)
        return value

    def ask(self, request: dict[str, Any], name: str) -> dict[str, Any]:
        """Ask the box about one name. Raises AnswerError, and notes it, when the box ends over that."""
        box = self.ready_box()
        if box is None:
            raise AnswerError(f"{name} could not be called: the time of the submission was used up")
        try:
            return box.ask(request, min(self.limits.call, self.seconds_left))
        except BoxGone as gone:
            self.strikes[name] = self.strikes.get(name, 0) + 1
            self.note(f"{name} {gone}.")
            raise AnswerError(f"{name} {gone}") from None


def value_of(reply: dict[str, Any], name: str) -> Any:
    """The value in a reply. Raises AnswerError for one that may not cross."""
    if "refused" in reply:
        raise AnswerError(f"{name}: {one_line(str(reply['refused']))}")
    try:
        value = wire.decode(reply.get("value"))
    except wire.WireError as error:
        raise AnswerError(f"{name}: {error}") from None
    refuse_hollow(value, name)
    return value


def refuse_hollow(value: Any, name: str) -> None:
    """Raise AnswerError for an array that no comparison could fail on, wherever it stands in the value."""
    if isinstance(value, np.ndarray) and is_hollow(value):
        raise AnswerError(f"{name} returned an empty array")
    if isinstance(value, list | tuple | dict):
        for one in value.values() if isinstance(value, dict) else value:
            refuse_hollow(one, name)


def first_line(source: str) -> str:
    """A cell as a reader will recognise it."""
    lines = [line for line in source.splitlines() if line.strip()] or ["empty"]
    lines.sort(key=lambda line: not line.startswith("def "))  # two cells may begin with the same import
    return one_line(lines[0], 60)


class Function:
    """A function of the student's, called in the box."""

    def __init__(self, answers: Answers, name: str) -> None:
        self._answers = answers
        self._name = name

    def __call__(self, *positional: Any, **named: Any) -> Any:
        return self._answers.call(self._name, positional, named)

    def __bool__(self) -> bool:
        raise AnswerError(f"{self._name} is a function; a value was asked for")


class Unusable:
    """A name whose value cannot be used: whatever a check does with it says why."""

    def __init__(self, reason: str) -> None:
        self._reason = clean(reason)

    def _refuse(self, *_arguments: object, **_options: object) -> NoReturn:
        raise AnswerError(self._reason)

    __call__ = __bool__ = __float__ = __int__ = __len__ = __iter__ = __getitem__ = __array__ = _refuse
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _refuse
    __neg__ = __abs__ = __lt__ = __le__ = __gt__ = __ge__ = _refuse
