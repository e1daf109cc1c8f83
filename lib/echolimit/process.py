"""Noising processes: X_t = a_t X_0 + s_t Z with Z ~ N(0, I), and the dictionary between time conventions."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import array_api_compat as compat

from echolimit._arrays import Array, as_float_array, block_size, row_blocks, standard_normal
from echolimit._checks import check_number, check_time


class _Process:
    """What both processes share: a semigroup of Gaussian kernels N(a_t x, s_t^2 I)."""

    def signal(self, t: Any) -> Any:
        raise TypeError("use OrnsteinUhlenbeck() or VarianceExploding()")

    def noise_variance(self, t: Any) -> Any:
        raise TypeError("use OrnsteinUhlenbeck() or VarianceExploding()")

    def perturb(self, x: Any, t: Any, rng: Any) -> Array:
        """Draws of X_t given X_0 = x: a_t x + s_t Z.

        x: array (n, ...).  t: a time >= 0 for all rows, or an array (n,) with a time for each row.
        rng: numpy Generator for numpy arrays, torch.Generator on the same device for tensors.
        Returns an array of x's shape, dtype and device.  Raises ValueError for a negative time or a wrong shape.
        """
        x = as_float_array(x, "x")
        if not compat.is_array_api_obj(t) or t.ndim == 0:
            time = check_time(t)
            return self.signal(time) * x + math.sqrt(self.noise_variance(time)) * standard_normal(rng, x.shape, x)
        xp = compat.array_namespace(x)
        if tuple(t.shape) != (x.shape[0],):
            raise ValueError(f"t must be a number or have shape ({x.shape[0]},), got {tuple(t.shape)}")
        column = (x.shape[0],) + (1,) * (x.ndim - 1)
        scale = xp.astype(xp.reshape(self.signal(t), column), x.dtype)
        spread = xp.astype(xp.reshape(xp.sqrt(self.noise_variance(t)), column), x.dtype)
        out = standard_normal(rng, x.shape, x)
        cost = math.prod(x.shape[1:])
        for rows in row_blocks(x.shape[0], block_size(x, cost)):
            out[rows, ...] = out[rows, ...] * spread[rows, ...] + x[rows, ...] * scale[rows, ...]
        return out


@dataclass(frozen=True)
class OrnsteinUhlenbeck(_Process):
    """dX = -X dt + sqrt(2) dW: a_t = exp(-t), s_t^2 = 1 - exp(-2 t); N(0, I) is invariant.

    Derived in chapter 1, prop-ou-semigroup.
    """

    def signal(self, t: Any) -> Any:
        """a_t = exp(-t), in (0, 1]; t a number or an array of times >= 0."""
        return _exp(-t)

    def noise_variance(self, t: Any) -> Any:
        """s_t^2 = 1 - exp(-2 t), in [0, 1), without cancellation for small t."""
        return -_expm1(-2 * t)

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
        """a_t = 1 for every time."""
        return 0 * t + 1.0

    def noise_variance(self, t: Any) -> Any:
        """s_t^2 = t, the added variance."""
        return t

    def _complex_box(self, spectrum: Any, lower: float, upper: float, height: float) -> tuple[Any, Any, float]:
        """As for OrnsteinUhlenbeck; here v = lambda + t."""
        return spectrum + lower, 0 * spectrum + height, 0.0


def _exp(t: Any) -> Any:
    return compat.array_namespace(t).exp(t) if compat.is_array_api_obj(t) and t.ndim else math.exp(t)


def _expm1(t: Any) -> Any:
    return compat.array_namespace(t).expm1(t) if compat.is_array_api_obj(t) and t.ndim else math.expm1(t)


def delta_to_sigma(delta: float) -> float:
    """Noise level of the variance-exploding convention: sigma^2 = exp(2 delta) - 1.  delta: time >= 0."""
    return math.sqrt(math.expm1(2 * check_time(delta, "delta")))


def sigma_to_delta(sigma: float) -> float:
    """Ornstein-Uhlenbeck time of the noise level sigma >= 0: delta = ln(1 + sigma^2) / 2."""
    return math.log1p(check_time(sigma, "sigma") ** 2) / 2


def delta_to_alpha_bar(delta: float) -> float:
    """The cumulative signal share of discrete-time models: alpha_bar = exp(-2 delta).  delta: time >= 0."""
    return math.exp(-2 * check_time(delta, "delta"))


def alpha_bar_to_delta(alpha_bar: float) -> float:
    """Ornstein-Uhlenbeck time of a cumulative signal share alpha_bar in (0, 1]: delta = -ln(alpha_bar) / 2."""
    value = check_number(alpha_bar, "alpha_bar")
    if not 0 < value <= 1:
        raise ValueError(f"alpha_bar must be in (0, 1], got {value}: it is the squared signal scale exp(-2 delta)")
    return -math.log(value) / 2
