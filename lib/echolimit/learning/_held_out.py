"""Rows to measure a round on: real ones, held out or not, mixed with draws of the model of the round before."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from echolimit.learning.devices import make_accelerator
from echolimit.learning.keeping import RoundRecord
from echolimit.learning.recursion import draw_samples
from echolimit.learning.settings import RunSettings

NEW_SEED = 1_000_003  # added to the run's seed: nothing that is measured repeats its batches or its samples


def flat_rows(points: Any) -> Tensor:
    """Points (n, ...) as float32 rows (n, d)."""
    array = np.ascontiguousarray(points, dtype=np.float32)
    return torch.from_numpy(array.reshape(len(array), -1))


def mixed_rows(real: Tensor, synthetic: Tensor | None, alpha: float, n: int, rng: torch.Generator) -> Tensor:
    """n rows, each real with probability alpha, without repeats where there are enough."""
    fresh = _some(real, n, rng)
    if synthetic is None:
        return fresh
    is_fresh = torch.rand(n, generator=rng) < alpha
    return torch.where(is_fresh[:, None], fresh, _some(synthetic, n, rng))


def _some(rows: Tensor, n: int, rng: torch.Generator) -> Tensor:
    if len(rows) >= n:
        return rows[torch.randperm(len(rows), generator=rng)[:n]]
    return rows[torch.randint(len(rows), (n,), generator=rng)]


def new_draws(before: RoundRecord, n: int, settings: RunSettings) -> Tensor:
    """n draws of the model of the round before that no network has seen."""
    other = replace(settings, seed=settings.seed + NEW_SEED)
    accelerator = make_accelerator(settings.training.precision)
    return draw_samples(before.model, n, before.delta, other, before.number, accelerator)
