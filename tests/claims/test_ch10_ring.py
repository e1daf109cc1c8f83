"""Chapter 10: the loop on a ring, and the floor of a bounded slope."""

import functools
import math

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import quad, solve_ivp
from scipy.optimize import linear_sum_assignment, minimize
from scipy.stats import norm, rice

import echolimit as el
from controls import against
from echolimit.robustness.singular import ring_distance, slope_floor

RADIUS, ALPHAS, DELTAS = 1.5, (0.4, 0.7, 0.5), (0.3, 0.1, 0.02)


def thickness(radius, alpha, delta, centre=None):
    """sqrt E(|X| - R)^2 in the last round, by quadrature over Rice densities, ages by hand."""
    times, weights, left = [], [], 1.0
    for k in reversed(range(len(delta))):
        times.append(sum(delta[k:]))
        weights.append(left * alpha[k] if k else left)
        left *= 1 - alpha[k]
    total = 0.0
    for t, w in zip(times, weights, strict=True):
        a, s = math.exp(-t), math.sqrt(1 - math.exp(-2 * t))
        law = rice(a * radius / s, scale=s)
        middle = radius if centre is None else centre * radius
        low, high = max(0.0, a * radius - 12 * s), a * radius + 12 * s
        total += w * quad(lambda r: (r - middle) ** 2 * law.pdf(r), low, high, limit=200)[0]  # noqa: B023
    return math.sqrt(total)


@pytest.mark.claim("prop-ring")
@against(
    lambda radius, a, d: ring_distance(radius, a, d)[-1],
    noise_in_the_plane=lambda radius, a, d: math.sqrt(2) * ring_distance(radius, a, d)[-1],
    schedule_reversed=lambda radius, a, d: ring_distance(radius, a[::-1], d[::-1])[-1],
    fresh_share_reversed=lambda radius, a, d: ring_distance(radius, [1 - x for x in a], d)[-1],
    unit_ring=lambda radius, a, d: ring_distance(1.0, a, d)[-1],
)
def test_the_distance_is_a_mean_over_rice_laws(distance):
    for rounds in (1, 2, 3):
        alphas, deltas = ALPHAS[:rounds], DELTAS[:rounds]
        assert_allclose(distance(RADIUS, alphas, deltas), thickness(RADIUS, alphas, deltas), rtol=1e-8)


@pytest.mark.claim("prop-ring")
@against(
    lambda t: 2 * t,
    half=lambda t: t,
    both_directions=lambda t: 4 * t,
    fourth_power=lambda t: 2 * t**2,
)
def test_thin_rings_are_as_thick_as_the_noise(square):
    for t in (1e-4, 1e-6, 1e-9, 1e-12):
        assert_allclose(ring_distance(RADIUS, 0.5, [t])[-1] ** 2, square(t), rtol=3 * t**0.5 + 1e-4)
    falling = ring_distance(RADIUS, 0.5, 0.1 * 0.5 ** np.arange(40))
    assert falling[-1] < 1e-4


@pytest.mark.claim("prop-ring")
@against(
    lambda x: np.sqrt(np.mean((np.linalg.norm(x, axis=1) - 1.0) ** 2)),
    distance_to_the_centre=lambda x: np.sqrt(np.mean(np.linalg.norm(x, axis=1) ** 2)),
    spread_of_the_radius=lambda x: np.linalg.norm(x, axis=1).std(),
)
def test_the_thickness_is_the_optimal_transport(lower):
    """400 points against 400 points of the ring by assignment: equal for a round law, more for one that is not."""
    rng, n = np.random.default_rng(1), 400
    angle = 2 * np.pi * (np.arange(n) + 0.5) / n
    circle = np.column_stack([np.cos(angle), np.sin(angle)])
    radius = 1.3 + 0.3 * rng.standard_normal(n)
    points = circle * radius[:, None]
    lopsided = points + np.array([0.5, 0.0])
    for x, equal in ((points, True), (lopsided, False)):
        cost = ((x[:, None, :] - circle[None, :, :]) ** 2).sum(axis=2)
        way = math.sqrt(cost[linear_sum_assignment(cost)].mean())
        assert way >= lower(x) * (1 - 1e-9)
        assert (way < lower(x) * 1.04) == equal


def one_pass(variance, limit):
    """The variance after the flow from noise level 8 to 0 with the slope min(limit, 1 / (v + sigma^2)), by an ODE."""

    def growth(u, _):
        sigma = math.exp(u)
        return [sigma**2 * min(limit(sigma), 1 / (variance + sigma**2))]

    end = solve_ivp(growth, [math.log(8.0), math.log(1e-8)], [0.0], rtol=1e-7, atol=1e-9, max_step=0.2)
    return (variance + 64.0) * math.exp(2 * end.y[0, -1])


@functools.cache
def loop(kind, K, alpha, start):
    def limit(sigma):
        return K if kind == "constant" else K / sigma

    v = start
    for _ in range(int(8 / alpha) + 6):
        v = one_pass((1 - alpha) * v, limit)
    return v


@pytest.mark.claim("prop-slope-floor")
@against(
    slope_floor,
    no_loop=lambda alpha, kind: slope_floor(1.0, kind),
    share_multiplies=lambda alpha, kind: slope_floor(1.0, kind) / alpha,
    width_of_the_bound=lambda alpha, kind: 1.0,
    complement=lambda alpha, kind: slope_floor(1 - alpha, kind),
)
def test_the_loop_of_limited_slopes(floor):
    """The flow by an ODE solver, round after round, from a wide and from a narrow start."""
    for kind, K, power in (("constant", 9.0, 1), ("noise", 4.0, 2)):
        for alpha, start in ((0.4, 2.0), (0.7, 1e-4)):
            assert_allclose(loop(kind, K, alpha, start) * K**power, floor(alpha, kind), rtol=2e-3)


@pytest.mark.claim("prop-slope-floor")
@against(
    {"constant": (math.exp(-1), 1.0), "noise": (math.exp(-2), 0.25)},
    ends_exchanged={"constant": (1.0, math.exp(-1)), "noise": (0.25, math.exp(-2))},
    squares={"constant": (math.exp(-2), 1.0), "noise": (math.exp(-4), 0.25)},
)
def test_the_ends_of_the_floor(ends):
    for kind, (all_fresh, hardly_any) in ends.items():
        assert_allclose(slope_floor(1.0, kind), all_fresh, rtol=1e-12)
        assert_allclose(slope_floor(1e-7, kind), hardly_any, rtol=2e-2)
        assert_allclose(slope_floor(1e-20, kind), hardly_any, rtol=1e-8)
        for short in (1e-6, 1e-10, 2.0**-53):
            assert_allclose(slope_floor(1 - short, kind), all_fresh, rtol=3e-6)
        values = [slope_floor(a, kind) for a in (0.05, 0.2, 0.5, 0.9, 0.999)]
        assert np.all(np.diff(values) < 0)
        assert values[0] < math.e * values[-1]


@pytest.mark.claim("prop-slope-floor")
@against(
    lambda K, w: min(K, 1 / w),
    always_the_bound=lambda K, w: K,
    always_the_score=lambda K, w: 1 / w,
    root=lambda K, w: min(K, w**-0.5),
)
def test_the_best_score_of_bounded_slope_is_linear(slope):
    """Least squares over piecewise linear functions with f' >= -K, on a grid of the normal law."""
    for K, w in ((3.0, 0.1), (3.0, 0.8)):
        x = np.linspace(-4, 4, 33) * math.sqrt(w)
        weight = norm.pdf(x, scale=math.sqrt(w)) * (x[1] - x[0])

        def loss(steps, x=x, weight=weight, w=w):
            f = np.concatenate([[0.0], np.cumsum(steps * np.diff(x))])
            gap = f + x / w
            gap = gap - weight @ gap / weight.sum()  # the best constant
            return weight @ gap**2

        found = minimize(loss, np.zeros(32), method="L-BFGS-B", bounds=[(-K, None)] * 32)
        middle = found.x[8:24]
        assert_allclose(-middle, slope(K, w), rtol=5e-3)
        exact = weight @ ((1 / w - slope(K, w)) * x) ** 2
        assert_allclose(found.fun, exact, atol=2e-4)


@pytest.mark.claim("prop-slope-floor")
@against(
    lambda K, w: min(K, 1 / w),
    slope_at_the_centre=lambda K, w: min(K, 1 / 0.04),
    root=lambda K, w: min(K, w**-0.5),
)
def test_the_best_linear_score_of_a_mix(slope):
    """Half a point, half N(0, .8), noised by sigma = .2: the distance by quadrature, minimised over k <= K."""
    x = np.linspace(-9, 9, 8001)
    parts = [(0.5, 0.04), (0.5, 0.84)]
    density = sum(p * norm.pdf(x, scale=math.sqrt(v)) for p, v in parts)
    score = -sum(p * norm.pdf(x, scale=math.sqrt(v)) * x / v for p, v in parts) / density
    w = np.trapezoid(x * x * density, x)
    for K in (1.5, 8.0):
        k = np.linspace(0, K, 4001)
        loss = [np.trapezoid((score + one * x) ** 2 * density, x) for one in k[::20]]
        assert abs(k[::20][int(np.argmin(loss))] - slope(K, w)) <= 1.01 * (k[20] - k[0])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ring_distance(0.0, 0.5, [0.1]), "radius"),
        (lambda: ring_distance(1.0, 1.5, [0.1]), "alpha"),
        (lambda: ring_distance(1.0, 0.5, 0.1), "delta must be one row"),
        (lambda: slope_floor(0.0), "alpha"),
        (lambda: slope_floor(0.5, "steep"), "limit"),
        (lambda: el.hermite.ratios.mode_ratios(np.zeros(3), el.standard_gaussian(1), 2), "shape"),
        (lambda: el.hermite.ratios.mode_ratios(np.zeros((3, 2)), el.standard_gaussian(1), 2), "dimension"),
        (lambda: el.hermite.ratios.mode_ratios(np.zeros((3, 1)), el.standard_gaussian(1), 0), "degree"),
        (lambda: el.hermite.ratios.resampled_mode_variances([-1.0], 5, 1, 0.5, 0.1), "spread"),
        (lambda: el.hermite.ratios.resampled_mode_variances([1.0], 0, 1, 0.5, 0.1), "size"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
