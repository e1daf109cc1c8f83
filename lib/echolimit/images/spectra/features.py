"""Random convolution features and the Frechet distance between two samples of them."""

from __future__ import annotations

import numpy as np

from echolimit._arrays import row_blocks
from echolimit._checks import check_count

BLOCK = 256
SIDE = 3  # pixels of a filter


def conv_features(images: np.ndarray, filters: int = 64, seed: int = 0) -> np.ndarray:
    """Features (n, filters) of images (n, c, h, w): means over the image of max(0, filter * image - threshold).

    Half of the random 3 x 3 x c filters (Gaussian entries, norm 1, thresholds N(0, 1/4)) see the image, half its 2 x 2
    box average, which shows coarser shapes; a side of fewer than 6 pixels, or an odd one, is seen by all filters as it
    is.  They need no training and no download, and see what second moments do not.  Same seed, same filters.
    """
    filters = check_count(filters, "filters", least=2)
    rng = np.random.default_rng(seed)
    _, channels, h, w = images.shape
    if min(h, w) < SIDE:
        raise ValueError(f"images must be at least {SIDE} pixels high and wide for filters, got {h} x {w}")
    bank = rng.standard_normal((channels * SIDE * SIDE, filters))
    bank = (bank / np.linalg.norm(bank, axis=0)).astype(np.float32)
    thresholds = (0.5 * rng.standard_normal(filters)).astype(np.float32)
    coarse = min(h, w) >= 2 * SIDE and h % 2 == 0 and w % 2 == 0
    half = filters // 2 if coarse else filters
    out = np.empty((len(images), filters))
    for rows in row_blocks(len(images), BLOCK):
        block = np.asarray(images[rows], dtype=np.float32)
        out[rows, :half] = _responses(block, bank[:, :half], thresholds[:half])
        if coarse:
            n = len(block)
            block = block.reshape(n, channels, h // 2, 2, w // 2, 2).mean(axis=(3, 5))
            out[rows, half:] = _responses(block, bank[:, half:], thresholds[half:])
    return out


def _responses(images: np.ndarray, bank: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    windows = np.lib.stride_tricks.sliding_window_view(images, (SIDE, SIDE), axis=(2, 3))
    windows = windows.transpose(0, 2, 3, 1, 4, 5).reshape(len(images), -1, len(bank))  # (n, places, c * 9)
    responses = windows @ bank
    responses -= thresholds
    return np.maximum(responses, 0, out=responses).mean(axis=1, dtype=np.float64)


def frechet_distance(x: np.ndarray, y: np.ndarray) -> float:
    """|m_x - m_y|^2 + tr(C_x + C_y - 2 (C_x C_y)^(1/2)), between the means and covariances of x (n, k) and y (m, k).

    The squared W2 distance of the two fitted Gaussians, as in the Frechet Inception distance.  Biased upward at finite
    n by about 1 / n: compare with exact draws of the same number.
    """
    x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    gap = x.mean(axis=0) - y.mean(axis=0)
    first, second = np.cov(x.T), np.cov(y.T)
    values, vectors = np.linalg.eigh(np.atleast_2d(first))
    root = vectors * np.sqrt(np.maximum(values, 0))  # tr (C_x C_y)^(1/2) = tr (R^T C_y R)^(1/2) with C_x = R R^T
    between = np.sqrt(np.maximum(np.linalg.eigvalsh(root.T @ np.atleast_2d(second) @ root), 0)).sum()
    return float(gap @ gap + np.trace(np.atleast_2d(first)) + np.trace(np.atleast_2d(second)) - 2 * between)
