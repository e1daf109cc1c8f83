"""Numbers with their standard errors: means of a sample, smooth functions of them, and leaving groups out."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np


class Estimate(NamedTuple):
    """A number measured on a sample and its standard error; arrays of one shape where several numbers are measured."""

    value: Any
    error: Any


def mean_estimate(contributions: np.ndarray) -> Estimate:
    """The mean of n independent contributions, (n,) or (n, m), and s / sqrt(n) with the sample variance s^2."""
    n = len(contributions)
    mean = contributions.mean(axis=0, dtype=np.float64)
    error = contributions.std(axis=0, dtype=np.float64, ddof=1) / math.sqrt(n)
    return Estimate(mean, error)


def leave_groups_out(statistic: Callable[[np.ndarray], float], n: int, groups: int = 10) -> Estimate:
    """A statistic of all n items, and its standard error from leaving out one of `groups` groups at a time.

    statistic takes the indices of the items to use.  se^2 = (g - 1) / g * sum_j (f_j - mean f)^2, the delete-a-group
    jackknife: right for smooth functions of means; too small where the statistic's first-order part vanishes, as for
    a squared distance of equal laws (there the spread over independent sets of draws is the error to use).
    Items are taken to be in random order.
    """
    members = np.arange(n)
    groups = min(groups, n)
    without = np.array([statistic(members[members % groups != g]) for g in range(groups)])
    error = math.sqrt((groups - 1) / groups * float(((without - without.mean()) ** 2).sum()))
    return Estimate(float(statistic(members)), error)
