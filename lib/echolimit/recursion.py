"""The recursion p_{i+1} = P_delta(alpha p* + (1 - alpha) p_i) and its limit, in closed form and by exact draws."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from echolimit._arrays import Array, check_rng, geometric_ages
from echolimit._checks import check_alpha, check_count, check_delta, check_number, check_schedule
from echolimit._law import Law, check_law
from echolimit.age_groups import LISTED_AGES, group_ages
from echolimit.echo_law import EchoLaw
from echolimit.process import check_process

MAX_ROUNDS = 10_000_000
GROUPING_ERROR = 1e-12  # total variation, for rounds that list too many ages


def age_law(rounds: int, alpha: Any) -> np.ndarray:
    """Probabilities of the ages 1, ..., rounds of a sample after `rounds` rounds.

    The age counts the truncations on the way to the last fresh ancestor, and is capped at `rounds` for a sample that
    descends from p_0.  For constant alpha it is min(G, rounds), P(G = j) = alpha (1 - alpha)^(j - 1).
    rounds: integer >= 1.  alpha: fresh share in [0, 1], or one a round.  Returns (rounds,), sum one.
    Raises ValueError outside these ranges or for a schedule of another length.
    Derived in chapter 2, thm-genealogy.
    """
    rounds = check_count(rounds, "rounds", least=1, most=MAX_ROUNDS)
    fresh, left = _descent(check_schedule(alpha, "alpha", rounds))
    fresh[-1] += left
    return fresh


def one_round(target: Law, current: Law, alpha: float, delta: float, process: Any = None) -> EchoLaw:
    """F(p) = P_delta(alpha p* + (1 - alpha) p): mix fresh data in, then noise for time delta.

    target: p*.  current: p, any law of the same dimension.  alpha: fresh share in [0, 1].  delta: truncation time > 0.
    Exact.  Raises ValueError for alpha or delta outside its range or for laws on different spaces.
    Chapter 2; the loop is studied by Khelifa et al. (2026).
    """
    alpha, delta, process = check_alpha(alpha), check_delta(delta), check_process(process)
    check_law(target, "target")
    check_law(current, "current")
    if current.dimension != target.dimension:
        raise ValueError(f"current must have the target's dimension, {target.dimension}, got {current.dimension}")
    if current is target:
        return EchoLaw(target, [delta], [1.0], process=process)
    if isinstance(current, EchoLaw) and current.target is target and current.process == process:
        times = np.append(current.times + delta, delta)
        weights = np.append((1 - alpha) * current.weights, alpha)
        start, start_weight = current.start, (1 - alpha) * current.start_weight
        start_time, error = current.start_time + delta, (1 - alpha) * current.tv_error
        return EchoLaw(target, times, weights, start, start_time, start_weight, error, process)
    return EchoLaw(target, [delta], [alpha], current, delta, 1 - alpha, 0.0, process)


def round_law(
    target: Law, rounds: int, alpha: Any, delta: Any, start: Law | None = None, process: Any = None
) -> EchoLaw:
    """p_rounds, the law after `rounds` rounds from p_0 = start (None: p_0 = p*).

    p_N = sum_k alpha_k prod_{l>k} (1 - alpha_l) P_{S_k} p* + prod_l (1 - alpha_l) P_{S_0} p_0,
    S_k = delta_k + ... + delta_{N-1}.

    rounds: integer >= 0.  alpha in [0, 1], delta > 0: numbers, or sequences with one entry a round, first round first.
    Exact up to 512 ages; above, ages are grouped with a certified `tv_error` of at most 1e-12.
    Raises ValueError outside these ranges, for a schedule of another length, or for laws on different spaces.
    Derived in chapter 2, thm-finite-rounds.
    """
    rounds, process = check_count(rounds, "rounds", most=MAX_ROUNDS), check_process(process)
    check_law(target, "target")
    if start is not None:
        check_law(start, "start")
    alphas, deltas = check_schedule(alpha, "alpha", rounds), check_schedule(delta, "delta", rounds)
    fresh, left = _descent(alphas)
    times = np.cumsum(deltas[::-1])
    oldest = float(times[-1]) if rounds else 0.0
    if start is None or start is target:
        times, fresh, left, start = np.append(times, oldest), np.append(fresh, left), 0.0, None
    times, fresh = times[fresh > 0], fresh[fresh > 0]
    error = 0.0
    if len(times) > LISTED_AGES:
        times, fresh, error = group_ages(times, fresh, GROUPING_ERROR, target, process)
    return EchoLaw(target, times, fresh, start, oldest, left, error, process)


def limit_law(target: Law, alpha: float, delta: float, tol: float = 1e-12, process: Any = None) -> EchoLaw:
    """p_inf = sum_{j >= 1} alpha (1 - alpha)^(j - 1) P_{j delta} p*, the unique fixed point of `one_round`.

    alpha: fresh share in (0, 1].  delta: truncation time > 0.  tol: bound in (0, 1) of the total variation error.
    Ages j < J are kept and all older mass is put on age J: error (1 - alpha)^J <= tol (prop-certified-truncation).
    More than 512 ages are grouped by a Gauss rule with a certified error (prop-age-groups); `tv_error` holds the sum.
    Raises ValueError outside these ranges and above ten million ages.
    Derived in chapter 3, thm-limit-law; stated in Khelifa et al. (2026).
    """
    alpha, delta, tol = check_alpha(alpha, zero=False), check_delta(delta), check_number(tol, "tol")
    if not 0 < tol < 1:
        raise ValueError(f"tol must be in (0, 1), got {tol}: it bounds a total variation distance")
    check_law(target, "target")
    process = check_process(process)
    if alpha == 1:
        return EchoLaw(target, [delta], [1.0], process=process)
    oldest = _oldest_age(alpha, tol)
    grouped = oldest > LISTED_AGES
    if grouped:  # half of tol for the tail, half for the groups
        oldest = _oldest_age(alpha, tol / 2)
    ages = np.arange(1, oldest + 1)
    weights = alpha * np.exp(np.log1p(-alpha) * (ages - 1))
    weights[-1] = math.exp(math.log1p(-alpha) * (oldest - 1))
    tail = math.exp(math.log1p(-alpha) * oldest)
    times, error = ages * delta, 0.0
    if grouped:
        times, weights, error = group_ages(times, weights, tol / 2, target, process)
    return EchoLaw(target, times, weights / weights.sum(), tv_error=tail + error, process=process)


def sample_round(
    target: Law,
    n: int,
    rounds: int,
    alpha: Any,
    delta: Any,
    rng: Any,
    start: Law | None = None,
    process: Any = None,
) -> Array:
    """n exact draws of p_rounds, shape (n, d): draw an age, draw a point of p* (or p_0), noise it for the age's time.

    Arguments as in `round_law`; rng: numpy Generator, or torch.Generator for laws made of tensors.
    Derived in chapter 2, thm-genealogy.
    """
    n = check_count(n, "n", least=1)
    return round_law(target, rounds, alpha, delta, start, process).sample(n, rng)


def sample_limit(target: Law, n: int, alpha: float, delta: float, rng: Any, process: Any = None) -> Array:
    """n exact draws of p_inf, shape (n, d): no truncation of ages.  Arguments as in `limit_law` and `sample_round`.

    Derived in chapter 3, thm-limit-law: p_inf is the law of a_T X + s_T Z with T = delta G, G geometric.
    """
    n = check_count(n, "n", least=1)
    alpha, delta = check_alpha(alpha, zero=False), check_delta(delta)
    check_law(target, "target")
    process = check_process(process)
    check_rng(rng, target._like)
    ages = geometric_ages(rng, n, alpha, target._like)
    return target._draw_noised(n, delta * ages, rng, process)


def score_of(law: Law, process: Any = None) -> Any:
    """The function score(x, t): the gradient of ln P_t p at x (n, d), for a number t >= 0.  What samplers take.

    For an EchoLaw, process=None is the process of its recursion.  Chapter 1, prop-tweedie.
    """
    check_law(law, "law")
    if process is not None:
        check_process(process)

    def score(x: Any, t: float) -> Array:
        return law.diffuse(t, process).score(x)

    return score


def _oldest_age(alpha: float, tol: float) -> int:
    """The first age J with (1 - alpha)^J <= tol."""
    age = math.log(tol) / math.log1p(-alpha)
    if age > MAX_ROUNDS:
        raise ValueError(
            f"alpha = {alpha} with tol = {tol}: the number of ages, ln(tol) / ln(1 - alpha), is {age:.3g}, more than "
            f"{MAX_ROUNDS}; raise alpha or tol, or draw with sample_limit, which lists no ages"
        )
    return math.ceil(age)


def _descent(alphas: np.ndarray) -> tuple[np.ndarray, float]:
    """Probabilities that the last fresh ancestor entered 1, 2, ... rounds ago, and that there is none."""
    backwards = alphas[::-1]
    survived = np.cumprod(1 - backwards)
    fresh = backwards * np.concatenate([[1.0], survived[:-1]]) if len(alphas) else np.zeros(0)
    return fresh, float(survived[-1]) if len(alphas) else 1.0
