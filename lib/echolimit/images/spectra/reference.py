"""A data set prepared for comparisons: its principal axes, whitening, and what every metric needs of it once."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import cached_property
from typing import Any, TypeVar

import array_api_compat as compat
import numpy as np

from echolimit._arrays import as_float_array, row_blocks
from echolimit._checks import check_count, check_finite, check_number
from echolimit.images.spectra.power import radial_power

BLOCK = 4096
Made = TypeVar("Made")


class ImageReference:
    """The empirical law p* of a data set of images, with what the metrics need of it; made once, used for all rounds.

    images: (N, c, h, w), or rows (N, d) such as whitened coordinates, for which the metrics that need pixels are left
    out; numpy or torch, N >= 2.  held_out: other real images of that shape, from which the real-against-real floor is
    taken; without them it is taken from draws of `images` itself.  tail: share in (0, 1) of the principal axes, those
    of smallest variance, that make the tail.  axes: how many leading principal axes carry the Hermite ratios.
    projections: directions of sliced W2.  filters: random convolution filters.  seed: of directions and filters.
    Raises ValueError for wrong shapes, NaN or numbers outside these ranges.
    """

    def __init__(
        self,
        images: Any,
        held_out: Any = None,
        tail: float = 0.5,
        axes: int = 16,
        projections: int = 64,
        filters: int = 64,
        seed: int = 0,
    ):
        images = as_images(images, "images")
        self.shape = images.shape[1:]
        self.rows = images.reshape(len(images), -1)
        self.held_out = None if held_out is None else self.rows_of(held_out, "held_out")
        self.tail = check_number(tail, "tail")
        if not 0 < self.tail < 1:
            raise ValueError(f"tail must be in (0, 1), got {tail}: it is a share of the principal axes")
        self.axes = min(check_count(axes, "axes", least=1), self.dimension)
        self.projections = check_count(projections, "projections", least=1)
        self.filters = check_count(filters, "filters", least=1)
        self.seed = check_count(seed, "seed")
        self._remembered: dict[Hashable, Any] = {}

    @property
    def dimension(self) -> int:
        """d, the number of pixels times channels."""
        return int(self.rows.shape[1])

    @property
    def has_pixels(self) -> bool:
        """True for images, False for rows of coordinates."""
        return len(self.shape) == 3

    def rows_of(self, images: Any, name: str = "samples") -> np.ndarray:
        """Images of the reference's shape, or their rows, as float32 rows (n, d)."""
        images = as_images(images, name)
        if images.shape[1:] not in (self.shape, (self.dimension,)):
            wanted = ", ".join(map(str, self.shape))
            raise ValueError(
                f"{name} must have shape (n, {wanted}) or (n, {self.dimension}), got {images.shape}: "
                "samples and reference must be images of one size"
            )
        return images.reshape(len(images), -1)

    def pixels_of(self, rows: np.ndarray) -> np.ndarray:
        """Rows (n, d) as images (n, c, h, w)."""
        return rows.reshape(len(rows), *self.shape)

    def remember(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """What `make` returns, made once for this reference and key: it must depend on nothing else."""
        if key not in self._remembered:
            self._remembered[key] = make()
        return self._remembered[key]

    @cached_property
    def mean(self) -> np.ndarray:
        """The mean image as a row (d,), float64."""
        return self.rows.mean(axis=0, dtype=np.float64)

    @cached_property
    def _spectrum(self) -> tuple[np.ndarray, np.ndarray]:
        second = np.zeros((self.dimension, self.dimension))
        for rows in row_blocks(len(self.rows), BLOCK):
            centred = self.rows[rows] - self.mean  # in double precision: the tail is 1e-6 of the largest variance
            second += centred.T @ centred
        values, vectors = np.linalg.eigh(second / len(self.rows))
        return np.maximum(values[::-1], 0.0), vectors[:, ::-1]

    @property
    def variances(self) -> np.ndarray:
        """Variances (d,) along the principal axes, falling."""
        return self._spectrum[0]

    @property
    def principal_axes(self) -> np.ndarray:
        """Principal axes as columns (d, d), in the order of `variances`."""
        return self._spectrum[1]

    @cached_property
    def power(self) -> np.ndarray:
        """P*, the mean power of each frequency ring over the data set, (rings,); see `radial_power`."""
        return radial_power(self.pixels_of(self.rows)).mean(axis=0)

    @property
    def tail_size(self) -> int:
        """How many axes make the tail."""
        return max(1, round(self.tail * self.dimension))

    def whiten(self, images: Any, components: int) -> np.ndarray:
        """Coordinates (n, components) along the leading axes, each of mean 0 and variance 1 over the data set.

        A loop in these coordinates keeps mean and covariance, so that all it loses is non-Gaussian.  Float32.
        """
        scaled = self.principal_axes[:, : self._components(components)] / np.sqrt(self.variances[:components])
        rows = self.rows_of(images, "images")
        return rows @ scaled.astype(np.float32) - (self.mean @ scaled).astype(np.float32)

    def unwhiten(self, coordinates: Any) -> np.ndarray:
        """The images (n, c, h, w) (or rows) that have these whitened coordinates, and the mean's along other axes."""
        coordinates = as_images(coordinates, "coordinates")
        components = self._components(coordinates.shape[1])
        scaled = self.principal_axes[:, :components] * np.sqrt(self.variances[:components])
        return self.pixels_of(coordinates @ scaled.T.astype(np.float32) + self.mean.astype(np.float32))

    def _components(self, components: int) -> int:
        components = check_count(components, "components", least=1, most=self.dimension)
        if self.variances[components - 1] <= 1e-10 * self.variances[0]:
            raise ValueError(f"components = {components} reaches axes along which the data do not vary: take fewer")
        return components


def as_images(value: Any, name: str) -> np.ndarray:
    """Images (n, c, h, w) or rows (n, d) as finite numpy float32, n >= 2."""
    array = as_float_array(value, name)
    if compat.is_torch_array(array):
        array = array.detach().cpu().float().numpy()
    array = np.asarray(array, dtype=np.float32)
    if array.ndim not in (2, 4) or 0 in array.shape or len(array) < 2:
        raise ValueError(f"{name} must have shape (n, c, h, w) or (n, d) with n >= 2, got {tuple(array.shape)}")
    check_finite(array, name)
    return array
