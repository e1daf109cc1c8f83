"""Chapter 2: the round map, finite rounds in closed form, and the fully synthetic end."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.stats import norm

from controls import against
from echolimit import GaussianMixture, PointCloud, one_round, round_law, total_variation, wasserstein
from strategies import line_example

DATA = line_example()
START = GaussianMixture([1.0], [[2.0]], [0.5])
GAMMA = GaussianMixture([1.0], [[0.0]], [1.0])

GRID = np.linspace(-8, 9, 1361)
STEP = GRID[1] - GRID[0]


def grid_rounds(start, alphas, deltas):
    """Densities on a grid after each round: the two steps of the loop as they are, noising by quadrature."""
    fresh, p = norm_mixture(DATA), norm_mixture(start)
    for alpha, delta in zip(alphas, deltas, strict=True):
        spread = np.sqrt(-np.expm1(-2 * delta))
        kernel = norm.pdf(GRID[:, None], np.exp(-delta) * GRID, spread)
        p = STEP * kernel @ (alpha * fresh + (1 - alpha) * p)
    return p


def norm_mixture(law):
    """The density of a mixture by scipy."""
    parts = zip(law.weights, law.means[:, 0], law.covariances, strict=True)
    return sum(w * norm.pdf(GRID, m, np.sqrt(v)) for w, m, v in parts)


def finite_rounds(alphas, deltas):
    """Weights and times of the fresh parts, first round first, then of p_0 (thm-finite-rounds, word for word)."""
    rounds = len(alphas)
    weights = [alphas[k] * np.prod([1 - alphas[m] for m in range(k + 1, rounds)]) for k in range(rounds)]
    times = [sum(deltas[k:]) for k in range(rounds)]
    return weights, times, np.prod([1 - a for a in alphas]), sum(deltas)


def unfinished_products(alphas, deltas):
    """Wrong: the product starts at the round itself."""
    weights, times, left, oldest = finite_rounds(alphas, deltas)
    return [w * (1 - a) for w, a in zip(weights, alphas, strict=True)], times, left, oldest


def times_from_the_start(alphas, deltas):
    """Wrong: the time before the entry instead of the time after it."""
    weights, _, left, oldest = finite_rounds(alphas, deltas)
    return weights, [sum(deltas[: k + 1]) for k in range(len(deltas))], left, oldest


def fresh_data_unnoised(alphas, deltas):
    """Wrong: fresh data enter after the noising, so that ages start at zero."""
    weights, times, left, oldest = finite_rounds(alphas, deltas)
    return weights, [*times[1:], 1e-9], left, oldest


@pytest.mark.claim("thm-finite-rounds")
@against(products=unfinished_products, clocks=times_from_the_start, ages=fresh_data_unnoised)
def test_finite_rounds_are_the_loop_on_a_grid(formula=finite_rounds):
    for alphas, deltas in [
        ([0.2, 0.5, 0.1, 0.3], [0.1, 0.05, 0.2, 0.03]),
        ([0.2] * 6, [0.05] * 6),
        ([1.0, 0.0, 0.4], [0.05, 0.3, 0.04]),
    ]:
        weights, times, left, oldest = formula(alphas, deltas)
        density = sum(w * norm_mixture(DATA.diffuse(t)) for w, t in zip(weights, times, strict=True))
        density = density + left * norm_mixture(START.diffuse(oldest))
        assert_allclose(density, grid_rounds(START, alphas, deltas), atol=1e-11)


@pytest.mark.claim("thm-finite-rounds")
@against(
    round_law,
    one_round_more=lambda law, n, a, d, s: round_law(law, n + 1, [0.5, *a], [0.1, *d], s),
    schedule_reversed=lambda law, n, a, d, s: round_law(law, n, a[::-1], d[::-1], s),
)
@settings(max_examples=25)
@given(
    rounds=st.lists(st.tuples(st.floats(0, 1), st.floats(0.01, 1)), min_size=1, max_size=6),
    start=st.sampled_from([START, PointCloud([[-1.0], [3.0]])]),
)
def test_round_law_is_the_map_applied_again_and_again(rounds, start, law):
    rounds = [(0.9, 0.3), *rounds, (0.1, 0.02)]  # never the same forwards and backwards
    alphas, deltas = [a for a, _ in rounds], [d for _, d in rounds]
    p = start
    for alpha, delta in rounds:
        p = one_round(DATA, p, alpha, delta)
    closed = law(DATA, len(rounds), alphas, deltas, start)
    x = np.linspace(-4, 5, 19)[:, None]
    assert_allclose(closed.density(x), p.density(x), rtol=1e-11, atol=1e-14)


@pytest.mark.claim("prop-affine")
@against(
    noised_distance=lambda a, d: (1 - a) * np.exp(-d),
    square=lambda a, d: (1 - a) ** 2,
    no_contraction_but_a_gain=lambda a, d: 1 + a,
)
@pytest.mark.parametrize(("alpha", "delta"), [(0.2, 0.05), (0.6, 0.3), (0.05, 1.0)])
def test_the_factor_of_one_round(alpha, delta, factor=lambda a, d: 1 - a):
    bound = factor(alpha, delta)
    reached = []
    for far in (0.3, 1.0, 4.0, 12.0, 40.0):
        p, q = (GaussianMixture([1.0], [[m]], [0.1]) for m in (far, -far))
        after = total_variation(one_round(DATA, p, alpha, delta), one_round(DATA, q, alpha, delta))
        assert after <= bound * total_variation(p, q) + 1e-12
        reached.append(after / total_variation(p, q))
    assert reached[-1] >= bound - 1e-9  # and no smaller factor does


@pytest.mark.claim("prop-affine")
@against(
    lambda r, p, q: r * p + (1 - r) * q,
    squared=lambda r, p, q: r**2 * p + (1 - r) ** 2 * q + 2 * r * (1 - r) * np.sqrt(p * q),
    geometric=lambda r, p, q: p**r * q ** (1 - r),
)
@given(share=st.floats(0.05, 0.95), alpha=st.floats(0, 0.9), delta=st.floats(0.01, 1))
def test_a_mix_goes_to_the_mix(share, alpha, delta, mix):
    other = GaussianMixture([0.5, 0.5], [[-2.0], [0.5]], [0.1, 2.0])
    both = GaussianMixture([share, (1 - share) / 2, (1 - share) / 2], [[2.0], [-2.0], [0.5]], [0.5, 0.1, 2.0])
    x = np.linspace(-4, 4, 17)[:, None]
    whole, one, two = (one_round(DATA, p, alpha, delta).density(x) for p in (both, START, other))
    assert_allclose(whole, mix(share, one, two), rtol=1e-11)


@pytest.mark.claim("prop-fully-synthetic")
@against(twice_as_fast=lambda t: np.exp(-2 * t), half_the_time=lambda t: np.exp(-t / 2))
@pytest.mark.parametrize("rounds", [1, 5, 30])
def test_without_fresh_data_w2_falls_with_the_signal(rounds, rate=lambda t: np.exp(-t)):
    delta = 0.05
    for start in (DATA, START, PointCloud([[-3.0], [0.0], [1.0]])):
        p = round_law(DATA, rounds, 0.0, delta, start=start)
        assert wasserstein(p, GAMMA, 2) <= rate(rounds * delta) * wasserstein(start, GAMMA, 2) + 1e-7
    shifted = round_law(DATA, rounds, 0.0, delta, start=GaussianMixture([1.0], [[3.0]], [1.0]))
    assert_allclose(wasserstein(shifted, GAMMA, 2), 3 * rate(rounds * delta), rtol=1e-6)


def cauchy_cloud(count):
    """Equal masses at Cauchy quantiles: no second moment survives as count grows."""
    return PointCloud(np.tan(np.pi * ((np.arange(count) + 0.5) / count - 0.5))[:, None])


@pytest.mark.claim("prop-fully-synthetic")
@against(data=DATA, start=START, wider=GaussianMixture([1.0], [[0.0]], [2.0]))
def test_without_fresh_data_every_start_ends_in_noise(end=GAMMA):
    for start in (DATA, PointCloud([[-3.0], [5.0]]), cauchy_cloud(401)):
        gaps = [total_variation(round_law(DATA, i, 0.0, 0.1, start=start), end) for i in (5, 50, 120)]
        assert gaps[2] <= 1e-2  # signal exp(-12)
        assert gaps[0] > gaps[1] > gaps[2]
