"""Exact draws from the limit law of a large cloud of images, against drawing the normals alone."""

from __future__ import annotations

import os

import numpy as np

from benchmarks.rows import Row, alternate
from echolimit import PointCloud, sample_limit

IMAGES, PIXELS = 50_000, 3_072
ALPHA, DELTA = 0.2, 0.05


def images_that_fit() -> int:
    """As many of the 50,000 images as leave room for the cloud, the draws, their normals and a copy of each."""
    free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 2**32
    return int(min(IMAGES, free // (6 * 4 * PIXELS)))


def measure() -> list[Row]:
    """Ratio for numpy, and for torch on the CPU if installed. Stand-in data: the time depends on shapes only."""
    images = images_that_fit()
    points = np.random.default_rng(1).random((images, PIXELS), dtype=np.float32)
    rows = [with_numpy(points)]
    try:
        import torch
    except ImportError:
        return rows
    generator = torch.Generator().manual_seed(1)
    cloud = PointCloud(torch.from_numpy(points))
    ours, normals = alternate(
        lambda: sample_limit(cloud, images, ALPHA, DELTA, generator),
        lambda: torch.randn((images, PIXELS), generator=generator),
        repeats=3,
    )
    return [*rows, row("torch", images, ours, normals)]


def with_numpy(points: np.ndarray) -> Row:
    """The row for numpy."""
    rng = np.random.default_rng(2)
    cloud = PointCloud(points)
    ours, normals = alternate(
        lambda: sample_limit(cloud, len(points), ALPHA, DELTA, rng),
        lambda: rng.standard_normal(points.shape, dtype=np.float32),
        repeats=3,
    )
    return row("numpy", len(points), ours, normals)


def row(library: str, images: int, ours: float, normals: float) -> Row:
    """Draws over normals, with the seconds of both in words."""
    what = f"{images:,} x {PIXELS:,} float32, {library}: limit draws / normals ({ours:.2f} s / {normals:.2f} s)"
    return Row("exact draws", what, ours / normals, "x", "2 (reach for 1.2)")
