"""The posterior over the points of a large cloud, by two matrix products and little else.

Of a query x and points p_k it needs the logits (a x.p_k - a^2 |p_k|^2 / 2) / v, that is a product (n, d) by (d, k),
their softmax, and the posterior mean, a product (n, k) by (k, d).  What stands between the products runs in place, on
rows that stay in cache.  Points that no query of a block gives a share are left out of the second product.
"""

from __future__ import annotations

import math
from typing import Any

import array_api_compat as compat

from echolimit._arrays import Array, empty, exponentiate, has_values, on_host, row_blocks

FEW = 2  # points are picked out when at most one in two matters
LOGIT_ERROR = 1 / 4  # bound for the difference of two logits; beyond, what rounding to 16 bits lost is made good
AT_ONCE = 2**24  # numbers that a block of queries makes with all points on the host


def posterior(
    x: Array, points: Array, norms: Array, log_weights: Array | None, signal: float, variance: float, with_mean: bool
) -> tuple[Array, Array | None]:
    """ln sum_k w_k exp(-|x_i - a p_k|^2 / (2 v)), shape (n,), and the posterior mean of a p, (n, d), or None.

    x: (n, d).  points: (k, d).  norms: |p_k|^2, (k,).  log_weights: (k,), or None for w_k = 1.
    bfloat16 points are multiplied as such and summed in 32 bits, float16 ones, which overflow, made float32 first; both
    results are then float32.
    """
    xp = compat.array_namespace(points)
    sums = xp.float32 if in_16_bits(points) else xp.result_type(x, points)
    if not _in_bfloat16(points):
        points = xp.astype(points, sums, copy=False)
    bias = xp.astype(norms, sums, copy=False) * (-(signal**2) / (2 * variance))
    if log_weights is not None:
        bias = bias + xp.astype(log_weights, sums, copy=False)
    size = max(64, (AT_ONCE if on_host(x) else 8 * AT_ONCE) // points.shape[0])
    totals, means = [], []
    for rows in row_blocks(x.shape[0], size):
        block = x[rows, :]
        total, mean = _posterior_of_block(
            xp.astype(block, points.dtype, copy=False), points, bias, signal, variance, with_mean
        )
        block = xp.astype(block, sums, copy=False)
        totals.append(total - xp.linalg.vecdot(block, block) / (2 * variance))
        means.append(mean)
    return xp.concat(totals), xp.concat(means) if with_mean else None


def in_16_bits(points: Array) -> bool:
    """Whether the points are bfloat16 or float16: good for numbers, not for sums."""
    return compat.array_namespace(points).finfo(points.dtype).bits == 16


def _in_bfloat16(points: Array) -> bool:
    """torch's alone: processors multiply it faster and sum the products in 32 bits."""
    return compat.is_torch_array(points) and str(points.dtype) == "torch.bfloat16"


def _posterior_of_block(
    x: Array, points: Array, bias: Array, signal: float, variance: float, with_mean: bool
) -> tuple[Array, Array | None]:
    xp, scale = compat.array_namespace(x), signal / variance
    cross = xp.matmul(x, points.T)
    rounded = _in_bfloat16(points)
    logits = empty(tuple(cross.shape), bias) if rounded else cross
    top, best = _load(logits, cross, bias, scale)
    error = 0.0
    if has_values(x):
        error = scale * _largest(cross) * xp.finfo(points.dtype).eps if rounded else 0.0  # of a difference of two
        live = xp.nonzero(best > -math.log(points.shape[0] / xp.finfo(bias.dtype).eps) - error)[0]
        if live.shape[0] * FEW <= points.shape[0]:
            points = xp.take(points, live, axis=0)
            logits = xp.take(logits, live, axis=1)
            cross = xp.take(cross, live, axis=1) if rounded else logits
    rest = _rounded_off(x, points, cross) if error > LOGIT_ERROR else None
    shares = cross if rounded else logits
    top, sums = _exponentiate(logits, top, rest, scale, shares)
    total = top + xp.log(sums)
    if not with_mean:
        return total, None
    mean = xp.astype(xp.matmul(shares, points), bias.dtype, copy=False)
    mean *= (signal / sums)[:, None]
    return total, mean


def _load(logits: Array, cross: Array, bias: Array, scale: float) -> tuple[Array, Array]:
    """logits = scale cross + bias, less the largest of each row.  Returns these, and the largest of each column."""
    xp = compat.array_namespace(logits)
    tops, best = [], None
    for rows in _cached(logits):
        part = logits[rows, :]
        if logits is not cross:
            part[...] = cross[rows, :]
        part *= scale
        part += bias
        top = xp.max(part, axis=1)
        part -= top[:, None]
        column = xp.max(part, axis=0)
        best = column if best is None else xp.maximum(best, column)
        tops.append(top)
    return xp.concat(tops), best


def _exponentiate(logits: Array, top: Array, rest: Array | None, scale: float, shares: Array) -> tuple[Array, Array]:
    """shares = exp of the logits, which lack `top` (and scale times `rest`).  Returns the new top and the row sums."""
    xp = compat.array_namespace(logits)
    sums, tops = [], []
    for rows in _cached(logits):
        part, highest = logits[rows, :], top[rows]
        if rest is not None:
            part.add_(rest[rows, :], alpha=scale)  # torch's
            higher = xp.max(part, axis=1)
            part -= higher[:, None]
            highest = highest + higher
        exponentiate(part)
        if shares is not logits:
            shares[rows, :] = part
        sums.append(xp.sum(part, axis=1))
        tops.append(highest)
    return xp.concat(tops), xp.concat(sums)


def _rounded_off(x: Array, points: Array, cross: Array) -> Array:
    """x points^T - cross: what rounding the product to 16 bits lost.  The sum keeps 32 bits until it is formed."""
    import torch

    return torch.addmm(cross, x, points.T, beta=-1)


def _largest(cross: Array) -> float:
    """The largest entry by modulus."""
    low, high = cross.detach().aminmax()
    return max(-float(low), float(high))


def _cached(logits: Array) -> Any:
    """Blocks of rows that stay in cache on the host; all rows on a device."""
    rows = max(1, 2**17 // logits.shape[1]) if on_host(logits) else logits.shape[0]
    return row_blocks(logits.shape[0], rows)
