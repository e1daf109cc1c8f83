"""Chapter 6: the closed loop, and on which side of the ideal loop each sampler ends."""

import itertools
import math

import numpy as np
import pytest
from scipy.optimize import brentq

import echolimit as el
from controls import against
from line_laws import DATA, line, step

GRID = (4.0, 0.02)


def one_pass(name, v, times, start):
    """Variance at the end for the target N(0, v): a chain of steps, written out once more."""
    variance = start
    for t, u in itertools.pairwise(times):
        h, s2, r2 = t - u, 1 - math.exp(-2 * t), 1 - math.exp(-2 * u)
        w = math.exp(-2 * t) * v + s2
        if name == "euler_maruyama":
            variance = (1 + h - 2 * h / w) ** 2 * variance + 2 * h
        elif name == "exponential_integrator":
            variance = (math.exp(h) - 2 * math.expm1(h) / w) ** 2 * variance + math.expm1(2 * h)
        else:
            clean = math.exp(-t) * v / w  # of E[X_0 | X_t]
            if name == "ddim":
                gain, noise = math.exp(-u) * clean + math.sqrt(r2 / s2) * (1 - math.exp(-t) * clean), 0.0
            else:
                forward = -math.expm1(-2 * h)
                gain = math.exp(-u) * forward / s2 * clean + math.exp(-h) * r2 / s2
                noise = forward * (r2 / s2 if name == "ancestral" else 1.0)
            variance = gain**2 * variance + noise
    return variance


def loops(name, v, alpha, times, rounds, first, exact=False):
    """(V_i, ideal V_i) for i = 1, ..., rounds."""
    delta, current, ideal, path = times[-1], first, first, []
    for _ in range(rounds):
        q = alpha * v + (1 - alpha) * current
        current = one_pass(name, q, times, math.exp(-2 * times[0]) * (q - 1) + 1 if exact else 1.0)
        ideal = math.exp(-2 * delta) * (alpha * v + (1 - alpha) * ideal - 1) + 1
        path.append((current, ideal))
    return path


def draws(count, widest):
    """Random data, shares and grids: few steps and many, even and uneven, late and early stops."""
    rng = np.random.default_rng(8)
    for k in range(count):
        delta = 10 ** rng.uniform(-2.5, 0)
        end = delta + 10 ** rng.uniform(-1, 0.7)
        steps = int(rng.integers(1, 12))
        times = np.sort(np.append(rng.uniform(delta, end, steps - 1), [delta, end]))[::-1]
        if k % 2:
            times = np.geomspace(end, delta, steps + 1)
        yield (
            rng.uniform(0.01, widest),
            rng.uniform(0.05, 1.0),
            [float(t) for t in times],
            rng.uniform(0, min(widest, 1)),
        )
    yield 1.0, 0.5, [0.3, 0.1], 1.0  # one step at the fixed law N(0, 1): the margins are attained


@pytest.mark.claim("thm-sampler-side")
@against(
    {
        "exponential_integrator": lambda h: min(2 * math.expm1(h) ** 2, 2.0),
        "euler_maruyama": lambda h: min(h * h, 1.0),
        "ancestral_large": lambda h: 0.0,
    },
    twice_the_margin={"exponential_integrator": lambda h: min(4 * math.expm1(h) ** 2, 2.0)},
    no_cap={"exponential_integrator": lambda h: 2 * math.expm1(h) ** 2},
    twice_for_euler={"euler_maruyama": lambda h: min(2 * h * h, 1.0)},
    large_variance_like_euler={"ancestral_large": lambda h: min(h * h, 1.0)},
    ddim_above={"ddim": lambda h: 0.0},
)
def test_samplers_that_end_above(margins):
    for name, margin in margins.items():
        for v, alpha, times, first in draws(300, 1.0):
            least = margin(times[-2] - times[-1])
            for got, ideal in loops(name, v, alpha, times, 6, first):
                assert got >= ideal + least - 1e-12
        for v, alpha, times, _ in draws(30, 0.9):
            assert all(got > ideal for got, ideal in loops(name, v, alpha, times, 6, v) if v < 0.9)


@pytest.mark.claim("thm-sampler-side")
@against(
    ("ancestral", "ddim"),
    large_variance=("ancestral_large",),
    euler_maruyama=("euler_maruyama",),
    exponential_integrator=("exponential_integrator",),
)
def test_samplers_that_end_below_from_the_exact_start(names):
    for name in names:
        for v, alpha, times, first in draws(300, 4.0):
            for got, ideal in loops(name, v, alpha, times, 6, first, exact=True):
                assert got < ideal


@pytest.mark.claim("thm-sampler-side")
@against(
    lambda alpha, delta, T: math.exp(-2 * T) / -math.expm1(-2 * T) / (1 - (1 - alpha) * math.exp(-2 * delta)),
    start_forgotten=lambda alpha, delta, T: 0.0,
    e_to_minus_four_T=lambda alpha, delta, T: math.exp(-4 * T) / (1 - (1 - alpha) * math.exp(-2 * delta)),
)
def test_the_price_of_the_start_below(price):
    """With many steps DDIM is the flow, which from N(0, 1) ends above for narrow data."""
    for v, alpha, times, first in draws(100, 4.0):
        for name in ("ancestral", "ddim"):
            for got, ideal in loops(name, v, alpha, times, 6, first):
                assert got <= ideal + price(alpha, times[-1], times[0]) + 1e-12
    times = np.geomspace(1.0, 0.3, 601).tolist()
    for got, ideal in loops("ddim", 0.2, 0.3, times, 8, 0.2):
        assert got <= ideal + price(0.3, 0.3, 1.0)


@pytest.mark.claim("thm-sampler-side")
@against(
    lambda alpha, delta, v: 1 + (v - 1) * alpha / (math.expm1(2 * delta) + alpha),
    of_degree_one=lambda alpha, delta, v: 1 + (v - 1) * alpha / (math.expm1(delta) + alpha),
    of_the_data=lambda alpha, delta, v: v,
)
def test_the_sides_in_the_long_run(limit):
    """300 rounds on fine grids, near the ideal limit on either side; data wide enough turn one sampler."""
    times = np.geomspace(*GRID, 301).tolist()
    for alpha, v in ((0.2, 0.3), (0.5, 0.8)):
        ideal = limit(alpha, GRID[1], v)
        h = times[-2] - times[-1]
        for name, margin in (("exponential_integrator", 2 * math.expm1(h) ** 2), ("euler_maruyama", h * h)):
            assert ideal + margin < loops(name, v, alpha, times, 300, v)[-1][0] < ideal + 0.05
        for name in ("ancestral", "ddim"):
            assert ideal - 0.05 < loops(name, v, alpha, times, 300, v, exact=True)[-1][0] < ideal
    short = np.geomspace(0.5, GRID[1], 11).tolist()
    got, ideal = loops("exponential_integrator", 10.0, 1.0, short, 1, 10.0, exact=True)[0]
    assert got < ideal


def mixed_variance(alpha, m, v, mean, variance):
    return alpha * v + (1 - alpha) * variance + alpha * (1 - alpha) * (m - mean) ** 2


@pytest.mark.claim("prop-closure")
@against(
    mixed_variance,
    gap_of_means_forgotten=lambda alpha, m, v, mean, variance: alpha * v + (1 - alpha) * variance,
    gap_not_split=lambda alpha, m, v, mean, variance: alpha * v + (1 - alpha) * variance + (m - mean) ** 2,
    shares_exchanged=lambda alpha, m, v, mean, variance: mixed_variance(1 - alpha, m, v, mean, variance),
)
def test_the_closure_of_the_ideal_loop_is_exact(mixed):
    """Two clusters, rounds done one by one, moments from the mixture."""
    m, v = DATA.mean(), DATA.moment(2) - DATA.mean() ** 2
    for alpha, delta in ((0.3, 0.1), (0.7, 0.4)):
        p = line((0.6, 2.0, 0.5), (0.4, -0.5, 1.5))
        mean, variance = p.mean(), p.moment(2) - p.mean() ** 2
        got = el.gaussian_loop("ideal", m, v, alpha, [3.0, delta], 5, (mean, variance))
        for i in range(1, 6):
            p = step(DATA, p, alpha, delta)
            variance = math.exp(-2 * delta) * (mixed(alpha, m, v, mean, variance) - 1) + 1
            mean = math.exp(-delta) * (alpha * m + (1 - alpha) * mean)
            exact = p.mean(), p.moment(2) - p.mean() ** 2
            np.testing.assert_allclose((mean, variance), exact, rtol=1e-10)
            np.testing.assert_allclose((got[0][i], got[1][i]), exact, rtol=1e-10)


@pytest.mark.claim("prop-closure")
@against(
    lambda alpha, slope: (1 - alpha) * slope,
    share_forgotten=lambda alpha, slope: slope,
    other_share=lambda alpha, slope: alpha * slope,
)
def test_small_deviations_shrink_by_the_multiplier(multiplier):
    """The slope of a pass by differences; the fixed point by bisection between 0 and a bound of the pass."""
    times = np.geomspace(*GRID, 13).tolist()
    for name in ("exponential_integrator", "ddim", "ancestral_large"):
        alpha, v = 0.6, 0.3

        def after(variance, name=name, alpha=alpha, v=v):
            return one_pass(name, alpha * v + (1 - alpha) * variance, times, 1.0)

        assert after(0.0) >= 0
        assert after(1e9) < 1e9
        fixed = brentq(lambda variance, after=after: after(variance) - variance, 0.0, 3.0, xtol=1e-13)
        q = alpha * v + (1 - alpha) * fixed
        slope = (one_pass(name, q + 1e-5, times, 1.0) - one_pass(name, q - 1e-5, times, 1.0)) / 2e-5
        shrunk = (after(fixed + 1e-4) - fixed) / 1e-4
        np.testing.assert_allclose(shrunk, multiplier(alpha, slope), rtol=1e-2)
        found = el.gaussian_fixed_points(name, v, alpha, times)
        assert any(abs(f.variance / fixed - 1) < 1e-9 and abs(f.multiplier - shrunk) < 1e-2 for f in found)


@pytest.mark.claim("prop-closure")
@against(
    ("euler_maruyama", "exponential_integrator", "ancestral", "ancestral_large", "ddim", "heun", "dpmpp_2m"),
    a_pass_that_grows_with_its_target=("ideal",),
)
def test_passes_are_bounded_however_wide_the_target(names):
    times = el.time_grid(*GRID, 6, "geometric")
    for name in names:
        wide = el.gaussian_pass(name, 0.0, np.geomspace(1e6, 1e14, 9), times)[1]
        np.testing.assert_allclose(wide[3:], wide[-1], rtol=1e-3)
        assert len(el.gaussian_fixed_points(name, 0.3, 0.2, times)) >= 1
