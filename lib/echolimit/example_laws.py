"""The laws of the experiments with trained networks (chapter 10), by name."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from echolimit._checks import check_choice, check_count, check_positive
from echolimit.mixtures import GaussianMixture

LAW_NAMES = ("plane", "ten", "ring")


class RingLaw:
    """The uniform law on the circle of radius r > 0 round the origin of the plane: singular, it has no density."""

    dimension = 2

    def __init__(self, radius: float = 1.5) -> None:
        self.radius = check_positive(radius, "radius")

    def sample(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """n independent points, shape (n, 2)."""
        angle = rng.uniform(0, 2 * math.pi, check_count(n, "n", least=1))
        return self.radius * np.stack([np.cos(angle), np.sin(angle)], axis=1)


def named_law(name: str) -> Any:
    """The data law of an experiment, a new object at each call.

    "plane"  three Gaussian components in the plane, clearly separated, of different shapes and weights;
    "ten"    five components of variance (.6 / 2.5)^2 in ten dimensions, means at the origin and at the corners of a
             square of side 3.2 in the first two: as many components, dimensions and the spread .6 as in the experiment
             of paper P1, with the means of a reproduction of it (chapter 7), scaled by 1 / 2.5 to about unit size;
    "ring"   the uniform law on the circle of radius 1.5, a `RingLaw`.
    Raises ValueError for another name.
    """
    check_choice(name, "name", LAW_NAMES)
    if name == "plane":
        covariances = [[[0.12, 0.05], [0.05, 0.20]], [[0.20, -0.06], [-0.06, 0.10]], [[0.16, 0.0], [0.0, 0.16]]]
        return GaussianMixture([0.5, 0.3, 0.2], [[-1.0, -0.6], [1.2, -0.3], [0.1, 1.4]], covariances)
    if name == "ten":
        means = np.zeros((5, 10))
        means[1:, :2] = [[-1.6, -1.6], [-1.6, 1.6], [1.6, -1.6], [1.6, 1.6]]
        return GaussianMixture(np.full(5, 0.2), means, np.full(5, 0.24**2))
    return RingLaw()
