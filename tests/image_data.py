"""Small images with the statistics that the metrics of images read, and their laws by a second route."""

import numpy as np

from echolimit import PointCloud
from echolimit.images.spectra import Ages, ImageReference


def small_images(n: int = 400, size: int = 8, seed: int = 3) -> np.ndarray:
    """Random images (n, 2, size, size): falling spectrum, a mean, correlated channels, skewness, differing contrast."""
    rng = np.random.default_rng(seed)
    k = np.hypot(np.fft.fftfreq(size)[:, None], np.fft.fftfreq(size)[None, :]) * size
    smooth = np.fft.ifft2(np.fft.fft2(rng.standard_normal((n, 2, size, size))) / (0.3 + k) ** 1.2).real
    smooth[:, 1] += 0.7 * smooth[:, 0] + 0.4 * smooth[:, 0] ** 2
    smooth *= rng.choice([0.4, 1.6], size=(n, 1, 1, 1))
    return (0.5 * smooth - 0.2 + 0.1 * np.arange(size)).astype(np.float32)


def round_moments(reference: ImageReference, ages: Ages) -> tuple[np.ndarray, np.ndarray]:
    """Mean and covariance of the round from those of the diffused data set, age by age."""
    parts = [PointCloud(reference.rows.astype(np.float64)).diffuse(float(t)) for t in ages.times]
    means = [part.mean() for part in parts]
    mean = sum(w * m for w, m in zip(ages.weights, means, strict=True))
    second = [part.covariance() + np.outer(m, m) for part, m in zip(parts, means, strict=True)]
    return mean, sum(w * s for w, s in zip(ages.weights, second, strict=True)) - np.outer(mean, mean)
