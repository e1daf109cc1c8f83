"""Does a model hand out its training images?  A test whose threshold is a law, and what the exact loop gives."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy.stats import chi2, ncx2

from echolimit._arrays import row_blocks
from echolimit._checks import check_delta, check_finite, check_number, check_time
from echolimit._law import Law
from echolimit.cloud import PointCloud
from echolimit.echo_law import EchoLaw
from echolimit.process import check_process

LEVEL = 0.999


def nearest_images(samples: Any, images: Any, t: float, process: Any = None) -> tuple[np.ndarray, np.ndarray]:
    """The training image that each sample is nearest to once it is faded for time t, and how far that is.

    Returns k (n,), which minimises |x - a_t x_k|, and |x - a_t x_k|^2 / s_t^2 (n,), float64.  For a noised copy of
    an image, x = a_t x_k + s_t Z, that is at most a chi-square variable with d degrees of freedom.

    samples: (n, d) or (n, c, h, w).  images: (m, d) or (m, c, h, w).  t: noising time > 0.
    Raises ValueError for arrays that are not finite or do not match, and for t outside its range.
    Derived in chapter 11, prop-ancestor.
    """
    t, process = check_time(t), check_process(process)
    if t == 0:
        raise ValueError("t must be greater than 0, got 0: a copy without noise is found by comparing the images")
    x, points = _rows(samples, "samples"), _rows(images, "images")
    if x.shape[1] != points.shape[1]:
        raise ValueError(
            f"samples must have the images' {points.shape[1]} numbers each, got {x.shape[1]}: bring both to one size"
        )
    signal, variance = float(process.signal(t)), float(process.noise_variance(t))
    centre = points.mean(axis=0)  # distances from there on: less cancellation
    points, x = points - centre, x - signal * centre
    offsets = signal**2 * np.einsum("kj,kj->k", points, points)
    which, squared = np.empty(len(x), dtype=np.int64), np.empty(len(x))
    for rows in row_blocks(len(x), max(64, 2**24 // len(points))):
        distances = x[rows] @ points.T
        distances *= -2 * signal
        distances += offsets
        which[rows] = distances.argmin(axis=1)
        gaps = (x[rows] - signal * points[which[rows]]).astype(np.float64)
        squared[rows] = np.einsum("ij,ij->i", gaps, gaps)
    return which, squared / variance


def copied_share(samples: Any, images: Any, delta: float, level: float = LEVEL, process: Any = None) -> float:
    """Share of the samples that are as near to a training image as noise of time delta explains.

    A sample counts where |x - a_delta x_k|^2 <= s_delta^2 c for some image, with c the `level` quantile of chi-square
    with d degrees of freedom.  A model that copies and truncates at delta reaches at least `level`, whatever the
    images; one that draws new images stays below as far as images differ by more than the noise.

    Arguments as in `nearest_images`; level: in (0, 1).  Returns a number in [0, 1].
    Derived in chapter 11, prop-ancestor.
    """
    level = _check_level(level)
    _, squared = nearest_images(samples, images, delta, process)
    dimension = int(np.prod(np.shape(samples)[1:]))
    return float(np.mean(squared <= chi2.ppf(level, dimension)))


def predicted_copied_share(law: Law, delta: float, level: float = LEVEL) -> float:
    """What `copied_share` is for draws of a law of the exact loop on a finite data set, counting true ancestors alone.

    A draw of age T is X = a_T x_k + s_T Z, so |X - a_delta x_k|^2 / s_T^2 is noncentral chi-square with d degrees of
    freedom and noncentrality (a_T - a_delta)^2 |x_k|^2 / s_T^2; the share is the mean over images and ages of its
    distribution function at s_delta^2 c / s_T^2.  Draws that lie as near to an image that is not their ancestor come
    on top: the share measured is at least this.  Images whose norm is not large pass for copies of themselves at
    greater ages too.

    law: what `round_law` and `limit_law` return for a PointCloud of images (started at the data).  delta: time > 0.
    Raises TypeError for another law, ValueError for delta or level outside its range.
    Derived in chapter 11, prop-ancestor.
    """
    if not isinstance(law, EchoLaw) or not isinstance(law.target, PointCloud) or law.target.variance > 0:
        raise TypeError(
            f"law must be an EchoLaw of an undiffused PointCloud, got {law!r}: limit_law(PointCloud(images), ...)"
        )
    if law.start is not None:
        raise TypeError("law must have no other start than its data, got one: leave out start in round_law")
    delta, level = check_delta(delta), _check_level(level)
    near, noise = float(law.process.signal(delta)), float(law.process.noise_variance(delta))
    bound = noise * chi2.ppf(level, law.dimension)
    norms = np.asarray(law.target._norms, dtype=np.float64)
    weights = np.asarray(law.target.weights, dtype=np.float64)
    total = 0.0
    for time, weight in zip(law.times, law.weights, strict=True):
        signal, variance = float(law.process.signal(float(time))), float(law.process.noise_variance(float(time)))
        apart = (signal - near) ** 2 * norms / variance
        total += weight * float(weights @ _noncentral(bound / variance, law.dimension, apart))
    return total


def _noncentral(x: float, dimension: int, apart: np.ndarray) -> np.ndarray:
    """Distribution function of noncentral chi-square; the central one where scipy's series has nothing to sum."""
    tiny = apart < 1e-12
    return np.where(tiny, chi2.cdf(x, dimension), ncx2.cdf(x, dimension, np.where(tiny, 1.0, apart)))


def _check_level(level: float) -> float:
    level = check_number(level, "level")
    if not 0 < level < 1:
        raise ValueError(f"level must be in (0, 1), got {level}: it is the share of noised copies that count as copies")
    return level


def _rows(value: Any, name: str) -> np.ndarray:
    """Flattened images, float32 or float64."""
    array = np.asarray(value)
    if array.ndim not in (2, 4) or not len(array):
        raise ValueError(f"{name} must have shape (n, d) or (n, c, h, w) with n >= 1, got {array.shape}")
    array = array.reshape(len(array), math.prod(array.shape[1:]))
    if array.dtype not in (np.float32, np.float64):
        array = array.astype(np.float64)
    check_finite(array, name)
    return array
