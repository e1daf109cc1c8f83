"""Chapter 9: the exact reverse kernel, what the flow keeps, and the frozen mode weights."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.integrate import solve_ivp
from scipy.stats import norm

from controls import against
from echolimit import GaussianMixture, flow_map, forgetting_curves, frozen_weights, reverse_kernel, sampler_kernel
from line_laws import DATA, line, noised
from strategies import line_example

LAW = line_example()
FINE = np.linspace(-9, 9, 1801)


def score(t, x):
    """The score of the example's noised law, written out once more."""
    p = noised(DATA, t)
    slopes = [(m - x) / v for m, v in zip(p.m, p.v, strict=True)]
    left, right = (w / np.sqrt(v) * np.exp(-v * s * s / 2) for w, v, s in zip(p.w, p.v, slopes, strict=True))
    return (left * slopes[0] + right * slopes[1]) / (left + right)


def simulate(x, t, later, steps, rng, noise=1.0):
    """Euler-Maruyama with many steps: the reverse SDE for noise=1, its drift with another weight otherwise."""
    for a, b in itertools.pairwise(np.geomspace(t, later, steps + 1)):
        x = x + (a - b) * (x + (1 + noise) * score(a, x)) + np.sqrt(2 * noise * (a - b)) * rng.standard_normal(len(x))
    return x


def bayes(t, later, x, y):
    return reverse_kernel(LAW, t, later, np.array([x]), y)[0]


def noise_at_the_wrong_end(t, later, x, y):
    """Wrong: the signal factor on the start instead of the end."""
    a = math.exp(later - t)
    density = noised(DATA, later).pdf(y) * norm.pdf(a * x, y, math.sqrt(1 - a * a))
    return density / np.trapezoid(density, y)


def noise_of_half_the_time(t, later, x, y):
    a = math.exp(later - t)
    density = noised(DATA, later).pdf(y) * norm.pdf(x, a * y, math.sqrt(1 - a))
    return density / np.trapezoid(density, y)


def one_gaussian_step(t, later, x, y):
    return sampler_kernel(LAW, t, later, np.array([x]), y, sampler="euler_maruyama")[0]


@pytest.mark.claim("prop-reverse-kernel")
@against(wrong_end=noise_at_the_wrong_end, half=noise_of_half_the_time, euler=one_gaussian_step)
def test_the_kernel_is_where_the_reverse_sde_goes(kernel=bayes):
    n, rng = 10_000, np.random.default_rng(0)
    for x in (-1.0, 0.4):
        ends = simulate(np.full(n, x), 1.0, 0.2, 150, rng)
        density = kernel(1.0, 0.2, x, FINE)
        for statistic in (lambda y: y, np.square, lambda y: (y < -0.2) * 1.0):
            exact = np.trapezoid(statistic(FINE) * density, FINE)
            values = statistic(ends)
            assert abs(values.mean() - exact) < 5 * values.std() / math.sqrt(n)


def averaged(f, h, x):
    nodes, weights = np.polynomial.hermite_e.hermegauss(80)
    return f(np.exp(-h) * x[:, None] + np.sqrt(-np.expm1(-2 * h)) * nodes) @ weights / math.sqrt(2 * math.pi)


@pytest.mark.claim("prop-reverse-kernel")
@against(
    averaged,
    unscaled=lambda f, h, x: averaged(lambda y: f(np.exp(h) * y), h, x),
    not_averaged=lambda f, h, x: f(np.exp(-h) * x),
)
@settings(max_examples=10)
@given(t=st.floats(0.6, 2.5), share=st.floats(0.2, 0.8))
def test_the_ratio_is_averaged_by_the_forward_noise(t, share, average):
    u, x = share * t, np.linspace(-2, 2, 9)
    start = line((1.0, 0.7, 0.5)).pdf(FINE)
    carried = np.trapezoid(start[:, None] * reverse_kernel(LAW, t, u, FINE, x), FINE, axis=0)

    def ratio(y):
        return (norm.pdf(y, 0.7, math.sqrt(0.5)).ravel() / noised(DATA, t).pdf(y.ravel())).reshape(y.shape)

    assert_allclose(carried / noised(DATA, u).pdf(x), average(ratio, t - u, x), rtol=1e-6)


@pytest.mark.claim("prop-reverse-kernel")
@against(lambda t, u, r: (t, r), only_the_last_step=lambda t, u, r: (u, r), short=lambda t, u, r: (t, (u + r) / 2))
@settings(max_examples=10)
@given(t=st.floats(1.0, 2.5), share=st.floats(0.3, 0.7))
def test_kernels_compose_and_carry_the_exact_law(t, share, whole):
    u, r, x, y = share * t, share**2 * t, np.linspace(-1.5, 1.5, 5), np.linspace(-2, 2, 7)
    two = np.trapezoid(
        reverse_kernel(LAW, t, u, x, FINE)[:, :, None] * reverse_kernel(LAW, u, r, FINE, y)[None], FINE, axis=1
    )
    assert_allclose(two, reverse_kernel(LAW, *whole(t, u, r), x, y), rtol=1e-6)
    carried = np.trapezoid(noised(DATA, t).pdf(FINE)[:, None] * reverse_kernel(LAW, t, r, FINE, y), FINE, axis=0)
    assert_allclose(carried, noised(DATA, r).pdf(y), rtol=1e-8)


def drift_of_the_flow(t, x):
    return x + score(t, x)


@pytest.mark.claim("prop-flow-keeps")
@against(
    of_the_sde=lambda t, x: x + 2 * score(t, x),
    without_expansion=lambda t, x: score(t, x),
    of_noising=lambda t, x: -x - score(t, x),
)
def test_on_the_line_the_flow_is_the_map_of_distribution_functions(velocity=drift_of_the_flow):
    x = np.linspace(-2.5, 2.5, 9)
    for t, u in ((3.0, 0.02), (0.7, 0.1)):
        path = solve_ivp(lambda s, y, t=t: velocity(t - s, y), (0, t - u), x, rtol=1e-9, atol=1e-10)
        assert_allclose(flow_map(LAW, t, u, x), path.y[:, -1], atol=1e-6)


@pytest.mark.claim("prop-flow-keeps")
@against(forgets=lambda tv, t, u: tv * math.exp(u - t), forgets_a_little=lambda tv, t, u: tv * (1 - 1e-4))
@pytest.mark.parametrize(("t", "u"), [(3.0, 0.02), (1.0, 0.3)])
def test_the_flow_keeps_total_variation_and_the_sde_does_not(t, u, kept=lambda tv, t, u: tv):
    p, q, x = line((1.0, 0.0, 1.0)), line((1.0, 1.5, 0.25)), np.linspace(-8, 8, 3601)
    before = np.trapezoid(np.abs(p.pdf(x) - q.pdf(x)), x) / 2
    image = flow_map(LAW, t, u, x)  # densities of the images by the slope of the map
    slope = np.gradient(image, x, edge_order=2)
    after = np.trapezoid(np.abs(p.pdf(x) - q.pdf(x)) / slope, image) / 2
    assert_allclose(after, kept(before, t, u), rtol=3e-5)
    sde, flow = forgetting_curves(
        LAW, GaussianMixture([1.0], [[0.0]], [1.0]), GaussianMixture([1.0], [[1.5]], [0.25]), [t, u]
    )
    assert_allclose(flow[1], before, atol=1e-5)
    assert 0 < sde[1] < sde[0] - 1e-3


@pytest.mark.claim("prop-flow-keeps")
@against(forgets=lambda kept, t, u: kept * math.exp(u - t), forgets_a_little=lambda kept, t, u: kept * (1 - 1e-3))
def test_the_flow_keeps_kl_and_chi2(left=lambda kept, t, u: kept):
    x = np.linspace(-4, 6, 4001)
    p, q = norm.pdf(x, 1.5, 0.5), norm.pdf(x)
    image = flow_map(LAW, 1.0, 0.1, x)
    slope = np.gradient(image, x, edge_order=2)
    for f in (lambda r: r * np.log(np.maximum(r, 1e-300)), lambda r: (r - 1) ** 2):
        before, after = (np.trapezoid(f(p / q) * base, at) for base, at in ((q, x), (q / slope, image)))
        assert_allclose(after, left(before, 1.0, 0.1), rtol=1e-4)


def label(t, x, weighted=True):
    """The posterior of the left component."""
    p = noised(DATA, t)
    parts = (p.w if weighted else 1.0) * norm.pdf(x[:, None], p.m, np.sqrt(p.v))
    return parts[:, 0] / parts.sum(axis=1)


@pytest.mark.claim("thm-frozen")
@against(
    flow=lambda t, u, x, rng: (simulate(x, t, u, 100, rng, noise=0.0), label),
    more_noise=lambda t, u, x, rng: (simulate(x, t, u, 200, rng, noise=3.0), label),
    without_weights=lambda t, u, x, rng: (simulate(x, t, u, 200, rng), lambda t, x: label(t, x, weighted=False)),
)
def test_the_mean_label_is_frozen(run=lambda t, u, x, rng: (simulate(x, t, u, 200, rng), label)):
    n, rng = 15_000, np.random.default_rng(3)
    x = 1.2 + 0.5 * rng.standard_normal(n)
    ends, posterior = run(1.0, 0.05, x, rng)
    change = posterior(0.05, ends) - posterior(1.0, x)
    assert abs(change.mean()) < 5 * change.std() / math.sqrt(n) + 2e-3  # 2e-3: the bias of the steps
    frozen = frozen_weights(LAW, GaussianMixture([1.0], [[1.2]], [0.25]), 1.0)
    values = posterior(1.0, x)
    assert abs(values.mean() - frozen[0]) < 5 * values.std() / math.sqrt(n)


@pytest.mark.claim("thm-frozen")
@against(without_half=lambda gap: np.abs(gap).sum(), squared=lambda gap: np.sqrt(np.abs(gap).sum() / 2))
def test_the_floor_is_below_and_reached(floor=lambda gap: np.abs(gap).sum() / 2):
    starts = [GaussianMixture([1.0], [[0.0]], [1.0]), GaussianMixture([1.0], [[1.5]], [0.25])]
    for separation in (0.5, 1.0, 2.0, 3.0):
        law = GaussianMixture(LAW.weights, separation * LAW.means, LAW.covariances)
        for t in (0.5, 1.0, 3.0):
            bound = floor(frozen_weights(law, starts[0], t) - frozen_weights(law, starts[1], t))
            sde, _ = forgetting_curves(law, *starts, [t, 0.3 * t, 0.02])
            assert np.all(sde >= bound - 1e-7)
            if separation == 3.0 and t >= 1:
                assert sde[-1] < 1.02 * bound  # separated modes: almost all that is left


@pytest.mark.claim("thm-frozen")
@against(
    lambda t, u, means: frozen_weights(GaussianMixture([0.5, 0.2, 0.3], means, [0.3, 0.1, 0.6]), SHIFTED, t),
    prior=lambda t, u, means: np.array([0.5, 0.2, 0.3]),
    reversed_order=lambda t, u, means: frozen_weights(
        GaussianMixture([0.5, 0.2, 0.3], means, [0.3, 0.1, 0.6]), SHIFTED, t
    )[::-1],
)
@settings(max_examples=10)
@given(t=st.floats(0.5, 2.0), share=st.floats(0.1, 0.6), means=st.tuples(*[st.floats(-2.5, 2.5)] * 3))
def test_three_labels_are_frozen_on_the_grid(t, share, means, weights):
    means = [[-1.0 + means[0] / 5], [0.2], [1.5 + means[2] / 5]]
    law = GaussianMixture([0.5, 0.2, 0.3], means, [0.3, 0.1, 0.6])
    u = share * t
    carried = np.trapezoid(
        SHIFTED.density(FINE[:, None])[:, None] * reverse_kernel(law, t, u, FINE, FINE[::4]), FINE, axis=0
    )
    later = law.diffuse(u)
    parts = later.weights * norm.pdf(FINE[::4, None], later.means[:, 0], np.sqrt(later.covariances))
    posterior = parts / np.maximum(parts.sum(axis=1, keepdims=True), 1e-300)
    assert_allclose(np.trapezoid(posterior * carried[:, None], FINE[::4], axis=0), weights(t, u, means), atol=1e-8)


SHIFTED = GaussianMixture([1.0], [[1.5]], [0.25])
