"""Noising processes: X_t = a_t X_0 + s_t Z with Z ~ N(0, I), and the dictionary between time conventions."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import array_api_compat as compat

from echolimit._arrays import (
    Array,
    as_float_array,
    check_rng,
    drawing_rows,
    empty,
    fill_normal,
    has_values,
    row_blocks,
    same_home,
)
from echolimit._checks import check_number, check_time


class _Process(ABC):
    """What both processes share: a semigroup of Gaussian kernels N(a_t x, s_t^2 I)."""

    @abstractmethod
    def signal(self, t: Any) -> Any:
        """a_t."""

    @abstractmethod
    def noise_variance(self, t: Any) -> Any:
        """s_t^2."""

    @abstractmethod
    def _complex_box(self, spectrum: Any, lower: float, upper: float, height: float) -> tuple[Any, Any, float]: ...

    def perturb(self, x: Any, t: Any, rng: Any) -> Array:
        """Draws of X_t given X_0 = x: a_t x + s_t Z.

        x: array (n, ...).  t: a time >= 0 for all rows, or an array (n,) with a time for each row.
        rng: numpy Generator for numpy arrays, torch.Generator on the same device for tensors.
        Returns an array of x's shape, dtype and device.  Raises ValueError for a negative time or a wrong shape,
        TypeError for times of another namespace than x.
        """
        return self._perturb(x, None, t, rng)

    def _perturb(self, x: Any, labels: Array | None, t: Any, rng: Any) -> Array:
        """`perturb` of the rows x[labels] (None: of x), which are read once and never copied out as a whole."""
        x = as_float_array(x, "x")
        if x.ndim == 0:
            raise ValueError("x must have shape (n, ...), got (): use np.reshape(x, (1, 1))")
        t = _times(t)
        n = x.shape[0] if labels is None else labels.shape[0]
        check_rng(rng, x)
        if isinstance(t, float):
            scale, spread = self.signal(t), math.sqrt(self.noise_variance(t))
        else:
            same_home(x=x, t=t)
            if tuple(t.shape) != (n,):
                raise ValueError(f"t must be a number or have shape ({n},), got {tuple(t.shape)}")
            xp = compat.array_namespace(x)
            column = (n,) + (1,) * (x.ndim - 1)
            scale = xp.astype(xp.reshape(self.signal(t), column), x.dtype)
            spread = xp.astype(xp.reshape(xp.sqrt(self.noise_variance(t)), column), x.dtype)
        return _noised(x, labels, n, scale, spread, rng)


@dataclass(frozen=True)
class OrnsteinUhlenbeck(_Process):
    """dX = -X dt + sqrt(2) dW: a_t = exp(-t), s_t^2 = 1 - exp(-2 t); N(0, I) is invariant.

    Derived in chapter 1, prop-ou-semigroup.
    """

    def signal(self, t: Any) -> Any:
        """a_t = exp(-t), in (0, 1]; t a number or an array of times >= 0.  Raises ValueError for a negative one."""
        t = _times(t)
        return math.exp(-t) if isinstance(t, float) else compat.array_namespace(t).exp(-t)

    def noise_variance(self, t: Any) -> Any:
        """s_t^2 = 1 - exp(-2 t), in [0, 1), without cancellation for small t; t as in `signal`."""
        t = _times(t)
        return -math.expm1(-2 * t) if isinstance(t, float) else -compat.array_namespace(t).expm1(-2 * t)

    def _complex_box(self, spectrum: Any, lower: float, upper: float, height: float) -> tuple[Any, Any, float]:
        """Bounds for complex times with lower <= Re t <= upper, |Im t| <= height.

        Returns a lower bound of Re v, an upper bound of |Im v| (v = a^2 lambda + s^2, for each lambda of `spectrum`)
        and an upper bound of |Im a|.
        """
        far, near = math.exp(-2 * upper), math.exp(-2 * lower)
        excess = spectrum - 1
        short = height < math.pi / 4  # beyond, cos(2 theta) >= -1 and |sin| <= 1 is all there is
        wide = 1 + excess * far * math.cos(2 * height) if short else 1 - excess * near
        real = (1 + excess * near) * (excess < 0) + wide * (excess >= 0)
        turn, tilt = (math.sin(2 * height), math.sin(height)) if short else (1.0, 1.0)
        return real, abs(excess) * near * turn, math.exp(-lower) * tilt


@dataclass(frozen=True)
class VarianceExploding(_Process):
    """dX = dW: a_t = 1, s_t^2 = t; the variance grows without bound and no law is invariant.

    Time is the added variance.  Chapter 3, prop-ve-limit, shows what changes in the recursion.
    """

    def signal(self, t: Any) -> Any:
        """a_t = 1; t a number or an array of times >= 0.  Raises ValueError for a negative one."""
        t = _times(t)
        return 1.0 if isinstance(t, float) else compat.array_namespace(t).ones_like(t)

    def noise_variance(self, t: Any) -> Any:
        """s_t^2 = t, the added variance; t as in `signal`."""
        return _times(t)

    def _complex_box(self, spectrum: Any, lower: float, upper: float, height: float) -> tuple[Any, Any, float]:
        """As for OrnsteinUhlenbeck; here v = lambda + t."""
        return spectrum + lower, 0 * spectrum + height, 0.0


def check_process(process: Any) -> _Process:
    """The process given; None stands for OrnsteinUhlenbeck().  Anything else is a TypeError."""
    if process is None:
        return OrnsteinUhlenbeck()
    if not isinstance(process, _Process):
        raise TypeError(f"process must be OrnsteinUhlenbeck(), VarianceExploding() or None, got {process!r}")
    return process


def _times(t: Any) -> Any:
    """A time >= 0 as a float, or an array of times >= 0 in floating point."""
    if isinstance(t, list | tuple) or (compat.is_array_api_obj(t) and t.ndim):
        t = as_float_array(t, "t")
        if has_values(t) and not bool(compat.array_namespace(t).all(t >= 0)):
            raise ValueError("t must be at least 0 everywhere, got a negative time or NaN in it: mend those entries")
        return t
    return check_time(float(t) if compat.is_array_api_obj(t) else t)


def delta_to_sigma(delta: float) -> float:
    """Noise level of the variance-exploding convention: sigma^2 = exp(2 delta) - 1.  delta: time in [0, 354]."""
    time = check_time(delta, "delta")
    if time > 354:
        raise ValueError(f"delta must be at most 354, got {time}: beyond, sigma^2 leaves the range of float64")
    return math.sqrt(math.expm1(2 * time))


def sigma_to_delta(sigma: float) -> float:
    """Ornstein-Uhlenbeck time of the noise level sigma >= 0: delta = ln(1 + sigma^2) / 2."""
    level = check_number(sigma, "sigma")
    if level < 0:
        raise ValueError(f"sigma must be at least 0, got {level}: it is a standard deviation")
    return math.log1p(level**2) / 2 if level < 1 else math.log(level) + math.log1p(level**-2) / 2  # no overflow


def delta_to_alpha_bar(delta: float) -> float:
    """The cumulative signal share of discrete-time models: alpha_bar = exp(-2 delta).  delta: time >= 0."""
    return math.exp(-2 * check_time(delta, "delta"))


def alpha_bar_to_delta(alpha_bar: float) -> float:
    """Ornstein-Uhlenbeck time of a cumulative signal share alpha_bar in (0, 1]: delta = -ln(alpha_bar) / 2."""
    value = check_number(alpha_bar, "alpha_bar")
    if not 0 < value <= 1:
        raise ValueError(f"alpha_bar must be in (0, 1], got {value}: it is the squared signal scale exp(-2 delta)")
    return -math.log(value) / 2


def _noised(x: Array, labels: Array | None, n: int, scale: Any, spread: Any, rng: Any) -> Array:
    """scale x[labels] + spread Z, in blocks of rows that stay in cache from the draw of Z to the sum."""
    xp = compat.array_namespace(x)
    out = empty((n, *x.shape[1:]), x)
    for rows in row_blocks(n, drawing_rows(x)):
        block = out[rows, ...]
        a, s = (scale, spread) if isinstance(scale, float) else (scale[rows, ...], spread[rows, ...])
        fill_normal(rng, block)
        block *= s
        if labels is None:
            block += a * x[rows, ...]
            continue
        picked = xp.take(x, labels[rows], axis=0)
        picked *= a
        block += picked
    return out
