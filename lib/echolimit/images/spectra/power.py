"""The radial power spectrum of images: Fourier power averaged over rings of frequency."""

from __future__ import annotations

import numpy as np
from scipy import fft

from echolimit._arrays import row_blocks

BLOCK = 2048


def radial_power(images: np.ndarray) -> np.ndarray:
    """Power |F(k)|^2 / (h w) of each image, averaged over channels and over the rings |k| = 0, 1, ..., min(h, w) // 2.

    images: (n, c, h, w).  Returns (n, rings), float64.  F is the plain Fourier sum, so that noise of variance v has
    the power v at every k.  Frequencies count periods over the shorter side; those in the corners are left out.
    Raises ValueError for another shape.
    """
    images = np.asarray(images)
    if images.ndim != 4:
        raise ValueError(f"images must have shape (n, c, h, w), got {images.shape}: rows have no spectrum")
    n, _, h, w = images.shape
    member = _rings(h, w)
    out = np.empty((n, member.shape[1]))
    for rows in row_blocks(n, BLOCK):
        power = np.abs(fft.rfft2(images[rows])) ** 2
        out[rows] = power.mean(axis=1, dtype=np.float64).reshape(len(power), -1) @ member
    return out / (h * w)


def _rings(h: int, w: int) -> np.ndarray:
    """Averaging weights (h * (w // 2 + 1), rings) of the half plane's frequencies; each has its mirror image."""
    short = min(h, w)
    down, right = np.fft.fftfreq(h) * short, np.fft.rfftfreq(w) * short
    radius = np.rint(np.hypot(down[:, None], right[None, :]))
    copies = np.full(radius.shape, 2.0)
    copies[:, 0] = 1.0
    if w % 2 == 0:
        copies[:, -1] = 1.0
    member = (radius.reshape(-1, 1) == np.arange(short // 2 + 1)) * copies.reshape(-1, 1)
    return member / member.sum(axis=0)
