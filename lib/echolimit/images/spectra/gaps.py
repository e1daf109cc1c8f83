"""Distances between samples of images: convolution Frechet, sliced W2 and MMD, with errors and exact laws."""

from __future__ import annotations

import math
from typing import Protocol

import numpy as np

from echolimit.distances.mmd import maximum_mean_discrepancy, median_distance, squared_distances
from echolimit.distances.transport import sorted_ways
from echolimit.images.spectra.ages import Ages
from echolimit.images.spectra.draws import draw_projections, project
from echolimit.images.spectra.estimates import Estimate, leave_groups_out
from echolimit.images.spectra.features import conv_features, frechet_distance
from echolimit.images.spectra.reference import ImageReference

MMD_ROWS = 2000
PROJECTED_DRAWS = 200_000
REPEATS = 4


class Gap(Protocol):
    """A distance of samples from the data and from the exact law of a round.

    Samples enter by what `describe` keeps of them (n, k); `data` is that of the data set.
    """

    data: np.ndarray

    def describe(self, rows: np.ndarray) -> np.ndarray: ...

    def to_data(self, described: np.ndarray) -> Estimate: ...

    def between(self, described: np.ndarray, other: np.ndarray) -> Estimate: ...

    def law_to_data(self, ages: Ages, pool: np.ndarray, rng: np.random.Generator) -> Estimate:
        """The distance of the exact law from the data; pool: descriptions of exact draws."""

    def law(self, ages: Ages, pool: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """What stands for the exact law as `other` in `between`."""


class ConvFrechet:
    """Frechet distance of random convolution features."""

    def __init__(self, reference: ImageReference):
        self.reference = reference
        self.data = self.describe(reference.rows)

    def describe(self, rows: np.ndarray) -> np.ndarray:
        return conv_features(self.reference.pixels_of(rows), self.reference.filters, self.reference.seed)

    def to_data(self, described: np.ndarray) -> Estimate:
        return self.between(described, self.data)

    def between(self, described: np.ndarray, other: np.ndarray) -> Estimate:
        return leave_groups_out(lambda kept: frechet_distance(described[kept], other), len(described))

    def law_to_data(self, ages: Ages, pool: np.ndarray, rng: np.random.Generator) -> Estimate:
        """From draws: the bias falls like 1 / n, hence twice the distance of all draws minus that of half of them."""

        def extrapolated(kept: np.ndarray) -> float:
            halves = [frechet_distance(pool[kept[first::2]], self.data) for first in (0, 1)]
            return 2 * frechet_distance(pool[kept], self.data) - sum(halves) / 2

        return leave_groups_out(extrapolated, len(pool))

    def law(self, ages: Ages, pool: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return pool


class SlicedW2:
    """Sliced W2 along the reference's directions."""

    def __init__(self, reference: ImageReference):
        self.reference = reference
        self.data = self.describe(reference.rows)

    def describe(self, rows: np.ndarray) -> np.ndarray:
        return project(self.reference, rows)

    def to_data(self, described: np.ndarray) -> Estimate:
        return self.between(described, self.data)

    def between(self, described: np.ndarray, other: np.ndarray) -> Estimate:
        return leave_groups_out(lambda kept: _sliced(described[kept], other), len(described))

    def law_to_data(self, ages: Ages, pool: np.ndarray, rng: np.random.Generator) -> Estimate:
        """From REPEATS sets of at least 200,000 projected draws."""
        sets = [_sliced(self.law(ages, pool, rng), self.data) for _ in range(REPEATS)]
        return Estimate(float(np.mean(sets)), float(np.std(sets, ddof=1)) / math.sqrt(REPEATS))

    def law(self, ages: Ages, pool: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return draw_projections(self.reference, ages, PROJECTED_DRAWS, rng)


def _sliced(x: np.ndarray, y: np.ndarray) -> float:
    return math.sqrt(float(np.mean(sorted_ways(x, y, 2))))


class MMD:
    """Squared MMD with a Gaussian kernel of median bandwidth, on at most 2,000 rows a side.

    The data set is the law p* itself: two independent draws of p* are the same image with probability 1 / N.
    """

    def __init__(self, reference: ImageReference):
        self.count = len(reference.rows)
        rng = np.random.default_rng([reference.seed, 2])
        self.data = reference.rows[rng.permutation(self.count)[:MMD_ROWS]].astype(np.float64)
        self.bandwidth = median_distance(self.data)
        pairs = np.exp(squared_distances(self.data, self.data) / (-2 * self.bandwidth**2))
        rows = len(self.data)
        self.alike = (1 - (pairs.sum() - rows) / (rows * (rows - 1))) / self.count

    def describe(self, rows: np.ndarray) -> np.ndarray:
        return rows[:MMD_ROWS].astype(np.float64)

    def to_data(self, described: np.ndarray) -> Estimate:
        value, error = self.between(described, self.data)
        return Estimate(value + self.alike, error)

    def between(self, described: np.ndarray, other: np.ndarray) -> Estimate:
        return Estimate(*maximum_mean_discrepancy(described, other, self.bandwidth))

    def law_to_data(self, ages: Ages, pool: np.ndarray, rng: np.random.Generator) -> Estimate:
        """In closed form over the noise: E k(a x + s z, y) = (h^2 / v)^(d/2) exp(-|a x - y|^2 / (2 v)), v = h^2 + s^2.

        The data are a set of at most 2,000 images, the ages REPEATS sets of draws.
        """
        sets = [self._law_with(ages.draw(len(self.data), rng), ages.draw(len(self.data), rng)) for _ in range(REPEATS)]
        return Estimate(float(np.mean(sets)), float(np.std(sets, ddof=1)) / math.sqrt(REPEATS))

    def _law_with(self, times: np.ndarray, others: np.ndarray) -> float:
        zero = np.zeros(len(times))
        rounds, cross, data = (self._expected(*pair) for pair in ((times, others), (times, zero), (zero, zero)))
        return rounds - 2 * cross + data

    def _expected(self, first: np.ndarray, second: np.ndarray) -> float:
        """E k between two independent draws of p*, one noised for the times `first`, the other for `second`."""
        dimension, rows = self.data.shape[1], len(self.data)
        squares = squared_distances(np.exp(-first)[:, None] * self.data, np.exp(-second)[:, None] * self.data)
        spread = self.bandwidth**2 - np.expm1(-2 * first)[:, None] - np.expm1(-2 * second)[None, :]
        kernel = np.exp(dimension / 2 * np.log(self.bandwidth**2 / spread) - squares / (2 * spread))
        same = np.trace(kernel)
        apart = (kernel.sum() - same) / (rows * (rows - 1))
        return float(apart + (same / rows - apart) / self.count)

    def law(self, ages: Ages, pool: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return pool[:MMD_ROWS]
