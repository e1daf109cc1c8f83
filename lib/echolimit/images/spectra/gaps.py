"""Distances between samples of images: convolution Frechet, sliced W2 and MMD, with errors and exact laws."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod

import numpy as np

from echolimit.distances.mmd import median_distance, mmd_parts, squared_distances
from echolimit.distances.transport import ways_between_sorted
from echolimit.images.spectra.ages import Ages
from echolimit.images.spectra.draws import draw_projections, project
from echolimit.images.spectra.estimates import Estimate, leave_groups_out
from echolimit.images.spectra.features import conv_features, frechet_distance
from echolimit.images.spectra.reference import ImageReference

MMD_ROWS = 1000
PROJECTED_DRAWS = 50_000
LAW_SETS = 4


class Gap(ABC):
    """A distance between two sets of images, each entering by a description (n, k) of its rows.

    data: the description of the data set.
    """

    data: np.ndarray

    @abstractmethod
    def describe(self, rows: np.ndarray) -> np.ndarray:
        """What the distance needs of rows (n, d)."""

    @abstractmethod
    def between(self, x: np.ndarray, y: np.ndarray) -> float:
        """The distance of two descriptions."""

    def to_data(self, x: np.ndarray) -> float:
        """The distance from the data set, the law p* itself."""
        return self.between(x, self.data)

    def error(self, x: np.ndarray, y: np.ndarray) -> float:
        """The standard error of `between` that comes from x."""
        return leave_groups_out(lambda kept: self.between(x[kept], y), len(x)).error

    @abstractmethod
    def law_to_data(self, ages: Ages, pool: np.ndarray, rng: np.random.Generator) -> Estimate:
        """The exact law's distance from the data; pool: descriptions of exact draws."""

    def law(self, ages: Ages, drawn: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """The description that stands for the exact law in `between`; drawn: that of n exact draws."""
        return drawn


class ConvFrechet(Gap):
    """Frechet distance of random convolution features."""

    def __init__(self, reference: ImageReference):
        self.reference = reference
        self.data = self.describe(reference.rows)

    def describe(self, rows: np.ndarray) -> np.ndarray:
        return conv_features(self.reference.pixels_of(rows), self.reference.filters, self.reference.seed)

    def between(self, x: np.ndarray, y: np.ndarray) -> float:
        return frechet_distance(x, y)

    def law_to_data(self, ages: Ages, pool: np.ndarray, rng: np.random.Generator) -> Estimate:
        """The bias falls like 1 / n, hence twice the distance of the pool minus that of half of it."""

        def extrapolated(kept: np.ndarray) -> float:
            halves = [self.to_data(pool[kept[first::2]]) for first in (0, 1)]
            return 2 * self.to_data(pool[kept]) - sum(halves) / 2

        return leave_groups_out(extrapolated, len(pool))


class SlicedW2(Gap):
    """Sliced W2 along the reference's directions, each projection sorted where it is described for good."""

    def __init__(self, reference: ImageReference):
        self.reference = reference
        self.data = np.sort(self.describe(reference.rows).T, axis=1).T

    def describe(self, rows: np.ndarray) -> np.ndarray:
        return project(self.reference, rows)

    def between(self, x: np.ndarray, y: np.ndarray) -> float:
        """y sorted in every column."""
        return math.sqrt(float(np.mean(ways_between_sorted(np.sort(x.T, axis=1), y.T, 2))))

    def law_to_data(self, ages: Ages, pool: np.ndarray, rng: np.random.Generator) -> Estimate:
        """Of LAW_SETS sets of at least 50,000 projected draws."""
        found = [self.to_data(draw_projections(self.reference, ages, PROJECTED_DRAWS, rng)) for _ in range(LAW_SETS)]
        return Estimate(float(np.mean(found)), float(np.std(found, ddof=1)) / math.sqrt(LAW_SETS))

    def law(self, ages: Ages, drawn: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """At least 50,000 projected draws, sorted."""
        return np.sort(draw_projections(self.reference, ages, PROJECTED_DRAWS, rng).T, axis=1).T


class MMD(Gap):
    """Squared MMD with a Gaussian kernel of median bandwidth, on at most 1,000 rows a side.

    The data set is the law p* itself: two independent draws of p* are the same image with probability 1 / N.
    """

    def __init__(self, reference: ImageReference):
        self.count = len(reference.rows)
        rng = np.random.default_rng([reference.seed, 2])
        self.data = reference.rows[rng.permutation(self.count)[:MMD_ROWS]].astype(np.float64)
        self.bandwidth = median_distance(self.data)
        zero = np.zeros(len(self.data))
        self.within, self.apart = self._expected(zero, zero)

    def describe(self, rows: np.ndarray) -> np.ndarray:
        return rows[:MMD_ROWS].astype(np.float64)

    def between(self, x: np.ndarray, y: np.ndarray) -> float:
        return mmd_parts(x, y, self.bandwidth)[0]

    def to_data(self, x: np.ndarray) -> float:
        return self.between(x, self.data) + self.within - self.apart

    def error(self, x: np.ndarray, y: np.ndarray) -> float:
        return float(mmd_parts(x, y, self.bandwidth)[1].std(ddof=1)) / math.sqrt(len(x))

    def law_to_data(self, ages: Ages, pool: np.ndarray, rng: np.random.Generator) -> Estimate:
        """In closed form over the noise: E k(a x + s z, y) = (h^2 / v)^(d/2) exp(-|a x - y|^2 / (2 v)), v = h^2 + s^2.

        Images are those of the data's 1,000 rows, ages LAW_SETS sets of draws.
        """
        rows, found = len(self.data), []
        for _ in range(LAW_SETS):
            times, others = ages.draw(rows, rng), ages.draw(rows, rng)
            cross = self._expected(times, np.zeros(rows))[0]
            found.append(self._expected(times, others)[0] - 2 * cross + self.within)
        return Estimate(float(np.mean(found)), float(np.std(found, ddof=1)) / math.sqrt(LAW_SETS))

    def _expected(self, first: np.ndarray, second: np.ndarray) -> tuple[float, float]:
        """E k between independent draws of p*, one noised for the times `first`, one for `second`.

        The second number is the same for draws of different images.
        """
        dimension, rows = self.data.shape[1], len(self.data)
        squares = squared_distances(np.exp(-first)[:, None] * self.data, np.exp(-second)[:, None] * self.data)
        spread = self.bandwidth**2 - np.expm1(-2 * first)[:, None] - np.expm1(-2 * second)[None, :]
        kernel = np.exp(dimension / 2 * np.log(self.bandwidth**2 / spread) - squares / (2 * spread))
        same = float(np.trace(kernel))
        apart = (float(kernel.sum()) - same) / (rows * (rows - 1))
        return apart + (same / rows - apart) / self.count, apart
