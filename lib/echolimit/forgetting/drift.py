"""Constants of one step of the reverse chain: forgetting factors, Lyapunov drift, Doeblin minorisation."""

from __future__ import annotations

import math
from typing import NamedTuple

from scipy.integrate import quad
from scipy.special import erfc, gammaln

from echolimit._checks import check_count, check_not_negative, check_positive, check_step
from echolimit._noised import kept_displacement, noised_variance
from echolimit.samplers.steps import step_coefficients


class LyapunovDrift(NamedTuple):
    """E[V(X_later) | X_t = y] <= rate V(y) + bound, for V(x) = |x|^2."""

    rate: float
    bound: float


class ReverseBridge(NamedTuple):
    """X_later given X_t = y is start y + data X_0 + sqrt(variance) Z, X_0 from its posterior given X_t = y."""

    start: float
    data: float
    variance: float


def gaussian_forgetting(variance: float, t: float, later: float, flow: bool = False) -> float:
    """By what the gap of two starts at time t is multiplied at time `later`, for data N(m, variance) on the line.

    Reverse SDE: exp(-(t - later)) v_later / v_t with v_t = exp(-2 t) v + 1 - exp(-2 t), the regression coefficient of
    X_later on X_t.  Probability flow: sqrt(v_later / v_t), the ratio of the standard deviations.

    variance: v > 0 of the data.  t > later > 0: Ornstein-Uhlenbeck times.  Returns a positive number; the SDE's is
    below one iff exp(t + later) > v - 1.  Raises ValueError outside these ranges.
    Derived in chapter 9, thm-gaussian-forgetting.
    """
    v, t, later = check_positive(variance, "variance"), *check_step(t, later)
    if flow:
        return math.sqrt(noised_variance(v, later) / noised_variance(v, t))
    return float(kept_displacement(v, t, later))


def gaussian_lyapunov(variance: float, t: float, later: float, step: str = "exact") -> LyapunovDrift:
    """The exact drift of V(x) = x^2 in one reverse step for data N(0, variance): rate V + bound with equality.

    "exact": rate f^2 and bound v_later - f^2 v_t, f of `gaussian_forgetting`.  "euler_maruyama", h = t - later: rate
    (1 + h - 2 h / v_t)^2 and bound 2 h; the rate is below one iff v_t < 2 and h < 2 v_t / (2 - v_t).

    variance: v > 0.  t > later > 0.  The step's kernel is N(+-sqrt(rate) x, bound), so `bound` is its variance too.
    Raises ValueError outside these ranges or for another step.  Derived in chapter 9, prop-lyapunov.
    """
    v, t, later = check_positive(variance, "variance"), *check_step(t, later)
    if step == "exact":
        rate = gaussian_forgetting(v, t, later) ** 2
        return LyapunovDrift(rate, noised_variance(v, later) - rate * noised_variance(v, t))
    if step == "euler_maruyama":
        scale, weight, noise = step_coefficients("euler_maruyama", t, later)
        return LyapunovDrift((scale - weight / noised_variance(v, t)) ** 2, noise)
    raise ValueError(f'step must be "exact" or "euler_maruyama", got {step!r}')


def reverse_bridge(t: float, later: float) -> ReverseBridge:
    """What X_later remembers of X_t and of the data: X_later = c X_t + b X_0 + sigma Z given (X_0, X_t).

    c = sinh(later) / sinh(t), b = sinh(t - later) / sinh(t), sigma^2 = 2 sinh(later) sinh(t - later) / sinh(t), with
    b + c < 1.  t > later > 0: Ornstein-Uhlenbeck times.  Returns ReverseBridge(start=c, data=b, variance=sigma^2).
    Raises ValueError outside the ranges.  Derived in chapter 9, lem-bridge.
    """
    t, later = check_step(t, later)
    # sinh(u) / sinh(t) = exp(u - t) (1 - exp(-2 u)) / (1 - exp(-2 t)): no overflow
    whole, gap = -math.expm1(-2 * t), t - later
    start = math.exp(-gap) * -math.expm1(-2 * later) / whole
    data = math.exp(-later) * -math.expm1(-2 * gap) / whole
    return ReverseBridge(start, data, -math.expm1(-2 * later) * -math.expm1(-2 * gap) / whole)


def bounded_lyapunov(radius: float, t: float, later: float, dimension: int = 1) -> LyapunovDrift:
    """A drift of V(x) = |x|^2 for every data law with |X_0| <= radius: rate c, bound b radius^2 + d sigma^2.

    c, b, sigma^2 of `reverse_bridge`.  radius: > 0.  t > later > 0.  dimension: d >= 1.
    Raises ValueError outside these ranges.  Derived in chapter 9, prop-lyapunov.
    """
    radius = check_positive(radius, "radius")
    dimension = check_count(dimension, "dimension", least=1)
    bridge = reverse_bridge(t, later)
    return LyapunovDrift(bridge.start, bridge.data * radius**2 + dimension * bridge.variance)


def doeblin_mass(reach: float, variance: float, dimension: int = 1) -> float:
    """The mass of inf over |c| <= reach of the density of N(c, variance I): what Gaussians of a ball have in common.

    On the line 2 Phi(-reach / s); in R^d the integral of (2 pi s^2)^(-d/2) exp(-(|x| + reach)^2 / 2 s^2); s^2 is
    the variance.
    A kernel that is N(f x, s^2) has, on |x| <= r, this mass with reach f r; one that mixes such Gaussians has at least
    that of the ball of their centres.

    reach: >= 0.  variance: s^2 > 0.  dimension: d >= 1.  Returns a number in (0, 1]; may underflow to 0 for a reach of
    many standard deviations.  Raises ValueError outside these ranges.  Derived in chapter 9, prop-doeblin.
    """
    reach = check_not_negative(reach, "reach", "it is the radius of a ball of centres")
    variance, dimension = check_positive(variance, "variance"), check_count(dimension, "dimension", least=1)
    far = reach / math.sqrt(variance)
    if dimension == 1 or far > 40:  # the mass is at most exp(-far^2 / 2), which is zero in double precision beyond 40
        return float(erfc(far / math.sqrt(2)))
    log_sphere = math.log(2) - dimension / 2 * math.log(2) - float(gammaln(dimension / 2))  # with (2 pi)^(-d/2)
    peak = 2 * (dimension - 1) / (math.sqrt(far**2 + 4 * (dimension - 1)) + far)  # where the integrand is largest

    def log_shell(r: float) -> float:
        return log_sphere + (dimension - 1) * math.log(r) - (r + far) ** 2 / 2

    top, wide = log_shell(peak), 40 / math.sqrt(1 + (dimension - 1) / peak**2)  # 40 standard deviations at the peak

    def shell(r: float) -> float:
        return math.exp(log_shell(r) - top) if r > 0 else 0.0

    mass = quad(shell, max(0.0, peak - wide), peak)[0] + quad(shell, peak, peak + wide)[0]
    return min(1.0, math.exp(top) * mass)
