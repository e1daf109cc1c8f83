"""Chapter 3: the limit law, the error identity, the two ends."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controls import against
from echolimit import GaussianMixture, PointCloud, limit_law, sample_limit
from line_laws import DATA, ages, grid, limit_of, line, loop, noised, step, tv, w2

fresh_shares = st.floats(0.15, 1.0)
truncation_times = st.floats(0.01, 0.6)


def geometric(alpha, count=260):
    return alpha * (1 - alpha) ** np.arange(count)


@pytest.mark.claim("thm-limit-law")
@against(
    lambda alpha, delta: ages(DATA, geometric(alpha), delta),
    sum_started_at_age_zero=lambda alpha, delta: ages(DATA, geometric(alpha), delta, first=0),
    weights_shifted_by_one=lambda alpha, delta: ages(DATA, (1 - alpha) * geometric(alpha), delta),
    every_age_at_twice_delta=lambda alpha, delta: ages(DATA, geometric(alpha), 2 * delta),
)
@given(alpha=fresh_shares, delta=truncation_times)
@settings(max_examples=10, report_multiple_bugs=False)
def test_the_mixture_is_a_fixed_point_of_the_round(alpha, delta, law):
    limit = law(alpha, delta)
    x = np.linspace(-4, 4, 41)
    np.testing.assert_allclose(step(DATA, limit, alpha, delta).pdf(x), limit.pdf(x), atol=1e-9)


@pytest.mark.claim("thm-limit-law")
@against(
    sum_started_at_age_zero=lambda a, d: ages(DATA, geometric(a), d, first=0).pdf(np.linspace(-4, 4, 41)),
    no_compounding=lambda a, d: noised(DATA, d).pdf(np.linspace(-4, 4, 41)),
)
def test_the_loop_ends_there_from_every_start(
    law=lambda a, d: limit_law(GaussianMixture(DATA.w, DATA.m[:, None], DATA.v), a, d).density(
        np.linspace(-4, 4, 41)[:, None]
    ),
):
    x = np.linspace(-4, 4, 41)
    for alpha, delta in ((0.2, 0.05), (0.5, 0.3), (0.9, 0.01)):
        for start in (DATA, line((1.0, 40.0, 0.01))):
            rounds = math.ceil(math.log(1e-11) / math.log1p(-alpha))
            np.testing.assert_allclose(loop(DATA, start, rounds, alpha, delta).pdf(x), law(alpha, delta), atol=2e-10)


@pytest.mark.claim("thm-limit-law")
@against(
    mean_age_is_one_less=lambda cloud, n, a, d, rng: sample_limit(cloud, n, a, d, rng) * math.exp(d),
    every_age_is_one=lambda cloud, n, a, d, rng: cloud.diffuse(d).sample(n, rng),
)
def test_draws_of_the_limit_solve_the_fixed_point_equation(draw=sample_limit):
    """Draws pushed through one more round, by hand, have the same law: characteristic function at several points."""
    alpha, delta, n = 0.3, 0.1, 200_000
    cloud, rng = PointCloud([[-1.0], [0.5], [2.0]]), np.random.default_rng(21)
    x = draw(cloud, n, alpha, delta, rng)[:, 0]
    fresh = rng.random(n) < alpha
    mixed = np.where(fresh, rng.choice([-1.0, 0.5, 2.0], n), draw(cloud, n, alpha, delta, rng)[:, 0])
    y = math.exp(-delta) * mixed + math.sqrt(1 - math.exp(-2 * delta)) * rng.standard_normal(n)
    for w in (0.3, 0.7, 1.0, 1.6, 2.5):
        for f in (np.cos, np.sin):
            gap, error = f(w * x).mean() - f(w * y).mean(), math.hypot(f(w * x).std(), f(w * y).std()) / math.sqrt(n)
            assert abs(gap) < 5 * error


@pytest.mark.claim("thm-limit-law")
@against(lambda alpha: 1 - alpha, factor_squared=lambda alpha: (1 - alpha) ** 2, factor_alpha=lambda alpha: alpha)
@given(alpha=st.floats(0.15, 0.45), delta=truncation_times, far=st.floats(-6, 6))
@settings(max_examples=10, report_multiple_bugs=False)
def test_a_round_contracts_total_variation(alpha, delta, far, factor):
    """At most by the factor, and by no smaller one: two starts a hundred apart attain it."""
    p, q = line((1.0, far, 0.3)), line((1.0, 1.0, 1.5))
    assert tv(step(DATA, p, alpha, delta), step(DATA, q, alpha, delta)) <= factor(alpha) * tv(p, q) + 1e-7
    p, q = line((1.0, 60.0, 0.3)), line((1.0, -60.0, 0.3))
    np.testing.assert_allclose(tv(step(DATA, p, alpha, delta), step(DATA, q, alpha, delta)), factor(alpha), atol=1e-3)


@pytest.mark.claim("thm-error-identity")
@against(
    lambda i, a, d: ((1 - a) ** i, i * d),
    blurred_one_round_less=lambda i, a, d: ((1 - a) ** i, (i - 1) * d),
    diluted_by_the_root=lambda i, a, d: ((1 - a) ** (i / 2), i * d),
    not_blurred=lambda i, a, d: ((1 - a) ** i, 0.0),
)
@given(alpha=st.floats(0.15, 0.8), delta=truncation_times, rounds=st.integers(1, 6))
@settings(max_examples=12, report_multiple_bugs=False)
def test_the_error_is_diluted_and_blurred(alpha, delta, rounds, law):
    start, limit = line((1.0, 2.0, 0.5)), ages(DATA, geometric(alpha), delta)
    x = np.linspace(-4, 5, 46)
    share, time = law(rounds, alpha, delta)
    error = loop(DATA, start, rounds, alpha, delta).pdf(x) - limit.pdf(x)
    expected = share * (noised(start, time).pdf(x) - noised(limit, time).pdf(x))
    np.testing.assert_allclose(error, expected, atol=1e-9)


@pytest.mark.claim("prop-two-ends")
@against(
    data=lambda delta: (DATA, DATA),
    two_truncations=lambda delta: (noised(DATA, 2 * delta), line((1.0, 0.0, 1.0))),
    noise_with_the_spread_of_the_data=lambda delta: (noised(DATA, delta), line((1.0, 0.0, 1.1131))),
)
def test_the_two_ends_of_the_fresh_share(ends=lambda delta: (noised(DATA, delta), line((1.0, 0.0, 1.0)))):
    """alpha = 1: P_delta p* after one round, and for ever.  alpha -> 0 at fixed delta: N(0, 1)."""
    delta = 0.1
    all_fresh, none_fresh = ends(delta)
    start = line((1.0, 7.0, 0.2))
    for rounds in (1, 5):
        assert tv(loop(DATA, start, rounds, 1.0, delta), all_fresh) < 1e-9
    example = GaussianMixture(DATA.w, DATA.m[:, None], DATA.v)
    x = grid(DATA, none_fresh, points=2001)
    gaps = []
    for alpha in (1e-1, 1e-2, 1e-3):
        p = limit_law(example, alpha, delta, tol=1e-6).density(x[:, None])
        gaps.append(np.trapezoid(np.abs(p - none_fresh.pdf(x)), x) / 2)
    assert gaps[0] > 3 * gaps[1] > 9 * gaps[2]
    assert gaps[2] < 0.01


@pytest.mark.claim("prop-two-ends")
@against(
    lambda a, d: math.sqrt(a / (math.expm1(2 * d) + a)),
    squared=lambda a, d: a / (math.expm1(2 * d) + a),
    age_one_only=lambda a, d: math.exp(-d),
)
@settings(max_examples=4, report_multiple_bugs=False)
@given(alpha=st.sampled_from([0.3, 0.6]), delta=st.sampled_from([0.05, 0.3]))
def test_the_limit_is_nearer_to_noise_by_the_root_of_the_second_share(alpha, delta, factor):
    """Attained in the limit of far data: E|X_inf|^2 is about H_2 |m|^2."""
    noise = line((1.0, 0.0, 1.0))
    for data, close in ((DATA, False), (line((1.0, 300.0, 0.5)), True)):
        ratio = w2(limit_of(alpha, delta, data), noise) / w2(data, noise)
        assert ratio <= factor(alpha, delta) * 1.001
        assert ratio >= 0.98 * factor(alpha, delta) or not close
