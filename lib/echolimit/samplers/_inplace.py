"""Arithmetic on the samplers' own buffers.  Libraries without `out=` allocate; all rebind, so immutable arrays work."""

from __future__ import annotations

from typing import Any

import array_api_compat as compat
import numpy as np

from echolimit._arrays import Array, has_values, standard_normal


def own(x: Array, like: Array | None = None) -> Array:
    """A copy of x in its own memory, in the memory layout of `like` (default: of x) where the library has layouts."""
    like = x if like is None else like
    if compat.is_torch_array(x):
        import torch

        return torch.empty_like(like).copy_(x)
    if compat.is_numpy_array(x):
        copy = np.empty_like(like, subok=False)
        copy[...] = x
        return copy
    return compat.array_namespace(x).asarray(x, copy=True)


def same_layout(x: Array, y: Array) -> bool:
    """False where x and y, of one shape, run through memory in different orders."""
    if compat.is_torch_array(x):
        return x.stride() == y.stride()
    return not compat.is_numpy_array(x) or x.strides == y.strides


def overlap(x: Array, y: Array) -> bool:
    """True if writing to x may change y."""
    if compat.is_torch_array(x):
        return y is x or (has_values(x) and x.untyped_storage().data_ptr() == y.untyped_storage().data_ptr())
    return np.may_share_memory(x, y) if compat.is_numpy_array(x) else y is x


def scaled(y: Array, factor: float, out: Array | None) -> Array:
    """factor y, in the memory of `out` if it is given."""
    if out is None:
        return y * factor
    if compat.is_torch_array(y):
        import torch

        return torch.mul(y, factor, out=out)
    if compat.is_numpy_array(y):
        return np.multiply(y, factor, out=out)
    return y * factor


def add_scaled(y: Array, g: Array, factor: float, work: Array | None) -> Array:
    """y + factor g in y's memory; `work` is a scratch array for libraries that do not fuse the two operations."""
    if compat.is_torch_array(y):
        return y.add_(g, alpha=factor)
    y += scaled(g, factor, out=work)
    return y


def scratch(y: Array) -> Array | None:
    """What `add_scaled` needs beside y."""
    return np.empty_like(y) if compat.is_numpy_array(y) else None


def add_noise(y: Array, rng: Any, factor: float, work: Array | None) -> Array:
    """y + factor z in y's memory, z of independent N(0, 1), drawn row by row whatever the layout of y."""
    if work is not None and work.flags.c_contiguous and work.dtype in (np.float32, np.float64):
        rng.standard_normal(out=work, dtype=work.dtype.type)
        work *= factor
        y += work
        return y
    return add_scaled(y, standard_normal(rng, y.shape, y), factor, work)
