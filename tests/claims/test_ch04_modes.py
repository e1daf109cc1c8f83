"""Chapter 4: Mehler's formula, the transfer, its cut-off and the compounding factor."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.polynomial.hermite_e import hermegauss, hermeval
from numpy.testing import assert_allclose
from scipy.optimize import brentq

from controls import against
from echolimit import GaussianMixture, compounding_factor, cutoff_degree, limit_law, round_law, transfer
from strategies import fresh_shares, line_example, truncation_times


def hermite(n, x):
    """h_n from numpy's He_n, not from the library's recurrence."""
    return hermeval(x, [0] * n + [1]) / math.sqrt(math.factorial(n))


def gauss(points):
    """Nodes and weights of N(0, 1), exact for polynomials of degree 2 points - 1."""
    x, w = hermegauss(points)
    return x, w / math.sqrt(2 * math.pi)


def sum_over_ages(n, alpha, delta):
    """E exp(-n delta G), age by age, until what is left is below 1e-14."""
    ages = np.arange(1, 2 + math.ceil(math.log(1e-14) / math.log1p(-alpha))) if alpha < 1 else np.ones(1)
    return float(np.sum(alpha * (1 - alpha) ** (ages - 1) * np.exp(-n * delta * ages)))


@pytest.mark.claim("thm-mehler")
@against(
    time_of_the_other_convention=lambda index, t: math.exp(-sum(index) * t / 2),
    decay_of_the_variance=lambda index, t: math.exp(-2 * sum(index) * t),
    highest_order_only=lambda index, t: math.exp(-max(index) * t),
)
def test_noise_multiplies_each_mode_by_its_decay(decay=lambda index, t: math.exp(-sum(index) * t)):
    # X: three weighted atoms in the plane plus correlated uniform steps; Z by an exact quadrature of polynomials.
    atoms = np.array([[1.3, -0.4], [-0.7, 0.9], [0.2, 2.1]])
    weights, (z, w) = np.array([0.2, 0.5, 0.3]), gauss(12)
    for t in (0.05, 0.7, 2.0):
        a, s = math.exp(-t), math.sqrt(1 - math.exp(-2 * t))
        for index in itertools.product(range(5), repeat=2):
            factors = [[w @ hermite(k, a * x + s * z) for k, x in zip(index, atom, strict=True)] for atom in atoms]
            after = weights @ np.prod(factors, axis=1)
            before = weights @ (hermite(index[0], atoms[:, 0]) * hermite(index[1], atoms[:, 1]))
            assert_allclose(after, decay(index, t) * before, atol=1e-12)


@pytest.mark.claim("prop-transfer")
@against(
    transfer,
    sum_started_at_age_zero=lambda n, a, d: a / (1 - (1 - a) * np.exp(-n * d)),
    first_order_in_delta=lambda n, a, d: 1 / (1 + n * d / a),
    one_round_only=lambda n, a, d: np.exp(-n * d),
)
@given(alpha=fresh_shares, delta=truncation_times)
def test_transfer_is_the_fixed_point_and_the_sum_over_ages(alpha, delta, H):
    n = np.arange(30)
    share = H(n, alpha, delta)
    # Multiplied through by exp(n delta): what underflows on both sides would compare as equal.
    assert_allclose(alpha + (1 - alpha) * share, np.exp(n * delta) * share, rtol=1e-11)
    if alpha < 1:
        assert_allclose([sum_over_ages(k, alpha, delta) for k in n], share, rtol=1e-9)


@pytest.mark.claim("prop-transfer")
@against(
    sum_started_at_age_zero=lambda n, a, d: a / (1 - (1 - a) * np.exp(-n * d)),
    one_round_only=lambda n, a, d: np.exp(-n * d),
    age_always_its_mean=lambda n, a, d: np.exp(-n * d / a),
)
def test_transfer_is_decreasing_convex_and_between_its_bounds(H=transfer):
    n = np.arange(0, 400)
    for alpha, delta in itertools.product((0.02, 0.2, 0.5, 0.9), (1e-3, 0.05, 0.3)):
        share, tau = H(n, alpha, delta), delta / alpha
        assert share[0] == 1
        assert np.all(np.diff(share) < 0)
        assert np.all(np.diff(share, 2) > -1e-15)
        slack = 1 + 1e-12
        assert np.all(np.exp(-n * tau) <= share * slack)
        assert np.all(share <= slack / (1 + n * tau))
        assert np.all(alpha * np.exp(-n * delta) <= share * slack)
        assert np.all(share <= slack * np.exp(-n * delta))
    far = H(np.array([600]), 0.2, 0.05)[0] / (0.2 * math.exp(-30))
    assert_allclose(far, 1, rtol=1e-12)


@pytest.mark.claim("prop-transfer")
@against(
    sum_started_at_age_zero=lambda n, a, d: a / (1 - (1 - a) * np.exp(-n * d)),
    first_order_in_delta=lambda n, a, d: 1 / (1 + n * d / a),
)
def test_modes_of_the_limit_density_by_quadrature(H=transfer):
    target, alpha, delta = line_example(), 0.2, 0.05
    x = np.linspace(-12, 12, 6001)
    rule = np.full(x.size, x[1] - x[0])  # the trapezoid rule is spectrally exact for such densities
    old, new = target.density(x[:, None]), limit_law(target, alpha, delta).density(x[:, None])
    for n in range(9):
        assert_allclose(rule @ (new * hermite(n, x)), H(n, alpha, delta) * (rule @ (old * hermite(n, x))), atol=1e-11)


@pytest.mark.claim("prop-transfer")
@against(
    without_truncation=lambda n, a, d, i: (1 - a) ** i,
    without_fresh_data=lambda n, a, d, i: math.exp(-n * d * i),
    one_round_late=lambda n, a, d, i: ((1 - a) * math.exp(-n * d)) ** (i - 1),
)
def test_modes_of_every_round_by_quadrature(left=lambda n, a, d, i: ((1 - a) * math.exp(-n * d)) ** i):
    x = np.linspace(-14, 14, 6001)
    step = x[1] - x[0]
    data, start = line_example(), GaussianMixture([0.6, 0.4], [[1.5], [-0.5]], [1.3, 0.4])
    for alpha, delta in ((0.2, 0.05), (0.7, 0.3)):
        limit = limit_law(data, alpha, delta).density(x[:, None])
        for i in (1, 3, 7):
            law = round_law(data, i, alpha, delta, start=start).density(x[:, None])
            for n in range(1, 8):
                now, first = (step * np.sum((p - limit) * hermite(n, x)) for p in (law, start.density(x[:, None])))
                assert_allclose(now, left(n, alpha, delta, i) * first, atol=1e-10)
    # With fresh data alone one round is the limit.
    once = round_law(data, 1, 1.0, 0.1, start=start).density(x[:, None])
    assert_allclose(once, limit_law(data, 1.0, 0.1).density(x[:, None]), atol=1e-13)


@pytest.mark.claim("prop-cutoff")
@against(
    cutoff_degree,
    first_order=lambda alpha, delta, level: alpha * (1 / level - 1) / delta,
    half_always=lambda alpha, delta, level: math.log1p(alpha) / delta,
    one_round_only=lambda alpha, delta, level: -math.log(level) / delta,
)
@given(alpha=fresh_shares, delta=st.floats(0.01, 1.0), level=st.floats(0.05, 0.95))
def test_cutoff_is_where_the_sum_over_ages_crosses_the_level(alpha, delta, level, cutoff):
    root = brentq(lambda n: sum_over_ages(n, alpha, delta) - level, 0, 40 / delta, xtol=1e-12, rtol=1e-13)
    assert_allclose(cutoff(alpha, delta, level), root, rtol=1e-6, atol=1e-9)


@pytest.mark.claim("prop-cutoff")
@against(
    cutoff_degree,
    one_round_only=lambda alpha, delta: math.log(2) / delta,
    level_of_the_variance=lambda alpha, delta: math.log1p(alpha * (math.sqrt(2) - 1)) / delta,
)
@given(alpha=fresh_shares, delta=truncation_times)
def test_cutoff_lies_between_its_bounds(alpha, delta, cutoff):
    n_c = cutoff(alpha, delta) * delta / alpha
    assert math.log(2) - 1e-12 <= n_c <= 1 + 1e-12


@pytest.mark.claim("prop-compounding")
@against(
    compounding_factor,
    the_same_for_all_modes=lambda n, a, d: 1 / a + 0 * n,
    largest_for_fine_modes=lambda n, a, d: 1 / (1 - (1 - a) * (1 - np.exp(-n * d))),
    age_weights_from_zero=lambda n, a, d: (1 - a) / (1 - (1 - a) * np.exp(-n * d)),
)
@given(alpha=st.floats(0.02, 0.9), delta=st.floats(0.01, 1.0))
def test_compounding_by_running_the_mode_map(alpha, delta, factor):
    n = np.arange(1, 13)
    mode = np.ones(12)  # the recursion from p_0 = p*, in units of the data's mode
    first = None
    for _ in range(2000):
        mode = np.exp(-n * delta) * (alpha + (1 - alpha) * mode)
        first = 1 - mode if first is None else first
    ratio = factor(n, alpha, delta)
    assert_allclose((1 - mode) / first, ratio, rtol=1e-9)
    assert np.all(np.diff(ratio) < 0)
    assert np.all((ratio > 1) & (ratio < 1 / alpha))
    assert_allclose(factor(n, 1.0, delta), 1, rtol=1e-14)


@pytest.mark.claim("prop-compounding")
@against(one_in_alpha=lambda n, a, d: 1 / a + 0 * np.asarray(n, dtype=float))
def test_compounding_table(factor=compounding_factor):
    known = [4.1838, 3.6215, 3.2110, 2.8984, 2.6528, 2.4549, 2.2923, 2.1564]
    assert_allclose(factor(np.arange(1, 9), 0.2, 0.05), known, atol=5e-5)
