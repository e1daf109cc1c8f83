"""Error balls, exact passes on Gaussians and closed loops: golden values, and the library's own samplers."""

import itertools
import math

import mpmath
import numpy as np
import pytest
from scipy.integrate import solve_ivp

import echolimit as el
from golden_reference import half_unit, reaches
from sampler_oracles import GOLDEN_PASSES

TIMES = {k: el.time_grid(4.0, 0.02, k, "geometric") for k in (4, 10, 20, 50)}
SAMPLERS = {
    "euler_maruyama": el.euler_maruyama,
    "exponential_integrator": el.exponential_integrator,
    "ancestral": el.ancestral,
    "ancestral_large": lambda *args: el.ancestral(*args, variance="large"),
    "ddim": el.ddim,
    "heun": el.heun,
    "dpmpp_2m": el.dpmpp_2m,
}
EXACT_PASSES = {  # as GOLDEN_PASSES, without discretisation
    ("ideal", 10): ("0.4900993367", "0.3274473926"),
    ("reverse_sde", 10): ("0.4900432908", "0.3274474014"),
    ("probability_flow", 10): ("0.4848583405", "0.3275243031"),
}
GOLDEN_LIMITS = [
    ("ideal", 10, "0.4186306636"),
    ("euler_maruyama", 10, "1.1119159267"),
    ("ancestral", 10, "0.1924004433"),
    ("ancestral", 20, "0.2628"),
    ("ancestral_large", 10, "0.6118"),
    ("ancestral_large", 50, "0.4599"),
    ("ddim", 10, "0.2453260008"),
    ("heun", 10, "0.3366710300"),
    ("euler_maruyama", 50, "0.5084021980"),
    ("exponential_integrator", 50, "0.5535331354"),
    ("exponential_integrator", 20, "1.0270660877"),
    ("ancestral", 50, "0.3376603171"),
    ("ddim", 50, "0.3660287147"),
]
GOLDEN_FIXED_POINTS = [
    ("exponential_integrator", 20, 0.2, ("1.0270660877", "187.896", "1148.83"), (True, False, True)),
    (
        "exponential_integrator",
        10,
        0.5,
        ("0.8010504670", "6.0692873145", "32.662", "102.087", "2278.15"),
        (True, False, True, False, True),
    ),
    ("exponential_integrator", 10, 0.2, ("2466.18",), (True,)),
    ("heun", 4, 0.2, ("0.05052", "2.62623", "18.858"), (True, False, True)),
    ("euler_maruyama", 10, 0.2, ("1.1119159267",), (True,)),
    ("ancestral", 10, 0.2, ("0.1924004433",), (True,)),
    ("ddim", 10, 0.2, ("0.2453260008",), (True,)),
]


class OneHot(np.random.Generator):
    """Row k of x gets a one in step k and no noise else: the endpoints are the weights of the noises."""

    def __init__(self):
        super().__init__(np.random.PCG64(0))
        self.step = 0

    def standard_normal(self, size=None, dtype=np.float64, out=None):
        row = np.zeros(size if out is None else out.shape)
        row[self.step] = 1.0
        self.step += 1
        if out is None:
            return row
        out[...] = row
        return out


def by_samplers(name, m, v, times):
    """Mean and variance of the library's sampler for N(m, v) from N(0, 1), read off one run."""

    def score(x, t):
        a = math.exp(-t)
        return -(x - a * m) / (a * a * v + 1 - a * a)

    steps = len(times) - 1
    x = np.zeros((steps + 2, 1))
    x[-1] = 1.0  # the last row starts at one, the others at zero; the last but one meets no noise
    end = SAMPLERS[name](score, x, times, OneHot())[:, 0]
    shift = end[-2]
    return shift, (end[-1] - shift) ** 2 + np.sum((end[:steps] - shift) ** 2)


@pytest.mark.parametrize(("case", "printed"), (GOLDEN_PASSES | EXACT_PASSES).items())
def test_passes_reach_the_golden_values(case, printed):
    sampler, steps = case
    for value, golden in zip(el.gaussian_pass(sampler, 0.5, 0.3, TIMES[steps]), printed, strict=True):
        reaches(value, golden)


def test_a_golden_mean_in_high_precision():
    """The mean of the exponential integrator with 50 steps ends in ...3496, rounded from ...33495569."""
    with mpmath.workdps(30):
        v, m, mu = mpmath.mpf("0.3"), mpmath.mpf("0.5"), mpmath.mpf(0)
        grid = [4 * mpmath.mpf("0.005") ** (mpmath.mpf(k) / 50) for k in range(51)]
        for t, later in itertools.pairwise(grid):
            a, grown = mpmath.exp(-t), mpmath.expm1(t - later)
            total = a * a * v + 1 - a * a
            mu = (1 + grown - 2 * grown / total) * mu + 2 * grown * a * m / total
        assert mpmath.nstr(mu, 12) == "0.490083349557"


@pytest.mark.parametrize(("sampler", "steps", "variance"), GOLDEN_LIMITS)
def test_closed_loops_reach_the_golden_values(sampler, steps, variance):
    got = el.gaussian_limit(sampler, 0.0, 0.3, 0.2, TIMES[steps])
    assert got.stable
    reaches(got.variance, variance)
    loop = el.gaussian_loop(sampler, 0.0, 0.3, 0.2, TIMES[steps], 300)[1]
    np.testing.assert_allclose(loop[-1], got.variance, rtol=1e-12)


@pytest.mark.parametrize(("sampler", "steps", "alpha", "variances", "stable"), GOLDEN_FIXED_POINTS)
def test_all_fixed_points_are_found(sampler, steps, alpha, variances, stable):
    found = el.gaussian_fixed_points(sampler, 0.3, alpha, TIMES[steps])
    assert [f.stable for f in found] == list(stable)
    for f, variance in zip(found, variances, strict=True):
        reaches(f.variance, variance)
        again = el.gaussian_pass(sampler, 0.0, alpha * 0.3 + (1 - alpha) * f.variance, TIMES[steps])[1]
        np.testing.assert_allclose(again, f.variance, rtol=1e-12)


@pytest.mark.parametrize("sampler", ["euler_maruyama", "ancestral", "ancestral_large", "ddim"])
def test_some_samplers_have_one_fixed_point_wherever_we_look(sampler):
    for spacing in ("geometric", "log_snr", "uniform"):
        for steps in (2, 4, 10, 50):
            times = el.time_grid(4.0, 0.02, steps, spacing)
            for alpha, v in ((0.05, 0.3), (0.2, 0.05), (0.2, 3.0), (0.8, 1.0)):
                assert len(el.gaussian_fixed_points(sampler, v, alpha, times, points=500)) == 1


def test_starts_on_both_sides_of_the_unstable_point_part():
    ends = [
        el.gaussian_limit("exponential_integrator", 0.0, 0.3, 0.2, TIMES[20], (0.0, v)).variance for v in (100, 300)
    ]
    np.testing.assert_allclose(ends, [1.0270660877, 1148.83], rtol=1e-5)


@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize("spacing", ["geometric", "log_snr", "uniform", "karras"])
def test_passes_are_those_of_the_samplers(sampler, spacing):
    for m, v, T, delta in ((0.5, 0.3, 4.0, 0.02), (-1.0, 2.5, 2.0, 0.1), (0.7, 0.0, 3.0, 0.05)):
        times = el.time_grid(T, delta, 7, spacing)
        np.testing.assert_allclose(el.gaussian_pass(sampler, m, v, times), by_samplers(sampler, m, v, times), 1e-11)


@pytest.mark.parametrize("noise", [True, False], ids=["reverse_sde", "probability_flow"])
def test_exact_passes_solve_the_moment_equations(noise):
    m, v, T, delta = 0.5, 0.3, 4.0, 0.02
    weight = 2.0 if noise else 1.0

    def right(s, y):
        a = math.exp(s - T)
        total = a * a * v + 1 - a * a
        drift = 1 - weight / total
        return [drift * y[0] + weight * a * m / total, 2 * drift * y[1] + 2 * noise]

    end = solve_ivp(right, (0, T - delta), [0.0, 1.0], rtol=1e-11, atol=1e-13, method="DOP853").y[:, -1]
    name = "reverse_sde" if noise else "probability_flow"
    np.testing.assert_allclose(el.gaussian_pass(name, m, v, [T, delta]), end, rtol=1e-8)


def test_passes_take_arrays_and_other_starts():
    v = np.array([[0.1], [0.4]])
    mean, variance = el.gaussian_pass("heun", np.array([0.0, 1.0, 2.0]), v, TIMES[10], start_mean=0.1)
    assert mean.shape == variance.shape == (2, 3)
    one = el.gaussian_pass("heun", 2.0, 0.4, TIMES[10], start_mean=0.1)
    np.testing.assert_allclose([mean[1, 2], variance[1, 2]], one, rtol=1e-15)
    assert el.gaussian_pass("ddim", 0.0, 0.4, TIMES[10], start_variance=2.0)[1] == pytest.approx(
        2 * el.gaussian_pass("ddim", 0.0, 0.4, TIMES[10])[1]
    )


def test_multipliers_are_derivatives_of_the_round():
    for sampler in ("exponential_integrator", "heun", "dpmpp_2m"):
        found = el.gaussian_limit(sampler, 0.5, 0.3, 0.3, TIMES[20])
        near = np.array([found.mean, found.variance])

        def after(state, sampler=sampler):
            means, variances = el.gaussian_loop(sampler, 0.5, 0.3, 0.3, TIMES[20], 1, tuple(state))
            return np.array([means[1], variances[1]])

        np.testing.assert_allclose(after(near), near, rtol=1e-12)
        steps = 1e-5 * np.eye(2)
        jacobian = np.column_stack([(after(near + e) - after(near - e)) / 2e-5 for e in steps])
        np.testing.assert_allclose(found.multiplier, np.max(np.abs(np.linalg.eigvals(jacobian))), rtol=1e-6)


def test_gains_and_balls_are_consistent():
    assert el.ball_radius(0.2, 0.05, 0.02) == pytest.approx(0.1340531650, abs=5e-11)
    assert el.ball_radius(0.2, 0.05, 0.02, "w1") == pytest.approx(0.0836762454, abs=5e-11)
    assert el.displacement_radius(0.2, 0.05, 0.02) == pytest.approx(0.1033086986, abs=5e-11)
    values = [f(0.01, 0.01, 1.0) for f in (el.displacement_radius, el.ball_radius)]
    np.testing.assert_allclose([*values, el.ball_radius(0.01, 0.01, 1.0, "w1")], [58.0, 67.1, 50.4], atol=0.05)
    n = np.arange(1, 9)
    printed = ["4.1838", "3.6215", "3.2110", "2.8984", "2.6528", "2.4549", "2.2923", "2.1564"]
    assert np.all(np.abs(el.compounding_factor(n, 0.2, 0.05) - [float(p) for p in printed]) <= half_unit("0.0001"))
    assert el.displacement_radius(0.2, 0.05, 0.02, order=1) == pytest.approx(el.ball_radius(0.2, 0.05, 0.02, "w1"))
    assert el.displacement_radius(0.2, 0.05, 0.02, rounds=0) == 0
    assert el.displacement_radius(0.2, 0.05, 0.02, rounds=500) == pytest.approx(el.displacement_radius(0.2, 0.05, 0.02))
    assert el.error_bound(0.2, 0.05, np.full(300, 0.02), 5.0)[-1] == pytest.approx(el.ball_radius(0.2, 0.05, 0.02))
    assert el.noise_gain([0, 5], 1.0, 0.1).tolist() == [1.0, 1.0]


def test_radii_and_gains_of_tiny_shares_lose_no_digits():
    np.testing.assert_allclose([el.ball_radius(1e-17, 1e-20, 1.0, m) for m in ("w2", "w1")], [2e17, 1e17], rtol=3e-3)
    np.testing.assert_allclose(el.displacement_radius(1e-17, 1e-20, 1.0), 1.41421e17, rtol=3e-3)
    np.testing.assert_allclose(el.noise_gain(0, 1e-17, 0.1), (2e-17) ** -0.5, rtol=1e-12)


@pytest.mark.parametrize("sampler", ["ddim", "euler_maruyama"])
def test_both_ways_to_a_fixed_point_say_the_same_of_it(sampler):
    times = el.time_grid(4.0, 0.02, 20, "geometric")
    (found,) = el.gaussian_fixed_points(sampler, 1.5, 0.2, times)
    reached = el.gaussian_limit(sampler, 0.0, 1.5, 0.2, times)
    np.testing.assert_allclose(reached.variance, found.variance, rtol=1e-10)
    np.testing.assert_allclose(reached.multiplier, found.multiplier, rtol=1e-8)
