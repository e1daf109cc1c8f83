"""The ages of a loop's images: what every exact prediction is an average over."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from echolimit._arrays import draw_labels, to_numpy
from echolimit._checks import check_alpha, check_count, check_delta, check_number, check_schedule
from echolimit.echo_law import EchoLaw
from echolimit.process import OrnsteinUhlenbeck
from echolimit.recursion import MAX_ROUNDS, age_law


@dataclass(frozen=True)
class Ages:
    """The law of T, the total Ornstein-Uhlenbeck time that an image of the loop has been noised for.

    An image of the round is exp(-T) X + sqrt(1 - exp(-2 T)) Z with X an image of the data (chapter 2, thm-genealogy).
    times: (J,), each >= 0.  weights: (J,), their probabilities, sum one.
    """

    times: np.ndarray
    weights: np.ndarray

    def __post_init__(self) -> None:
        times, weights = np.asarray(self.times, dtype=np.float64), np.asarray(self.weights, dtype=np.float64)
        if times.ndim != 1 or times.shape != weights.shape or not len(times):
            raise ValueError(f"times and weights must both have shape (J,), got {times.shape} and {weights.shape}")
        if not (np.all(np.isfinite(times)) and np.all(times >= 0)):
            raise ValueError(f"times must be finite and at least 0, got {times}: they are noising times")
        if not (np.all(weights >= 0) and abs(weights.sum() - 1) < 1e-9):
            raise ValueError(f"weights must be at least 0 with sum 1, got sum {weights.sum()}: divide by their sum")
        object.__setattr__(self, "times", times)
        object.__setattr__(self, "weights", weights)

    def kept(self, degree: int = 1) -> float:
        """E[exp(-degree T)], the share that survives of a Hermite mode of this degree; `transfer` for the limit."""
        return float(self.weights @ np.exp(-check_count(degree, "degree") * self.times))

    def added(self) -> float:
        """E[1 - exp(-2 T)], the variance that the noise adds to every direction."""
        return float(self.weights @ -np.expm1(-2 * self.times))

    def draw(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """n independent values of T, shape (n,)."""
        n = check_count(n, "n", least=1)
        return self.times[draw_labels(rng, n, self.weights, self.weights)]


DATA_ITSELF = Ages(np.zeros(1), np.ones(1))


def loop_ages(rounds: int | None, alpha: Any, delta: Any, tol: float = 1e-12) -> Ages:
    """The ages of the images after `rounds` rounds that start from the data (p_0 = p*), or of the limit law.

    rounds: integer >= 0, or None for the limit, whose ages above ln(tol) / ln(1 - alpha) are put on the oldest one.
    alpha: fresh share in [0, 1] ((0, 1] for the limit), or one a round.  delta: truncation time > 0, or one a round,
    first round first.  tol: total variation error of the limit, in (0, 1).
    Raises ValueError outside these ranges, or for a schedule of another length or of the limit.
    Derived in chapter 2, thm-finite-rounds, and chapter 3, thm-limit-law.
    """
    if rounds is None:
        alpha, delta, tol = check_alpha(alpha, zero=False), check_delta(delta), check_number(tol, "tol")
        if not 0 < tol < 1:
            raise ValueError(f"tol must be in (0, 1), got {tol}: it bounds a total variation distance")
        oldest = 1 if alpha == 1 else max(1, math.ceil(math.log(tol) / math.log1p(-alpha)))
        if oldest > MAX_ROUNDS:
            raise ValueError(f"alpha = {alpha} with tol = {tol} has {oldest} ages, above {MAX_ROUNDS}: raise alpha")
        return Ages(delta * np.arange(1, oldest + 1), age_law(oldest, alpha))
    rounds = check_count(rounds, "rounds", most=MAX_ROUNDS)
    if not rounds:
        return DATA_ITSELF
    deltas = check_schedule(delta, "delta", rounds)
    return Ages(np.cumsum(deltas[::-1]), age_law(rounds, alpha))


def check_ages(ages: Any) -> Ages:
    """Ages, or those of an EchoLaw that starts from the data and is noised by Ornstein-Uhlenbeck."""
    if isinstance(ages, Ages):
        return ages
    if isinstance(ages, EchoLaw):
        if ages.start is not None:
            raise ValueError("ages must come from a loop that starts from the data, got a law with a start: start=None")
        if not isinstance(ages.process, OrnsteinUhlenbeck):
            raise ValueError(f"ages must be Ornstein-Uhlenbeck times, got those of {ages.process}")
        weights = to_numpy(ages.weights)
        return Ages(to_numpy(ages.times), weights / weights.sum())
    raise TypeError(f"ages must be Ages, an EchoLaw or None, got {type(ages).__name__}: use loop_ages(rounds, ...)")
