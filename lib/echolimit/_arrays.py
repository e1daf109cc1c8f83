"""Array namespaces, devices and randomness: one code for numpy, torch and the array API standard."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import array_api_compat as compat
import numpy as np

Array = Any  # an array of any namespace that follows the array API standard


def has_values(x: Array) -> bool:
    """False for arrays that carry a shape but no numbers (torch's meta device)."""
    return not (compat.is_torch_array(x) and x.device.type == "meta")


def as_float_array(value: Any, name: str, like: Array | None = None) -> Array:
    """`value` as a floating-point array: arrays keep namespace, device and float dtype, the rest is numpy float64.

    With `like`, Python numbers and sequences follow like's namespace, device and dtype; an array of another
    namespace or device is refused (TypeError, ValueError).
    """
    if not compat.is_array_api_obj(value):
        try:
            value = np.asarray(value, dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise ValueError(f"{name} must be an array of numbers, got {value!r}: {error}") from None
        if like is not None:
            xp = compat.array_namespace(like)
            value = xp.asarray(value.tolist(), dtype=like.dtype, device=compat.device(like))
    elif like is not None:
        same_home(**{name: value, "the law": like})
    xp = compat.array_namespace(value)
    if xp.isdtype(value.dtype, "complex floating"):
        raise TypeError(f"{name} must be real, got dtype {value.dtype}: pass its real part")
    if not xp.isdtype(value.dtype, "real floating"):
        dtype = xp.float64 if like is None else like.dtype
        value = xp.astype(value, dtype)
    return value


def same_home(**named: Array) -> None:
    """Refuse arrays of different namespaces (TypeError) or on different devices (ValueError)."""
    (first, reference), *others = named.items()
    home = compat.array_namespace(reference)
    for name, array in others:
        if compat.array_namespace(array) is not home:
            raise TypeError(
                f"{first} is a {_kind(reference)} and {name} a {_kind(array)}: convert one of them, "
                "for example with torch.as_tensor(...) or tensor.numpy()"
            )
        if compat.device(array) != compat.device(reference):
            raise ValueError(
                f"{first} is on {compat.device(reference)} and {name} on {compat.device(array)}: "
                "move one of them with .to(device)"
            )


def _kind(x: Array) -> str:
    return f"{type(x).__module__.split('.')[0]} array"


def to_numpy(x: Array) -> np.ndarray:
    """A numpy float64 copy on the host, for oracles and certificates."""
    if compat.is_torch_array(x):
        x = x.detach().cpu()
    return np.asarray(x, dtype=np.float64)


def on_host(x: Array) -> bool:
    """Whether x lies in the memory of the processor."""
    return not compat.is_torch_array(x) or x.device.type == "cpu"


def block_size(x: Array, cost: int) -> int:
    """Rows of x to treat at once when each row makes `cost` numbers.

    Cache-sized where each operation runs on one core, larger where it is shared among threads, largest on a device.
    """
    if compat.is_torch_array(x):
        numbers = 2**21 if x.device.type == "cpu" else 2**26
    else:
        numbers = 2**17
    return max(1, numbers // max(1, cost))


def drawing_rows(x: Array) -> int:
    """Rows of x to draw and finish at once: in cache on the host, large on a device.

    A multiple of 16, because torch makes its normals 16 at a time: so blocks give the numbers of one large draw.
    """
    return max(16, (2**17 if on_host(x) else 2**26) // max(1, math.prod(x.shape[1:])) // 16 * 16)


def row_blocks(n: int, size: int) -> Iterator[slice]:
    """Slices that cover range(n) in blocks of `size`."""
    for first in range(0, n, size):
        yield slice(first, min(n, first + size))


def exponentiate(x: Array) -> None:
    """x becomes exp(x), for x <= 0, in place; below exp(-80) = 2e-35 it stays at that.

    Where the exponential underflows it costs up to eighty times as much.
    """
    if compat.is_torch_array(x):
        x.clamp_(min=-80.0).exp_()
    elif compat.is_numpy_array(x):
        np.exp(np.maximum(x, -80.0, out=x), out=x)
    else:
        xp = compat.array_namespace(x)
        x[...] = xp.exp(xp.clip(x, min=-80.0))


def log_sum_exp(x: Array) -> Array:
    """log(sum(exp(x), axis=0)) of an array (k, n) without overflow."""
    xp = compat.array_namespace(x)
    top = xp.max(x, axis=0)
    return top + xp.log(xp.sum(xp.exp(x - top[None, :]), axis=0))


def log_weights(weights: Array) -> Array:
    """ln w, with -inf (and no warning) for a weight of zero."""
    xp = compat.array_namespace(weights)
    positive = weights > 0
    return xp.where(positive, xp.log(xp.where(positive, weights, xp.ones_like(weights))), -math.inf)


def check_rng(rng: Any, like: Array) -> None:
    """The generator must be numpy's for numpy arrays and torch's, on the same device, for tensors."""
    if compat.is_torch_array(like):
        import torch

        if not isinstance(rng, torch.Generator):
            raise TypeError(
                f"rng must be a torch.Generator for laws made of tensors, got {type(rng).__name__}: "
                f"use torch.Generator('{like.device}').manual_seed(seed)"
            )
        if has_values(like) and rng.device.type != like.device.type:
            raise ValueError(
                f"rng lives on {rng.device} and the law on {like.device}: "
                f"use torch.Generator('{like.device}').manual_seed(seed)"
            )
    elif not isinstance(rng, np.random.Generator):
        raise TypeError(
            f"rng must be a numpy.random.Generator, got {type(rng).__name__}: use numpy.random.default_rng(seed)"
        )


def standard_normal(rng: Any, shape: tuple[int, ...], like: Array) -> Array:
    """Independent N(0, 1) draws of like's namespace, device and dtype."""
    check_rng(rng, like)
    if compat.is_torch_array(like):
        import torch

        if not has_values(like):
            return torch.empty(shape, dtype=like.dtype, device=like.device)
        return torch.randn(shape, generator=rng, dtype=like.dtype, device=like.device)
    if compat.is_numpy_array(like) and like.dtype in (np.float32, np.float64):
        return rng.standard_normal(shape, dtype=like.dtype.type)
    xp = compat.array_namespace(like)
    return xp.asarray(rng.standard_normal(shape), dtype=like.dtype, device=compat.device(like))


def empty(shape: tuple[int, ...], like: Array) -> Array:
    """An array to be filled, of like's namespace, device and dtype.

    On the host numpy's memory serves torch too: numpy asks the system for huge pages, and touching the pages of a new
    array of gigabytes costs half as much as the normals that go into it.
    """
    xp = compat.array_namespace(like)
    name = str(like.dtype).removeprefix("torch.")
    if compat.is_torch_array(like) and on_host(like) and hasattr(np, name):
        return xp.from_numpy(np.empty(shape, dtype=name))
    return xp.empty(shape, dtype=like.dtype, device=compat.device(like))


def fill_normal(rng: Any, out: Array) -> None:
    """Independent N(0, 1) draws into a contiguous block of rows, the numbers of `standard_normal`."""
    if compat.is_torch_array(out) and has_values(out):
        out.normal_(generator=rng)
    elif compat.is_numpy_array(out) and out.dtype in (np.float32, np.float64):
        rng.standard_normal(dtype=out.dtype.type, out=out)
    else:
        out[...] = standard_normal(rng, tuple(out.shape), out)


def uniform(rng: Any, n: int, like: Array) -> Array:
    """Independent uniform draws on [0, 1) in float64, so that rare ages and components are not lost."""
    check_rng(rng, like)
    if compat.is_torch_array(like):
        import torch

        if not has_values(like):
            return torch.empty((n,), dtype=torch.float64, device=like.device)
        return torch.rand(n, generator=rng, dtype=torch.float64, device=like.device)
    xp = compat.array_namespace(like)
    return xp.asarray(rng.random(n), device=compat.device(like))


def draw_labels(rng: Any, n: int, weights: Array, like: Array) -> Array:
    """n labels in 0..k-1 with probabilities `weights` (k,), by inversion of the cumulative sum."""
    xp = compat.array_namespace(like)
    cumulative = xp.cumulative_sum(xp.astype(weights, xp.float64))
    labels = xp.searchsorted(cumulative, uniform(rng, n, like) * cumulative[-1], side="right")
    return xp.clip(labels, 0, weights.shape[0] - 1)


def geometric_ages(rng: Any, n: int, alpha: float, like: Array) -> Array:
    """n draws of G with P(G = j) = alpha (1 - alpha)^(j - 1), j = 1, 2, ..., as float64."""
    xp = compat.array_namespace(like)
    u = uniform(rng, n, like)
    if alpha == 1.0:
        return xp.ones_like(u)
    return 1.0 + xp.floor(xp.log1p(-u) / math.log1p(-alpha))
