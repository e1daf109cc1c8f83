"""Forgetting of reverse chains: golden values, kernels against other routes, and refused input."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.stats import multivariate_normal, norm

from echolimit import (
    GaussianMixture,
    PointCloud,
    bounded_lyapunov,
    dobrushin_coefficient,
    doeblin_mass,
    flow_map,
    forgetting_curves,
    frozen_weights,
    gaussian_forgetting,
    gaussian_lyapunov,
    harris_contraction,
    limit_law,
    reverse_bridge,
    reverse_kernel,
    sampler_kernel,
    standard_gaussian,
    total_variation,
    weighted_variation,
)
from golden_reference import reaches
from strategies import line_example, mixtures

DATA = line_example()
NORMAL, SHIFTED = standard_gaussian(1), GaussianMixture([1.0], [[1.5]], [0.25])
X = np.linspace(-7, 7, 701)


def test_golden_gaussian_forgetting():
    m, v, T, delta = 0.5, 0.3, 4.0, 0.02
    reaches(gaussian_forgetting(v, T, delta), ".0061200010")
    reaches(-gaussian_forgetting(v, T, delta) * math.exp(-T) * m, "-5.6045864e-5")
    reaches(-gaussian_forgetting(v, T, delta, flow=True) * math.exp(-T) * m, "-5.2409962e-3")
    reaches(gaussian_forgetting(100.0, T, delta), "1.738")
    reaches(gaussian_forgetting(v, 1.0, 0.5), ".4974669")


def test_harris_at_a_high_level_loses_no_digits():
    level, mass = 1e12, 0.2
    factor, weight, spare, pull = harris_contraction((0.5, 1.0), level, mass)
    assert_allclose((1 - factor) * (2 + level * weight), level * weight * (1 - pull), rtol=1e-13)
    assert_allclose(factor, 1 - mass + spare, rtol=1e-15)


def test_equal_densities_are_at_distance_zero():
    density = NORMAL.density(X[:, None])
    assert weighted_variation(density, density, X) == 0


def test_golden_harris():
    drift = gaussian_lyapunov(0.3, 1.0, 0.5)
    reaches(drift.rate, ".2474733433")
    reaches(drift.bound, ".5184553604")
    level = 2.2 * 2 * drift.bound / (1 - drift.rate)
    reaches(level, "3.0313923971")
    mass = doeblin_mass(math.sqrt(drift.rate * level), drift.bound)
    reaches(mass, ".2290149326")
    reaches(doeblin_mass(2 * math.sqrt(drift.rate), drift.bound), ".1670396317")
    midway = (drift.rate + 2 * drift.bound / level + 1) / 2
    reaches(harris_contraction(drift, level, mass, pull=midway).factor, ".9338113547")
    reaches(harris_contraction(drift, level, mass).factor, ".892442")


def test_golden_forgetting_curves():
    times = np.geomspace(3, 0.02, 81)[[0, 20, 40, 60, 80]]
    sde, flow = forgetting_curves(DATA, NORMAL, SHIFTED, times)
    # By roots and adaptive quadrature: .7077832096704, .070966146749, .039672781090, .034335691367, .033195293425.
    for value, golden in zip(sde, (".7077832097", ".0709661", ".0396728", ".0343357", ".0331953"), strict=True):
        reaches(value, golden)
    assert_allclose(sde[1], 0.070966146749, atol=5e-9)
    assert_allclose(flow, sde[0], atol=1e-12)
    left = np.linspace(-6, -0.1, 8001)
    kernel = reverse_kernel(DATA, 3.0, 0.02, X, left)
    for start, golden in ((NORMAL, ".302907"), (SHIFTED, ".270416")):
        density = np.trapezoid(start.density(X[:, None])[:, None] * kernel, X, axis=0)
        reaches(np.trapezoid(density, left), golden)


@pytest.mark.parametrize(("steps", "golden"), [(80, ".0238"), (160, ".0284"), (320, ".0308")])
def test_golden_discretised_chain(steps, golden):
    x = np.linspace(-6, 6, 501)  # the noise of the shortest step has a standard deviation of one cell
    p = np.stack([law.density(x[:, None]) for law in (NORMAL, SHIFTED)])
    for t, later in itertools.pairwise(np.geomspace(3, 0.02, steps + 1)):
        p = p @ (sampler_kernel(DATA, t, later, x) * (x[1] - x[0]))
    reaches(weighted_variation(p[0], p[1], x), golden)


def test_golden_initialisation():
    x = np.linspace(-8, 8, 1601)
    exact = DATA.diffuse(0.02).density(x[:, None])
    for T, golden in ((2.0, ".1218"), (3.0, ".1221"), (4.0, ".1222"), (5.0, ".1222")):
        carried = NORMAL.density(x[::5, None]) @ reverse_kernel(DATA, T, 0.02, x[::5], x) * (x[5] - x[0])
        reaches(math.exp(2 * T) * weighted_variation(carried, exact, x), golden)


@settings(max_examples=20)
@given(law=mixtures(), t=st.floats(0.5, 3.0), share=st.floats(0.1, 0.8))
def test_reverse_kernels_are_transition_densities_of_the_noised_law(law, t, share):
    later = share * t
    x, y = np.linspace(-2, 2, 5), np.linspace(-22, 22, 6001)
    kernel = reverse_kernel(law, t, later, x, y)
    assert_allclose(np.trapezoid(kernel, y, axis=1), 1, atol=1e-9)
    wide = np.linspace(-22, 22, 2001)
    carried = np.trapezoid(
        law.diffuse(t).density(wide[:, None])[:, None] * reverse_kernel(law, t, later, wide, x), wide, axis=0
    )
    assert_allclose(carried, law.diffuse(later).density(x[:, None]), rtol=1e-8)


def test_reverse_kernels_of_clouds_and_echo_laws():
    for law in (PointCloud([[-1.0], [0.5], [2.0]]), limit_law(DATA, 0.3, 0.1)):
        kernel = reverse_kernel(law, 1.5, 0.1, X[::70], np.linspace(-9, 9, 3001))
        assert_allclose(np.trapezoid(kernel, np.linspace(-9, 9, 3001), axis=1), 1, atol=1e-9)


@pytest.mark.parametrize("method", ["euler_maruyama", "exponential_integrator", "ancestral"])
def test_sampler_kernels_approach_the_reverse_kernel(method):
    x, y = np.linspace(-2, 2, 9), np.linspace(-6, 6, 4801)
    gaps = []
    for h in (0.02, 0.01, 0.005):
        exact, step = reverse_kernel(DATA, 0.5, 0.5 - h, x, y), sampler_kernel(DATA, 0.5, 0.5 - h, x, y, method)
        gaps.append(np.trapezoid(np.abs(exact - step), y, axis=1).max())
    assert gaps[0] / gaps[1] > 1.8
    assert gaps[1] / gaps[2] > 1.8


@settings(max_examples=20)
@given(law=mixtures(), t=st.floats(0.05, 3.0), later=st.floats(0.05, 3.0))
def test_the_flow_map_runs_both_ways(law, t, later):
    x = np.linspace(-2.5, 2.5, 11)
    there = flow_map(law, t, later, x)
    assert np.all(np.diff(there) > 0)
    assert_allclose(flow_map(law, later, t, there), x, atol=1e-8)


def test_doeblin_mass_in_more_dimensions():
    rng = np.random.default_rng(0)
    for dimension in (2, 3, 10):
        x = rng.standard_normal((200_000, dimension)) * math.sqrt(0.7)
        law = multivariate_normal(np.zeros(dimension), 0.7 * np.eye(dimension))
        r = np.linalg.norm(x, axis=1)
        infimum = np.exp(-((r + 0.4) ** 2) / 1.4) / (2 * math.pi * 0.7) ** (dimension / 2)
        draws = infimum / law.pdf(x)
        assert abs(draws.mean() - doeblin_mass(0.4, 0.7, dimension)) < 5 * draws.std() / math.sqrt(len(x))
    assert doeblin_mass(0.0, 0.3, 4) == pytest.approx(1, abs=1e-9)
    # by mpmath, with 15 digits: no absolute tolerance may hide in the integral
    assert_allclose(doeblin_mass(30.0, 1.0, 2), 4.09070889264458e-199, rtol=1e-9)
    assert_allclose(doeblin_mass(3.0, 1.0, 200), 3.84193817080128e-20, rtol=1e-9)


def test_weighted_variation_of_two_normal_laws():
    p, q = norm.pdf(X), norm.pdf(X, 1.0)
    assert_allclose(weighted_variation(p, q, X), 2 * norm.cdf(0.5) - 1, atol=1e-9)
    fine = np.linspace(-9, 10, 40_001)
    brute = np.trapezoid((1 + fine**2) * np.abs(norm.pdf(fine) - norm.pdf(fine, 1.0)), fine) / 2
    assert_allclose(weighted_variation(p, q, X, np.square), brute, atol=1e-7)


def test_dobrushin_coefficient_of_gaussian_rows():
    x, y = np.linspace(-1, 1, 5), np.linspace(-9, 9, 2001)
    kernel = norm.pdf(y, 0.5 * x[:, None], 0.8)
    assert_allclose(dobrushin_coefficient(kernel, x, y), 2 * norm.cdf(0.5 / 0.8) - 1, atol=1e-7)
    pairs = [
        2 * weighted_variation(kernel[i], kernel[j], y, np.square) / (2 + x[i] ** 2 + x[j] ** 2)
        for i in range(5)
        for j in range(i)
    ]
    assert_allclose(dobrushin_coefficient(kernel, x, y, np.square), max(pairs), rtol=1e-12)


def test_frozen_weights_of_the_exact_start_are_the_weights():
    assert_allclose(frozen_weights(DATA, DATA.diffuse(0.7), 0.7), [0.3, 0.7], atol=1e-10)
    assert_allclose(frozen_weights(GaussianMixture([0.0, 1.0], [[0.0], [1.0]], [1.0, 1.0]), NORMAL, 1.0), [0, 1])


def test_curves_with_a_penalty_begin_with_the_weighted_distance_of_the_starts():
    sde, flow = forgetting_curves(DATA, NORMAL, SHIFTED, [2.0, 0.1], np.square)
    brute = weighted_variation(NORMAL.density(X[:, None]), SHIFTED.density(X[:, None]), X, np.square)
    assert_allclose([sde[0], flow[0]], brute, atol=1e-5)
    assert sde[1] < sde[0]
    assert total_variation(NORMAL, SHIFTED) < flow[1]


BAD = [
    (lambda: gaussian_forgetting(0.0, 1.0, 0.5), "variance must be greater than 0"),
    (lambda: gaussian_forgetting(0.3, 0.5, 0.5), "t > later > 0, got"),
    (lambda: gaussian_lyapunov(0.3, 1.0, 0.0), "t > later > 0, got"),
    (lambda: gaussian_lyapunov(0.3, 1.0, 0.5, "heun"), "step must be"),
    (lambda: bounded_lyapunov(-1.0, 1.0, 0.5), "radius must be greater than 0"),
    (lambda: reverse_bridge(float("nan"), 0.5), "t must be finite"),
    (lambda: doeblin_mass(-0.1, 1.0), "reach must be at least 0"),
    (lambda: harris_contraction((1.0, 0.5), 9.0, 0.2), "without a pull"),
    (lambda: harris_contraction((0.5, 0.5), 2.0, 0.2), "level must be greater than"),
    (lambda: harris_contraction((0.5, 0.5), 9.0, 0.0), "mass must be in"),
    (lambda: harris_contraction((0.5, 0.5), 9.0, 0.2, spare=0.3), "spare must be in"),
    (lambda: harris_contraction((0.5, 0.5), 9.0, 0.2, pull=0.5), "pull must be in"),
    (lambda: reverse_kernel(DATA, 1.0, 1.0, X), "t > later > 0, got"),
    (lambda: reverse_kernel(DATA, 1.0, 0.5, X[:, None]), "x must have shape"),
    (lambda: reverse_kernel(standard_gaussian(2), 1.0, 0.5, X), "law on the line"),
    (lambda: sampler_kernel(DATA, 1.0, 0.5, [0.0, math.nan]), "x must be finite"),
    (lambda: sampler_kernel(DATA, 1.0, 0.5, X, sampler="ddim"), "sampler must add noise"),
    (lambda: weighted_variation([1.0, 2.0], [1.0], [0.0, 1.0]), "q must have shape"),
    (lambda: weighted_variation([1.0, 2.0], [1.0, 1.0], [1.0, 0.0]), "x must increase"),
    (lambda: weighted_variation([1.0, 2.0], [1.0, 1.0], [0.0, 1.0], lambda x: -x), "penalty must map"),
    (lambda: dobrushin_coefficient(np.ones((2, 3)), [0.0, 1.0], [0.0, 1.0]), "kernel must have shape"),
    (lambda: flow_map(PointCloud([[0.0]]), 0.0, 1.0, [0.5]), "density at both times"),
    (lambda: forgetting_curves(DATA, NORMAL, SHIFTED, [1.0, 2.0]), "times must be decreasing"),
    (lambda: forgetting_curves(DATA, NORMAL, SHIFTED, []), "times must be decreasing numbers > 0"),
    (lambda: forgetting_curves(DATA, NORMAL, SHIFTED, [1.0, 1 - 1e-8]), "take times further apart"),
    (lambda: frozen_weights(NORMAL, SHIFTED, -1.0), "t must be at least 0"),
    (lambda: frozen_weights(NORMAL, PointCloud([[0.0]]), 1.0), "got one with atoms"),
]


@pytest.mark.parametrize(("call", "message"), BAD)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_wrong_types_are_named():
    with pytest.raises(TypeError, match="whose components are the modes"):
        frozen_weights(PointCloud([[0.0]]), NORMAL, 1.0)
    with pytest.raises(TypeError, match="penalty must be a function"):
        weighted_variation([1.0, 2.0], [1.0, 1.0], [0.0, 1.0], 2.0)
    with pytest.raises(TypeError, match="law must be a GaussianMixture"):
        reverse_kernel(X, 1.0, 0.5, X)
    with pytest.raises(TypeError, match="drift must be a pair"):
        harris_contraction(0.5, 9.0, 0.2)
