"""Chapter 9: the bridge, drift, minorisation, Harris' theorem."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.stats import norm

from controls import against
from echolimit import (
    bounded_lyapunov,
    doeblin_mass,
    gaussian_lyapunov,
    harris_contraction,
    reverse_bridge,
)

TIMES = {"t": st.floats(0.2, 4.0), "share": st.floats(0.05, 0.95)}


def bridge(t, u):
    return tuple(reverse_bridge(t, u))


@pytest.mark.claim("lem-bridge")
@against(
    bridge,
    exchanged=lambda t, u: (bridge(t, u)[1], bridge(t, u)[0], bridge(t, u)[2]),
    half_the_noise=lambda t, u: (*bridge(t, u)[:2], bridge(t, u)[2] / 2),
    brownian=lambda t, u: (u / t, 1 - u / t, 2 * u * (t - u) / t),
)
@given(**TIMES)
def test_the_bridge_by_conditioning_a_gaussian_vector(t, share, constants):
    u = share * t
    if abs(share - 0.5) < 0.01:
        return
    mean = np.exp([-u, -t])  # of (X_u, X_t) given X_0 = 1
    cov = np.array([[-np.expm1(-2 * u), 0.0], [0.0, -np.expm1(-2 * t)]])
    cov[0, 1] = cov[1, 0] = np.exp(u - t) * cov[0, 0]
    on_end = cov[0, 1] / cov[1, 1]
    found = on_end, mean[0] - on_end * mean[1], cov[0, 0] - on_end * cov[0, 1]
    assert_allclose(constants(t, u), found, rtol=1e-6, atol=1e-12)
    assert found[0] + found[1] < 1


def posterior_rows(points, weights, t, u, y):
    """Means and weights of the reverse kernel of a cloud, by Bayes' formula and the conditioned Gaussian vector."""
    log = np.log(weights) - (y - math.exp(-t) * points) ** 2 / (2 * -math.expm1(-2 * t))
    w = np.exp(log - log.max())
    noise = -math.expm1(-2 * u)
    on_end = math.exp(u - t) * noise / -math.expm1(-2 * t)
    centres = math.exp(-u) * points + on_end * (y - math.exp(-t) * points)
    return w / w.sum(), centres, noise - on_end * math.exp(u - t) * noise


@pytest.mark.claim("prop-lyapunov")
@against(
    bounded_lyapunov,
    rate_squared=lambda R, t, u: (bounded_lyapunov(R, t, u).rate ** 2, bounded_lyapunov(R, t, u).bound),
    without_noise=lambda R, t, u: (reverse_bridge(t, u).start, reverse_bridge(t, u).data * R**2),
    data_share_squared=lambda R, t, u: (
        reverse_bridge(t, u).start,
        reverse_bridge(t, u).data ** 2 * R**2 + reverse_bridge(t, u).variance,
    ),
)
def test_the_drift_of_bounded_data(drift):
    rng = np.random.default_rng(1)
    for _ in range(60):
        R, t = rng.uniform(0.5, 3), rng.uniform(0.3, 3)
        u = t * rng.uniform(0.1, 0.9)
        points = R * np.concatenate([[1.0], rng.uniform(-1, 1, 3)])
        weights = rng.dirichlet(np.ones(4)) if rng.random() < 0.7 else np.array([1.0, 1e-9, 1e-9, 1e-9])
        rate, bound = drift(R, t, u)
        for y in R * np.array([-4, -1, -0.3, 0, 0.3, 1, 2, 5, 20]):
            w, centres, variance = posterior_rows(points, weights, t, u, y)
            assert w @ centres**2 + variance <= rate * y**2 + bound + 1e-9


@pytest.mark.claim("prop-lyapunov")
@against(
    gaussian_lyapunov,
    rate_not_squared=lambda v, t, u, step: (
        math.sqrt(gaussian_lyapunov(v, t, u, step).rate),
        gaussian_lyapunov(v, t, u, step).bound,
    ),
    data_variance=lambda v, t, u, step: (
        gaussian_lyapunov(v, t, u, step).rate,
        math.exp(-2 * u) * v + 1 - math.exp(-2 * u),
    ),
)
@settings(max_examples=15)
@given(v=st.floats(0.1, 4.0), t=st.floats(0.4, 2.0), share=st.floats(0.3, 0.7))
def test_the_drift_of_gaussian_data_is_an_equality(v, t, share, drift):
    u, y = share * t, np.linspace(-30, 30, 12_001)
    before, after = (math.exp(-2 * s) * v + 1 - math.exp(-2 * s) for s in (t, u))
    for x in (0.0, 0.7, 2.0):
        a = math.exp(u - t)
        exact = (
            norm.pdf(y, 0, math.sqrt(after))
            * norm.pdf(x, a * y, math.sqrt(1 - a * a))
            / norm.pdf(x, 0, math.sqrt(before))
        )
        euler = norm.pdf(y, x + (t - u) * (x - 2 * x / before), math.sqrt(2 * (t - u)))
        for name, row in (("exact", exact), ("euler_maruyama", euler)):
            rate, bound = drift(v, t, u, name)
            assert_allclose(np.trapezoid(y**2 * row, y), rate * x**2 + bound, rtol=1e-7)


@pytest.mark.claim("prop-lyapunov")
@against(one=lambda v_t: 2 * v_t / (1 + v_t), no_two=lambda v_t: v_t / (2 - v_t))
def test_when_an_euler_step_contracts(longest=lambda v_t: 2 * v_t / (2 - v_t)):
    for v in (0.1, 0.5, 1.0, 1.8):
        v_t, t = math.exp(-4.0) * v + 1 - math.exp(-4.0), 2.0
        for factor in (0.999, 1.001):
            h = factor * longest(v_t)
            if h < t:
                assert (gaussian_lyapunov(v, t, t - h, "euler_maruyama").rate < 1) == (factor < 1)
    assert gaussian_lyapunov(60.0, 2.0, 1.99, "euler_maruyama").rate > 1  # v_t > 2


@pytest.mark.claim("prop-doeblin")
@against(
    one_tail=lambda reach, variance: doeblin_mass(reach, variance) / 2,
    twice_the_reach=lambda reach, variance: doeblin_mass(2 * reach, variance),
    standard_deviation=lambda reach, variance: doeblin_mass(reach, math.sqrt(variance)),
)
def test_what_gaussians_of_an_interval_have_in_common(mass=doeblin_mass):
    y = np.linspace(-15, 15, 60_001)
    for reach, variance in ((0.3, 0.5), (1.0, 0.2), (2.0, 3.0)):
        rows = [norm.pdf(y, z, math.sqrt(variance)) for z in np.linspace(-reach, reach, 41)]
        assert_allclose(np.trapezoid(np.min(rows, axis=0), y), mass(reach, variance), rtol=2e-6)


def ball_mass(R, r, t, u):
    c, b, variance = reverse_bridge(t, u)
    return doeblin_mass(c * r + b * R, variance)


@pytest.mark.claim("prop-doeblin")
@against(
    without_the_data=lambda R, r, t, u: doeblin_mass(reverse_bridge(t, u).start * r, reverse_bridge(t, u).variance),
    without_the_start=lambda R, r, t, u: doeblin_mass(reverse_bridge(t, u).data * R, reverse_bridge(t, u).variance),
)
def test_minorisation_of_bounded_data_and_none_on_the_whole_line(mass=ball_mass):
    y = np.linspace(-9, 9, 6001)
    points, weights = np.array([-1.0, 1.0]), np.array([0.5, 0.5])
    for t, u, r in ((3.0, 1.0, 3.0), (1.0, 0.5, 1.5), (0.6, 0.3, 2.0), (1.0, 0.3, 40.0)):
        rows = []
        for x in np.linspace(-r, r, 81):
            w, centres, variance = posterior_rows(points, weights, t, u, x)
            rows.append(norm.pdf(y[:, None], centres, math.sqrt(variance)) @ w)
        common = np.trapezoid(np.min(rows, axis=0), y)
        assert common >= mass(1.0, r, t, u) - 1e-12
    assert 1 - np.trapezoid(np.minimum(rows[0], rows[-1]), y) > 1 - 1e-6  # far starts have nothing in common


def contraction(P, V, beta):
    """The exact factor of a finite chain in int (1 + beta V) |mu - nu|: reached by two points."""
    pairs = itertools.combinations(range(len(V)), 2)
    return max(((1 + beta * V) @ np.abs(P[x] - P[y])) / (2 + beta * (V[x] + V[y])) for x, y in pairs)


def near_chain(mass, bound):
    """Rows of two central points that overlap by `mass`, the rest as far out as the drift allows."""
    V = np.array([0.0, 0.0, 0.0, bound / (1 - mass), bound / (1 - mass)])
    P = np.zeros((5, 5))
    P[:, 2] = 1.0
    P[0, 2:], P[1, 2:] = [mass, 1 - mass, 0], [mass, 0, 1 - mass]
    return P, V


def far_chain(rate, bound, level):
    """Points with V = level and V = 0, which need not overlap, go apart and as far out as the drift allows."""
    V = np.array([level, 0.0, rate * level + bound, bound])
    return np.eye(4)[[2, 3, 3, 3]], V


@pytest.mark.claim("thm-harris")
@against(
    no_spare=lambda *a: harris_contraction(*a)._replace(factor=1 - a[2]),
    only_near=lambda *a: harris_contraction(*a)._replace(factor=1 - a[2] + a[3]),
    only_far=lambda *a: harris_contraction(*a)._replace(
        factor=(2 + a[1] * a[3] / a[0][1] * (a[0][0] + 2 * a[0][1] / a[1])) / (2 + a[1] * a[3] / a[0][1])
    ),
    bound_once=lambda *a: harris_contraction(*a, pull=a[0][0] + 2 * a[0][1] / a[1])._replace(
        factor=(2 + a[1] * a[3] / a[0][1] * (a[0][0] + a[0][1] / a[1])) / (2 + a[1] * a[3] / a[0][1])
    ),
)
def test_harris_bounds_every_chain_and_both_cases_are_reached(bound=harris_contraction):
    rate, kappa = 0.4, 0.5
    for level, mass, spare in ((4.0, 0.3, 0.05), (4.0, 0.3, 0.28), (9.0, 0.7, 0.2)):
        q = bound((rate, kappa), level, mass, spare)
        reached = [contraction(P, V, q.weight) for P, V in (near_chain(mass, kappa), far_chain(rate, kappa, level))]
        assert max(reached) <= q.factor + 1e-12
        assert_allclose(max(reached), q.factor, rtol=1e-12)


@pytest.mark.claim("thm-harris")
@against(
    half_of_the_mass=lambda *a: harris_contraction(*a, spare=a[2] / 2),
    midway=lambda *a: harris_contraction(*a, pull=(1 + a[0][0] + 2 * a[0][1] / a[1]) / 2),
)
def test_no_other_choice_of_the_free_constants_is_better(best=harris_contraction):
    for level, mass in ((4.0, 0.3), (9.0, 0.7), (2.0, 0.999)):
        spare, pull = np.meshgrid(mass * np.linspace(0.001, 0.999, 999), np.linspace(0.4 + 1 / level, 0.999, 99))
        reach = level * spare / 0.5
        brute = np.maximum(1 - mass + spare, (2 + reach * pull) / (2 + reach)).min()
        assert brute - 1e-3 < best((0.4, 0.5), level, mass).factor <= brute


@pytest.mark.claim("thm-harris")
@against(
    minorisation_missed=lambda drift, level, mass: harris_contraction(drift, level, min(1.0, 2 * mass + 0.4)),
    drift_missed=lambda drift, level, mass: harris_contraction((drift[0] / 4, drift[1] / 8), level, mass),
)
def test_harris_bounds_random_chains(bound=harris_contraction):
    rng, tried = np.random.default_rng(5), 0
    while tried < 200:
        V = np.sort(rng.gamma(0.5, 4.0, 7))
        P = rng.dirichlet(np.full(7, 0.15), size=7)
        rate = rng.uniform(0.05, 0.9)
        kappa = max(1e-3, float(np.max(P @ V - rate * V)))
        level = 2 * kappa / (1 - rate) * rng.uniform(1.01, 4)
        near = [(x, y) for x, y in itertools.combinations(range(7), 2) if V[x] + V[y] <= level]
        mass = min((np.minimum(P[x], P[y]).sum() for x, y in near), default=1.0)
        if mass < 1e-6:
            continue
        tried += 1
        q = bound((rate, kappa), level, min(mass, 1.0))
        assert contraction(P, V, q.weight) <= q.factor + 1e-9
