"""Argument checks: each names the argument, its value and the remedy."""

from __future__ import annotations

import math
import numbers
from collections.abc import Collection
from typing import Any

import array_api_compat as compat
import numpy as np

from echolimit._arrays import Array, as_float_array, has_values, to_numpy


def check_count(value: Any, name: str, least: int = 0, most: int | None = None) -> int:
    """An integer in [least, most]."""
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise TypeError(f"{name} must be an integer, got {value!r}: pass int({name})")
    count = int(value)
    if count < least or (most is not None and count > most):
        upper = "" if most is None else f" and at most {most}"
        raise ValueError(f"{name} must be at least {least}{upper}, got {value}")
    return count


def check_number(value: Any, name: str) -> float:
    """A finite real number."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        size = getattr(value, "size", None)
        if not (isinstance(value, np.ndarray) and size == 1 and value.dtype.kind in "fiu"):
            raise TypeError(f"{name} must be a real number, got {value!r}: pass one number")
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"{name} must be finite, got {number}")
    return number


def check_positive(value: Any, name: str, why: str = "pass a positive number") -> float:
    """A finite number > 0."""
    number = check_number(value, name)
    if number <= 0:
        raise ValueError(f"{name} must be greater than 0, got {number}: {why}")
    return number


def check_not_negative(value: Any, name: str, why: str) -> float:
    """A finite number >= 0."""
    number = check_number(value, name)
    if number < 0:
        raise ValueError(f"{name} must be at least 0, got {number}: {why}")
    return number


def check_choice(value: Any, name: str, allowed: Collection[str]) -> str:
    """One of the words allowed."""
    if not isinstance(value, str) or value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(allowed)}, got {value!r}")
    return value


def check_step(t: Any, later: Any) -> tuple[float, float]:
    """A step of the reverse chain, from a time t down to `later`: t > later > 0."""
    before, after = check_number(t, "t"), check_number(later, "later")
    if not 0 < after < before:
        raise ValueError(
            f"t and later must satisfy t > later > 0, got {before} and {after}: reverse time runs from t down to later"
        )
    return before, after


def check_time(t: Any, name: str = "t") -> float:
    """A diffusion time: a finite number >= 0."""
    number = check_number(t, name)
    if number < 0:
        raise ValueError(f"{name} must be at least 0, got {number}: noising cannot be undone by a negative time")
    return number


def check_delta(delta: Any) -> float:
    """A truncation time: a finite number > 0."""
    number = check_number(delta, "delta")
    if number <= 0:
        raise ValueError(
            f"delta must be greater than 0, got {number}: without truncation every ideal round returns its input law"
        )
    return number


def check_alpha(alpha: Any, zero: bool = True) -> float:
    """A fresh share in [0, 1], or in (0, 1] where zero has no limit law."""
    number = check_number(alpha, "alpha")
    if not zero and number == 0:
        raise ValueError(
            "alpha must be in (0, 1], got 0: with no fresh data the loop ends in N(0, I); see prop-fully-synthetic"
        )
    if not 0 <= number <= 1:
        raise ValueError(
            f"alpha must be in {'[' if zero else '('}0, 1], got {number}: it is the share of fresh data in a round"
        )
    return number


def check_schedule(value: Any, name: str, rounds: int) -> np.ndarray:
    """`alpha` or `delta` of each round: a number, repeated, or a sequence of length `rounds`."""
    check = check_alpha if name == "alpha" else check_delta
    if value is None or isinstance(value, numbers.Real | str) or getattr(value, "ndim", 1) == 0:
        return np.full(rounds, check(value))
    values = to_numpy(as_float_array(value, name))
    if values.shape != (rounds,):
        raise ValueError(f"{name} must be a number or a sequence of length rounds = {rounds}, got shape {values.shape}")
    for k, entry in enumerate(values):
        try:
            check(entry)
        except ValueError as error:
            raise ValueError(f"{name}[{k}]: {error}") from None
    return values


def check_points(x: Any, dimension: int, like: Array, name: str = "x") -> Array:
    """Points of shape (n, dimension) in like's namespace and on its device, finite."""
    x = as_float_array(x, name, like)
    if x.ndim != 2 or x.shape[1] != dimension:
        hint = f": use {name}[:, None]" if x.ndim == 1 and dimension == 1 else ""
        raise ValueError(f"{name} must have shape (n, {dimension}), got {tuple(x.shape)}{hint}")
    check_finite(x, name)
    return x


def check_finite(x: Array, name: str) -> None:
    """No NaN and no infinity (not looked at where the array carries no values)."""
    if has_values(x):
        if compat.is_torch_array(x) and math.isfinite(float(x.detach().sum())):
            return  # one pass over x, where torch's isfinite makes four
        xp = compat.array_namespace(x)
        if not bool(xp.all(xp.isfinite(x))):
            raise ValueError(f"{name} must be finite, got NaN or infinity in it: drop or mend those entries first")


def check_numbers(
    value: Any, name: str, least: float = -math.inf, why: str = "drop or mend those entries"
) -> np.ndarray:
    """A number or an array of numbers, of any shape, finite and at least `least`, as numpy float64."""
    values = to_numpy(as_float_array(value, name))
    if not np.all(np.isfinite(values)) or np.any(values < least):
        bound = "" if least == -math.inf else f" and at least {least:g}"
        raise ValueError(f"{name} must be finite{bound}, got {value!r}: {why}")
    return values


def check_weights(weights: Any, k: int, like: Array) -> Array:
    """k mixture weights: nonnegative with sum one (to 1e-6 in single, 1e-9 in double precision), then normalised."""
    weights = as_float_array(weights, "weights", like)
    if tuple(weights.shape) != (k,):
        raise ValueError(f"weights must have shape ({k},), one a component, got {tuple(weights.shape)}")
    check_finite(weights, "weights")
    if has_values(weights):
        xp = compat.array_namespace(weights)
        if bool(xp.any(weights < 0)):
            raise ValueError(f"weights must be nonnegative, got a smallest one of {float(xp.min(weights))}")
        total = float(xp.sum(xp.astype(weights, xp.float64)))
        slack = 1e-9 if weights.dtype == xp.float64 else 1e-5
        if abs(total - 1) > slack:
            raise ValueError(f"weights must sum to 1, got {total}: divide them by their sum")
        weights = weights / total
    return weights
