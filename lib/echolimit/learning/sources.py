"""The real data of a run by name: laws that give new draws each round, or a finite data set."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from echolimit.example_laws import LAW_NAMES, named_law
from echolimit.learning.settings import DataSettings
from echolimit.learning.training import generator

LAW_POINTS = 20_000
OTHER_SPLIT = {"train": "test", "test": "train"}


@dataclass(frozen=True)
class Source:
    """Real data: `draw(seed, round)` gives the rows (n, d) that a round may use, float32 on the CPU.

    law: the exact law, for a law; None for a data set, whose law is that of its points.  shape: of one point, (d,) or
    (c, h, w).  provenance: a sentence that figures print.  digest: sha256 of the points or of the law's parameters.
    """

    name: str
    shape: tuple[int, ...]
    provenance: str
    digest: str
    law: Any = None
    rows: Tensor | None = None
    count: int = 0

    def draw(self, seed: int, number: int) -> Tensor:
        """All rows of a data set, the same each round; `count` new draws of a law, a function of (seed, round)."""
        if self.rows is not None:
            return self.rows
        words = generator("real", seed, number).initial_seed()
        points = self.law.sample(self.count, np.random.default_rng(words))
        return torch.from_numpy(np.ascontiguousarray(points, dtype=np.float32))

    def points(self) -> np.ndarray:
        """All points of a data set in their shape, (n, d) or (n, c, h, w).  Raises ValueError for a law."""
        if self.rows is None:
            raise ValueError(f"source must be a data set, got the law {self.name!r}: take draws of it")
        return self.rows.numpy().reshape(len(self.rows), *self.shape)


def open_source(settings: DataSettings) -> Source:
    """The source that `settings.name` names; images through `echolimit.images.load_images`."""
    if settings.name in LAW_NAMES:
        return law_source(named_law(settings.name), settings.name, settings.count or LAW_POINTS)
    from echolimit.images import load_images

    try:
        images = load_images(settings.name, split=settings.split, resolution=settings.resolution)
    except FileNotFoundError as error:
        raise FileNotFoundError(f"data.{error}; laws are {', '.join(LAW_NAMES)}") from None
    pixels = np.asarray(images.images[: settings.count or None], dtype=np.float32)
    return array_source(pixels, images.name, images.provenance)


def open_held_out(settings: DataSettings) -> Source:
    """All images of the split that `settings` does not name: real ones that its run was not trained on."""
    return open_source(replace(settings, split=OTHER_SPLIT[settings.split], count=0))


def law_source(law: Any, name: str = "law", count: int = LAW_POINTS) -> Source:
    """New draws of a law each round: `law` needs `dimension` and `sample(n, rng)`."""
    parameters = [getattr(law, part) for part in ("weights", "means", "covariances", "radius") if hasattr(law, part)]
    digest = hashlib.sha256(repr([np.asarray(part).tolist() for part in parameters]).encode()).hexdigest()
    return Source(name, (law.dimension,), f"{count} new draws of the law '{name}' a round", digest, law, None, count)


def array_source(points: Any, name: str = "array", provenance: str = "an array") -> Source:
    """A finite data set (n, d) or (n, c, h, w), reused in every round."""
    try:
        array = np.ascontiguousarray(points, dtype=np.float32)
    except (TypeError, ValueError):
        raise TypeError(
            f"data must be a law, an array of numbers or None, got {type(points).__name__}: data that have a name "
            "are named in settings.data"
        ) from None
    if array.ndim not in (2, 4) or len(array) < 2:
        raise ValueError(f"data must have shape (n, d) or (n, c, h, w) with n >= 2, got {array.shape}")
    if not np.all(np.isfinite(array)):
        raise ValueError("data must be finite, got NaN or infinity in it: drop or mend those entries first")
    digest = hashlib.sha256(array.tobytes()).hexdigest()
    rows = torch.from_numpy(array.reshape(len(array), -1))
    return Source(name, array.shape[1:], provenance, digest, None, rows, len(array))
