"""Every student's own numbers, derived from the course's secret and the student's id.

HMAC-SHA-256 of (student, chapter, name) under the secret picks one of equally spaced values: the same
student always gets the same numbers, on every machine and with every version of every library.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import numpy as np

MEANS, VARIANCES = (-2.0, 2.0), (0.05, 0.6)
DECIMALS = 4


class NumbersError(ValueError):
    """A line of a chapter's `{numbers}` block that cannot be used."""


def numbers_for(spec: dict[str, Any], secret: bytes, student: str, chapter: str) -> dict[str, Any]:
    """The numbers of one student for one chapter.

    `spec` maps a name to `[low, high]` (two integers: an integer between them, ends included; otherwise a multiple of
    1e-4 between them) or to a number of mixture components on the line: a dict of lists `weights` (sum 1), `means` (in
    [-2, 2]) and `variances` (in [0.05, 0.6]). Raises NumbersError for anything else.
    """
    stream = Stream(secret, student, chapter)
    return {name: draw(stream, name, what) for name, what in spec.items()}


def digest_of(numbers: dict[str, Any]) -> str:
    """By which a notebook's numbers are told from others."""
    return hashlib.sha256(json.dumps(numbers, sort_keys=True).encode()).hexdigest()[:16]


def seed_of(secret: bytes, student: str, question: str) -> int:
    """The seed of the hidden checks of one question, for one student."""
    return Stream(secret, student, "checks").integer(question, 2**128)


def check_rng(secret: bytes, student: str, question: str) -> np.random.Generator:
    """The generator that the hidden checks of one question draw from, for one student."""
    return np.random.default_rng(seed_of(secret, student, question))


class Stream:
    """Integers that depend on secret, student, chapter and a name, and on nothing else."""

    def __init__(self, secret: bytes, student: str, chapter: str) -> None:
        self.secret = secret
        self.parts = (student, chapter)

    def integer(self, name: str, below: int) -> int:
        """An integer in [0, below), from 256 bits: the bias of the remainder is at most below / 2^256."""
        message = "\x1f".join((*self.parts, name)).encode()
        return int.from_bytes(hmac.new(self.secret, message, hashlib.sha256).digest(), "big") % below

    def between(self, name: str, low: float, high: float) -> float:
        """A multiple of 1e-4 in [low, high]."""
        unit = 10**DECIMALS
        first, last = round(low * unit), round(high * unit)
        return (first + self.integer(name, last - first + 1)) / unit


def draw(stream: Stream, name: str, what: Any) -> Any:
    """One entry of a student's numbers."""
    if isinstance(what, int) and not isinstance(what, bool) and 1 <= what <= 10:
        return mixture(stream, name, what)
    if not (isinstance(what, list) and len(what) == 2 and all(type(end) in (int, float) for end in what)):
        raise NumbersError(f"numbers: {name} must be [low, high] or a number of components, got {what!r}")
    low, high = what
    if not low < high:
        raise NumbersError(f"numbers: {name} needs low < high, got {what!r}")
    if type(low) is int and type(high) is int:
        return low + stream.integer(name, high - low + 1)
    return stream.between(name, low, high)


def mixture(stream: Stream, name: str, components: int) -> dict[str, list[float]]:
    """Weights between half and twice the equal share (before they are made to sum to 1), means, variances."""
    raw = [stream.between(f"{name}.weight{k}", 0.5, 2.0) for k in range(components)]
    weights = [round(one / sum(raw), DECIMALS) for one in raw]
    weights[-1] = round(1 - sum(weights[:-1]), DECIMALS)
    return {
        "weights": weights,
        "means": [stream.between(f"{name}.mean{k}", *MEANS) for k in range(components)],
        "variances": [stream.between(f"{name}.variance{k}", *VARIANCES) for k in range(components)],
    }
