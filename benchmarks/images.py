"""Scores of a cloud of images, step by step of a sampler, against the two matrix products that they are made of."""

from __future__ import annotations

import math
import time
from functools import partial
from typing import Any

import numpy as np

from benchmarks.rows import Row, in_turn
from echolimit import PointCloud, score_of, time_grid
from echolimit.images import load_images

QUERIES, STEPS = 256, 8
HORIZON, DELTA = 5.0, 0.01
GOAL = "1.25"


def measure() -> list[Row]:
    """Ratios on one core, in seconds of the processor, so that other work on the machine does not count.

    The data are the patches of scikit-learn's photographs; the queries are patches that the cloud does not hold,
    noised for the times of a sampler's grid.  The products have the operands of the score and results in its format: in
    bfloat16 their logits are off by up to hundreds, and a third product that finds what rounding lost is counted too.
    """
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return [row for dtype in (torch.float32, torch.bfloat16) for row in of_format(dtype)]
    finally:
        torch.set_num_threads(threads)


def of_format(dtype: Any) -> list[Row]:
    """The rows for points and queries of one format: all steps together, and the step of the greatest ratio."""
    import torch

    points = torch.from_numpy(load_images("patches").rows)
    held_out = torch.from_numpy(load_images("patches", split="test").rows[:QUERIES])
    rng = torch.Generator().manual_seed(0)
    stored, shares = points.to(dtype), torch.rand((len(held_out), len(points)), generator=rng).to(dtype)
    score, exact = score_of(PointCloud(stored)), score_of(PointCloud(stored.double()))
    name = f"{len(held_out)} queries, {len(points):,} images of {points.shape[1]:,} numbers, {str(dtype)[6:]}"
    times = time_grid(HORIZON, DELTA, STEPS)
    ours, limits, exact_limits, errors = [], [], [], []
    for t in map(float, times):
        noise = torch.randn(held_out.shape, generator=rng)
        x = (math.exp(-t) * held_out + math.sqrt(-math.expm1(-2 * t)) * noise).to(dtype)
        logits = x @ stored.T
        calls = [
            partial(score, x, t),
            partial(torch.matmul, x, stored.T),
            partial(torch.matmul, shares, stored),
            partial(torch.addmm, logits, x, stored.T, beta=-1),
        ]
        seconds, first, second, third = in_turn(calls, repeats=5, clock=time.process_time)
        ours.append(seconds)
        limits.append(first + second)
        exact_limits.append(first + second + third)
        reference = exact(x[:32].double(), t)
        errors.append(float((score(x[:32], t).double() - reference).norm() / reference.norm()))
    ratios = np.divide(ours, limits)
    worst = int(ratios.argmax())
    rows = [
        Row("images", f"{name}: score / products, {len(times)} times", sum(ours) / sum(limits), "x", GOAL),
        Row("images", f"{name}: the largest, at t = {times[worst]:.2f}", float(ratios[worst]), "x", GOAL),
        Row("images", f"{name}: a score", 1e3 * sum(ours) / len(times), "ms"),
        Row("images", f"{name}: largest relative error of a score", max(errors), ""),
    ]
    if dtype == torch.bfloat16:
        ratio = sum(ours) / sum(exact_limits)
        rows.insert(1, Row("images", f"{name}: score / three products (sums in 32 bits)", ratio, "x", GOAL))
    return rows
