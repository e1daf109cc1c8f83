"""The mean of a normal law, refitted to a mix of real and synthetic points: variance, its peak, the expected TV."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import brentq

from echolimit._checks import check_choice, check_count, check_numbers

MIXED = ("reused", "fresh")  # the two regimes of `location_variance` in which every round has real points


class RefitPeak(NamedTuple):
    """Synthetic points per real one at which synthetic data move the variance most, and by how much of v / n."""

    ratio: float
    excess: float


def refit_variance(ratio: Any, rounds: int, regime: str = "reused") -> np.ndarray:
    """Variance of the fitted mean after `rounds` refits, in units of v / n, the variance from the real data alone.

    One round draws lambda n points of the present model N(mu_i, v), pools them with n real points and takes the mean.
    From mu_0, the mean of n real points, and with r = lambda / (1 + lambda):

        reused, the same n real points in every round:  1 + S_i,
        fresh, new real points in every round:          1 - S_i,      S_i = lambda / (1 + 2 lambda) (1 - r^(2 i)).

    ratio: lambda >= 0, synthetic points per real one, a number or an array.  rounds: integer >= 0.
    Returns an array of ratio's shape.  Raises ValueError for a negative ratio or another regime.
    Derived in chapter 8, prop-refit; Fu et al. (2024) for the setting of mixed real and synthetic data.
    """
    ratios, rounds = check_ratios(ratio), check_count(rounds, "rounds")
    check_choice(regime, "regime", MIXED)
    excess = _excess(ratios, rounds)
    return 1 + excess if regime == "reused" else 1 - excess


def refit_peak(rounds: int) -> RefitPeak:
    """Where S_i, the part of the variance that synthetic data add or remove, is largest, and its value there.

    With y = -ln r, the only root of  2 i y = ln(2 i + 1 + 2 i e^(-y)):  lambda* = 1 / (e^y - 1), about
    (4 i + 1) / (2 ln(4 i + 1)) - 1/2, and S_i(lambda*) = 2 i r / (2 i + 1 + 2 i r) < 1/2.

    rounds: integer i >= 1.  Returns a RefitPeak.  Raises ValueError for rounds = 0, where S is zero everywhere.
    Derived in chapter 8, prop-peak.
    """
    i = check_count(rounds, "rounds", least=1)

    def slope(y: float) -> float:
        return math.log(2 * i + 1 + 2 * i * math.exp(-y)) - 2 * i * y

    y = brentq(slope, 0.0, math.log(4 * i + 1) / (2 * i), xtol=1e-17, rtol=1e-14)
    r = math.exp(-y)
    return RefitPeak(1 / math.expm1(y), 2 * i * r / (2 * i + 1 + 2 * i * r))


def expected_location_tv(variance: Any) -> np.ndarray:
    """E TV(N(mu, v), N(0, v)) = (2 / pi) arctan(sqrt(V) / 2) for a normal mu with mean 0 and variance V v.

    variance: V >= 0 in units of v, a number or an array: `refit_variance(...) / n`.  Returns an array of its shape,
    about sqrt(V) / pi where V is small.  Raises ValueError for a negative variance.
    Derived in chapter 8, prop-expected-tv.
    """
    return 2 / math.pi * np.arctan(np.sqrt(check_numbers(variance, "variance", 0.0, "it is a variance")) / 2)


def check_ratios(ratio: Any) -> np.ndarray:
    """Synthetic points per real one as float64, finite and nonnegative."""
    return check_numbers(ratio, "ratio", 0.0, "it counts synthetic points per real one")


def _excess(ratios: np.ndarray, rounds: int) -> np.ndarray:
    """S_i of each ratio, without cancellation for large ratios."""
    if rounds == 0:
        return np.zeros_like(ratios)
    with np.errstate(divide="ignore"):
        log_r = -np.log1p(1 / ratios)  # -inf at ratio 0
    return ratios / (1 + 2 * ratios) * -np.expm1(2 * rounds * log_r)
