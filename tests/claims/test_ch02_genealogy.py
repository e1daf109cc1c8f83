"""Chapter 2: where a sample comes from, how old it is, and what a finite pool adds."""

from collections import Counter
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.stats import norm

from controls import against
from echolimit import GaussianMixture, age_law, round_law, sample_round
from strategies import line_example

DATA = line_example()


def loop_ancestries(n, alphas, deltas, rng, start):
    """n samples of the last round, each with a line of its own: coin, fresh point or own past, noise."""
    y = start.sample(n, rng)[:, 0]
    for alpha, delta in zip(alphas, deltas, strict=True):
        x = np.where(rng.random(n) < alpha, DATA.sample(n, rng)[:, 0], y)
        y = np.exp(-delta) * x + np.sqrt(-np.expm1(-2 * delta)) * rng.standard_normal(n)
    return y


def within_five_standard_errors(samples, law, points):
    seen, exact = np.mean(samples[:, None] <= points, axis=0), law(points)
    assert np.all(np.abs(seen - exact) <= 5 * np.sqrt(exact * (1 - exact) / len(samples)))


def mixture_of_ages(ages, delta):
    """The distribution function of E P_{delta age} p*, ages a dict from age to probability."""

    def cdf(x):
        total = 0.0
        for age, probability in ages.items():
            a = np.exp(-age * delta)
            for w, m, v in zip(DATA.weights, DATA.means[:, 0], DATA.covariances, strict=True):
                total = total + probability * w * norm.cdf(x, a * m, np.sqrt(a * a * v + 1 - a * a))
        return total

    return cdf


def capped(alpha, cap):
    """min(G, cap) by the definition of G."""
    ages = {j: alpha * (1 - alpha) ** (j - 1) for j in range(1, cap)}
    return {**ages, cap: 1 - sum(ages.values())}


@pytest.mark.claim("thm-genealogy")
@against(
    one_more=lambda rounds, ahead: rounds + ahead + 1,
    one_less=lambda rounds, ahead: rounds + ahead - 1,
    start_forgotten=lambda rounds, ahead: rounds + 1 - ahead,
)
@pytest.mark.parametrize("ahead", [0, 1], ids=["start-data", "start-truncated"])
def test_ages_are_capped_where_the_start_says(ahead, cap=lambda rounds, ahead: rounds + ahead):
    """min(G, i) from p_0 = p*, min(G, i + 1) from p_0 = P_delta p*: the simulated loop decides about the index."""
    alpha, delta, rounds = 0.2, 0.15, 2
    start = DATA.diffuse(delta * ahead) if ahead else DATA
    y = loop_ancestries(400_000, [alpha] * rounds, [delta] * rounds, np.random.default_rng(21), start)
    within_five_standard_errors(
        y, mixture_of_ages(capped(alpha, cap(rounds, ahead)), delta), np.linspace(-2.5, 2.5, 11)
    )


def last_fresh(alphas):
    """The law of the round in which the last fresh point entered (None: never), over all sequences of coins."""
    shares = Counter()
    for coins in product([0, 1], repeat=len(alphas)):
        last = max((k for k, coin in enumerate(coins) if coin), default=None)
        shares[last] += np.prod([a if c else 1 - a for a, c in zip(alphas, coins, strict=True)])
    return shares


def first_fresh(alphas):
    """Wrong: the first fresh point instead of the last."""
    shares = last_fresh(alphas[::-1])
    return {None if k is None else len(alphas) - 1 - k: s for k, s in shares.items()}


@pytest.mark.claim("thm-genealogy")
@against(first=first_fresh, backwards=lambda alphas: last_fresh(alphas[::-1]))
def test_the_parts_of_a_round_are_the_last_fresh_entries(entries=last_fresh):
    alphas, deltas = [0.2, 0.5, 0.1, 0.3], [0.1, 0.05, 0.2, 0.02]
    start = GaussianMixture([1.0], [[1.0]], [0.5])
    law = round_law(DATA, 4, alphas, deltas, start)
    shares = entries(alphas)
    assert_allclose(law.start_weight, shares.get(None, 0.0), rtol=1e-12)
    by_time = dict(zip(np.round(law.times, 12), law.weights, strict=True))
    for k in range(4):
        assert_allclose(by_time[np.round(sum(deltas[k:]), 12)], shares[k], rtol=1e-12)


@pytest.mark.claim("thm-genealogy")
@against(
    start_forgotten=lambda n, a, d, rng, start: sample_round(DATA, n, 4, a, d, rng),
    schedule_reversed=lambda n, a, d, rng, start: sample_round(DATA, n, 4, a[::-1], d[::-1], rng, start),
)
def test_draws_by_age_are_draws_of_the_loop(
    draw=lambda n, a, d, rng, start: sample_round(DATA, n, 4, a, d, rng, start),
):
    alphas, deltas = [0.2, 0.5, 0.1, 0.3], [0.1, 0.05, 0.2, 0.02]
    start, rng, n = GaussianMixture([1.0], [[2.0]], [0.5]), np.random.default_rng(8), 200_000
    loop = loop_ancestries(n, alphas, deltas, rng, start)
    by_age = draw(n, alphas, deltas, rng, start)[:, 0]
    points = np.linspace(-2, 3, 9)
    one, two = (np.mean(s[:, None] <= points, axis=0) for s in (loop, by_age))
    assert np.all(np.abs(one - two) <= 5 * np.sqrt(2 * one * (1 - one) / n))


@pytest.mark.claim("thm-genealogy")
@against(
    from_the_start=lambda deltas, k: sum(deltas[: k + 1]),
    own_round_not_counted=lambda deltas, k: sum(deltas[k + 1 :]),
    all_rounds=lambda deltas, k: sum(deltas),
)
def test_given_the_last_fresh_round_only_its_age_counts(clock=lambda deltas, k: sum(deltas[k:])):
    """The simulated loop, sorted by the last coin that showed fresh: part 2, with a share of zero and another start."""
    alphas, deltas, n = [0.4, 0.0, 0.5, 0.3], [0.1, 0.3, 0.05, 0.2], 200_000
    start, rng = GaussianMixture([1.0], [[1.5]], [0.1]), np.random.default_rng(12)
    y, last = start.sample(n, rng)[:, 0], np.full(n, -1)
    for k, (alpha, delta) in enumerate(zip(alphas, deltas, strict=True)):
        fresh = rng.random(n) < alpha
        last[fresh] = k
        y = np.exp(-delta) * np.where(fresh, DATA.sample(n, rng)[:, 0], y)
        y = y + np.sqrt(-np.expm1(-2 * delta)) * rng.standard_normal(n)
    points = np.linspace(-2, 2.5, 10)
    for k in (0, 2, 3):
        within_five_standard_errors(y[last == k], mixture_of_ages({1: 1.0}, clock(deltas, k)), points)
    a = np.exp(-clock(deltas, 0))
    within_five_standard_errors(y[last == -1], lambda x: norm.cdf(x, 1.5 * a, np.sqrt(0.1 * a * a + 1 - a * a)), points)


def masses(rounds, alpha):
    """eq-age-law."""
    return [alpha * (1 - alpha) ** (j - 1) for j in range(1, rounds)] + [(1 - alpha) ** (rounds - 1)]


def uncapped(rounds, alpha):
    """Wrong: the last mass forgets the samples that were never refreshed."""
    return [alpha * (1 - alpha) ** (j - 1) for j in range(1, rounds + 1)]


@pytest.mark.claim("prop-age-law")
@against(uncapped=uncapped, from_zero=lambda i, a: [a * (1 - a) ** j for j in range(1, i)] + [(1 - a) ** i])
@pytest.mark.parametrize("rounds", [1, 2, 7])
def test_age_law_counted_over_all_coins(rounds, law=masses):
    alpha = Fraction(1, 5)
    counted = [Fraction(0)] * rounds
    for coins in product([True, False], repeat=rounds):  # coins[0] is the newest
        age = next((j for j, fresh in enumerate(coins, 1) if fresh), rounds)
        counted[age - 1] += alpha ** sum(coins) * (1 - alpha) ** (rounds - sum(coins))
    assert counted == law(rounds, alpha)
    assert_allclose(age_law(rounds, 0.2), [float(c) for c in counted], rtol=1e-13)


@pytest.mark.claim("prop-age-law")
@against(
    lambda i, a: (1 - (1 - a) ** i) / a,
    limit=lambda i, a: 1 / a,
    one_round_late=lambda i, a: (1 - (1 - a) ** (i - 1)) / a,
    one_round_ahead=lambda i, a: (1 - (1 - a) ** (i + 1)) / a,
)
@given(rounds=st.integers(1, 60), alpha=st.floats(0.02, 1))
def test_mean_age(rounds, alpha, mean):
    assert_allclose(age_law(rounds, alpha) @ np.arange(1, rounds + 1), mean(rounds, alpha), rtol=1e-10)


@pytest.mark.claim("prop-age-law")
@against(
    oldest_first=lambda alphas, j: np.prod(1 - alphas[:j]),
    one_coin_more=lambda alphas, j: np.prod(1 - alphas[-j - 1 :]),
)
def test_tails_of_the_age(tail=lambda alphas, j: np.prod(1 - alphas[len(alphas) - j :])):
    alphas = np.asarray([0.3, 0.05, 0.6, 0.2, 0.1])
    law = age_law(5, alphas)
    for j in range(5):
        assert_allclose(law[j:].sum(), tail(alphas, j), rtol=1e-12)
    constant = np.full(5, 0.2)
    assert_allclose([age_law(5, 0.2)[j:].sum() for j in range(5)], [tail(constant, j) for j in range(5)], rtol=1e-12)


def run_pools(size, rounds, alpha, delta, pools, rng):
    """Independent pools of `size` points, all rounds, shape (pools, size)."""
    x = DATA.sample(pools * size, rng).reshape(pools, size)
    for _ in range(rounds):
        copies = np.take_along_axis(x, rng.integers(0, size, x.shape), axis=1)
        x = np.where(rng.random(x.shape) < alpha, DATA.sample(x.size, rng).reshape(x.shape), copies)
        x = np.exp(-delta) * x + np.sqrt(-np.expm1(-2 * delta)) * rng.standard_normal(x.shape)
    return x


def kinship(size, v, alpha, delta):
    """Covariance of two points of a pool from the variances v_0, v_1, ... of the rounds (eq-kinship)."""
    r, c = ((1 - alpha) * np.exp(-delta)) ** 2, 0.0
    for variance in v[:-1]:
        c = r * (variance / size + (1 - 1 / size) * c)
    return c


@pytest.mark.claim("prop-pool")
@against(
    independent=lambda size, v, a, d: 0.0,
    one_coin=lambda size, v, a, d: kinship(size, v, 1 - np.sqrt(1 - a), d),
    no_shared_parent_later=lambda size, v, a, d: ((1 - a) * np.exp(-d)) ** 2 * v[-1] / size,
)
def test_points_of_a_pool_are_related(covariance=kinship):
    alpha, delta, size, rounds, pools = 0.1, 0.05, 5, 12, 40_000
    v = [float(round_law(DATA, i, alpha, delta).covariance()[0, 0]) for i in range(rounds + 1)]
    x = run_pools(size, rounds, alpha, delta, pools, np.random.default_rng(31))
    law = round_law(DATA, rounds, alpha, delta)
    points = np.linspace(-2, 2, 7)
    seen = np.mean(x[:, 0][:, None] <= points, axis=0)  # one point of each pool has the law of the round
    exact = law.cdf(points)
    assert np.all(np.abs(seen - exact) <= 5 * np.sqrt(exact * (1 - exact) / pools))
    c = covariance(size, v, alpha, delta)
    for estimate, value in [
        ((x.mean(axis=1) - law.mean()[0]) ** 2, v[-1] / size + (1 - 1 / size) * c),
        (x.var(axis=1, ddof=1), v[-1] - c),
    ]:
        assert abs(estimate.mean() - value) <= 5 * estimate.std() / np.sqrt(pools)


@pytest.mark.claim("prop-pool")
@against(
    lambda n, r: n * (1 - r * (1 - 1 / n)),
    without_its_own=lambda n, r: n * (1 - r),
    first_power=lambda n, r: n * (1 - np.sqrt(r) * (1 - 1 / n)),
    independent=lambda n, r: n,
)
@given(size=st.integers(2, 500), alpha=st.floats(0.02, 0.9), delta=st.floats(0.01, 0.5))
def test_effective_size(size, alpha, delta, effective):
    r = ((1 - alpha) * np.exp(-delta)) ** 2
    c = kinship(size, [1.0] * 3000, alpha, delta)
    assert_allclose(1 / (1 / size + (1 - 1 / size) * c), effective(size, r), rtol=1e-9)
