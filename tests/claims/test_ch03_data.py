"""Chapter 3: distance of the limit from the data, and its moments."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_digits

from controls import against
from echolimit import PointCloud, limit_law, sample_limit
from line_laws import DATA, ages, limit_of, line, loop, noised, tv, w2

few = settings(max_examples=25, report_multiple_bugs=False)


def share(n, alpha, delta):
    """E exp(-n delta G), summed."""
    j = np.arange(1, 3000)
    return float(np.sum(alpha * (1 - alpha) ** (j - 1) * np.exp(-n * delta * j)))


def synchronous(alpha, delta, second, d=1):
    h1, h2 = share(1, alpha, delta), share(2, alpha, delta)
    return (1 - 2 * h1 + h2) * second + (1 - h2) * d


@pytest.mark.claim("thm-distance-to-data")
@against(
    synchronous,
    noise_forgotten=lambda a, d, second: synchronous(a, d, second, d=0),
    squared_mean_gap=lambda a, d, second: (1 - share(1, a, d)) ** 2 * second + 1 - share(2, a, d),
    age_one_only=lambda a, d, second: (1 - math.exp(-d)) ** 2 * second - math.expm1(-2 * d),
)
@few
@given(alpha=st.floats(0.1, 0.9), delta=st.floats(0.02, 0.5), place=st.floats(0.5, 3.0))
def test_the_distance_of_a_point_mass_is_the_bound(alpha, delta, place, squared):
    """E |X - x|^2 from the components of the limit: for a point mass there is only one coupling."""
    limit = limit_of(alpha, delta, line((1.0, place, 0.0)), tol=1e-14)
    exact = float(limit.w @ (limit.v + (limit.m - place) ** 2))
    np.testing.assert_allclose(exact, squared(alpha, delta, place**2), rtol=1e-8)


def fisher(p):
    """int p |(ln p)' + x|^2 by differences on a grid."""
    x = np.linspace(-7, 7, 14001)
    f = p.pdf(x)
    return float(np.trapezoid(np.where(f > 1e-200, f * (np.gradient(np.log(f), x) + x) ** 2, 0.0), x))


@pytest.mark.claim("thm-distance-to-data")
@against(
    lambda a, d: 1 - 2 * share(1, a, d) + share(2, a, d),
    variance_of_the_age_only=lambda a, d: share(2, a, d) - share(1, a, d) ** 2,
    age_one_only=lambda a, d: (1 - math.exp(-d)) ** 2,
)
@settings(max_examples=4, report_multiple_bugs=False)
@given(alpha=st.sampled_from([0.3, 0.6]), delta=st.sampled_from([0.01, 0.1]))
def test_fisher_information_bounds_the_distance(alpha, delta, factor):
    """For N(m, 1) the bound is W_2^2 of the mean alone and nearly attained; for the mixture it holds."""
    translate = line((1.0, 2.0, 1.0))
    np.testing.assert_allclose(fisher(translate), 4.0, rtol=1e-5)  # the gap of the means is all there is: I = m^2
    for p, tight in ((translate, True), (DATA, False)):
        squared = w2(limit_of(alpha, delta, p), p) ** 2
        bound = factor(alpha, delta) * fisher(p)
        assert squared <= bound * 1.002
        assert factor(alpha, delta) <= delta**2 * (2 - alpha) / alpha**2
        assert squared >= (1 - share(1, alpha, delta)) ** 2 * p.mean() ** 2 * 0.998
        if tight:
            assert bound <= 2 * (2 - alpha) * squared


@pytest.mark.claim("thm-distance-to-data")
@against(
    linear_for_points=lambda smooth: 1.0,
    root_for_densities=lambda smooth: 0.5,
)
def test_smooth_data_are_linear_and_points_a_root(power=lambda smooth: 1.0 if smooth else 0.5):
    """The power of tau between two small values of it, at fixed alpha."""
    alpha = 0.4
    for data, smooth in ((DATA, True), (line((0.5, -1.0, 1e-10), (0.5, 1.0, 1e-10)), False)):
        limits = [limit_of(alpha, alpha * tau, data, tol=1e-10) for tau in (0.002, 0.008)]
        if smooth:
            ways = [w2(p, data) for p in limits]
        else:  # two points: each half of the mass goes to its point, by symmetry
            ways = [math.sqrt(float(p.w @ (p.v + (np.abs(p.m) - 1) ** 2))) for p in limits]
        seen = math.log(ways[1] / ways[0]) / math.log(4)
        np.testing.assert_allclose(seen, power(smooth), atol=0.04)


@pytest.mark.claim("thm-distance-to-data")
@against(no_floor=lambda s: 0.0, other_part=lambda s: 1 - s, whole=lambda s: 1.0)
def test_total_variation_stops_at_the_singular_mass(floor=lambda s: s):
    """A part of mass s on a point: TV to the data is s + int (f - p_inf)_+ with the density f of the rest."""
    s, alpha = 0.3, 0.5
    f = line((0.7, 0.9, 0.16))
    gaps = []
    for delta in (1e-1, 1e-2, 1e-3, 1e-4):
        limit = limit_of(alpha, delta, line((0.7, 0.9, 0.16), (s, -1.0, 0.0)), tol=1e-13)
        x = np.unique(np.concatenate([np.linspace(-6, 6, 4001), np.linspace(-1.2, -0.8, 4001)]))
        gaps.append(s + np.trapezoid(np.maximum(f.pdf(x) - limit.pdf(x), 0), x))
    assert all(gap >= floor(s) - 1e-4 for gap in gaps)
    np.testing.assert_allclose(gaps[-1], floor(s), atol=2e-3)
    smooth = [tv(limit_of(alpha, delta), DATA) for delta in (1e-1, 1e-2, 1e-3)]
    assert smooth[0] > 5 * smooth[1] > 25 * smooth[2]


def moments(h, m):
    """First to fourth moment of the limit from those of the data, m[k] = E X^k."""
    return [
        h[1] * m[1],
        h[2] * m[2] + 1 - h[2],
        h[3] * m[3] + 3 * (h[1] - h[3]) * m[1],
        h[4] * m[4] + 6 * (h[2] - h[4]) * m[2] + 3 * (1 - 2 * h[2] + h[4]),
    ]


@pytest.mark.claim("prop-moments")
@against(
    moments,
    third_moment_not_mixed=lambda h, m: [*moments(h, m)[:2], h[3] * m[3], moments(h, m)[3]],
    no_noise=lambda h, m: [h[k] * m[k] for k in (1, 2, 3, 4)],
    powers_of_the_first_share=lambda h, m: moments([1, h[1], h[1] ** 2, h[1] ** 3, h[1] ** 4], m),
)
@few
@given(alpha=st.floats(0.1, 0.9), delta=st.floats(0.02, 0.5))
def test_moments_of_the_limit(alpha, delta, law):
    """The loop done round by round until it stands, with moments of its components."""
    rounds = math.ceil(math.log(1e-12) / math.log1p(-alpha))
    p = loop(DATA, DATA, rounds, alpha, delta)
    h = [share(n, alpha, delta) for n in range(5)]
    expected = law(h, [DATA.moment(k) for k in range(5)])
    np.testing.assert_allclose([p.moment(k) for k in (1, 2, 3, 4)], expected, rtol=1e-8, atol=1e-9)


@pytest.mark.claim("prop-moments")
@against(
    scatter_forgotten=lambda c, m, h1, h2: h2 * c + (1 - h2) * np.eye(len(m)),
    first_share_squared=lambda c, m, h1, h2: h1**2 * c + (1 - h1**2) * np.eye(len(m)),
    one_truncation=lambda c, m, h1, h2: math.exp(-0.1) * c + (1 - math.exp(-0.1)) * np.eye(len(m)),
)
def test_covariance_of_the_limit_of_the_digits(
    law=lambda c, m, h1, h2: h2 * c + (h2 - h1**2) * np.outer(m, m) + (1 - h2) * np.eye(len(m)),
):
    """Exact draws of the limit of the real digits: every variance, and the spread along the mean, at five errors."""
    images = load_digits().data / 8 - 1
    mean, cov = images.mean(0), np.cov(images.T, bias=True)
    alpha, delta, n = 0.2, 0.05, 40_000
    expected = law(cov, mean, share(1, alpha, delta), share(2, alpha, delta))
    x = sample_limit(PointCloud(images), n, alpha, delta, np.random.default_rng(17))
    np.testing.assert_allclose(limit_law(PointCloud(images), alpha, delta).covariance(), expected, atol=1e-9)
    directions = np.column_stack([np.eye(64)[:, :8], mean / np.linalg.norm(mean), np.linalg.eigh(cov)[1][:, -3:]])
    y = (x - x.mean(0)) @ directions
    error = np.sqrt(((y**4).mean(0) - y.var(0) ** 2) / n)
    exact = np.einsum("ik,ij,jk->k", directions, expected, directions)
    assert np.max(np.abs(y.var(0) - exact) / error) < 5


@pytest.mark.claim("prop-moments")
@against(noised_once=lambda a, d: math.exp(-d), age_zero=lambda a, d: a / (1 - (1 - a) * math.exp(-d)))
def test_the_mean_shrinks_by_the_first_share(first=lambda a, d: a / (math.expm1(d) + a)):
    for alpha, delta in ((0.2, 0.05), (0.7, 0.4)):
        limit = ages(DATA, alpha * (1 - alpha) ** np.arange(300), delta)
        np.testing.assert_allclose(limit.mean(), first(alpha, delta) * DATA.mean(), rtol=1e-9)
        shrunk = noised(DATA, -math.log(first(alpha, delta)))
        np.testing.assert_allclose(limit.mean(), shrunk.mean(), rtol=1e-9)
