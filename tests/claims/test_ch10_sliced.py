"""Chapter 10: the ball in sliced W_2, and distances between samples."""

import functools
import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

import echolimit as el
from controls import against
from line_laws import Line, w2

ANGLES = (np.arange(12) + 0.5) * math.pi / 12  # a direction and its opposite have one distance


def seen_along(law, angle):
    """The law of theta . X for a mixture in the plane."""
    u = np.array([math.cos(angle), math.sin(angle)])
    variances = np.einsum("i,kij,j->k", u, law.covariances, u)
    return el.GaussianMixture(law.weights, (law.means @ u)[:, None], variances)


def sliced(p, q):
    """SW_2 by directions at equal angles and brute force on the line."""
    return math.sqrt(np.mean([w2(as_line(p, a), as_line(q, a)) ** 2 for a in ANGLES]))


def as_line(law, angle):
    seen = seen_along(law, angle)
    return Line(seen.weights, seen.means[:, 0], seen.covariances)


def mixture(parts):
    weights, means, variances = zip(*parts, strict=True)
    return el.GaussianMixture(np.array(weights), np.array(means), np.array(variances)[:, None, None] * np.eye(2))


def round_by_hand(p, data, alpha, delta):
    a, s2 = math.exp(-delta), 1 - math.exp(-2 * delta)
    mixed = [(alpha * w, m, c) for w, m, c in zip(data.weights, data.means, data.covariances, strict=True)]
    mixed += [((1 - alpha) * w, m, c) for w, m, c in zip(p.weights, p.means, p.covariances, strict=True)]
    weights, means, covariances = (np.array([part[k] for part in mixed]) for k in range(3))
    return el.GaussianMixture(weights, a * means, a * a * covariances + s2 * np.eye(2))


DATA = mixture([(0.6, (-1.0, 0.4), 0.2), (0.4, (1.1, -0.5), 0.3)])
FAR = mixture([(1.0, (80.0, 50.0), 0.2)]), mixture([(1.0, (40.0, 25.0), 0.3)])
NEAR = mixture([(0.5, (0.3, 1.0), 0.4), (0.5, (-0.5, 0.0), 0.1)]), mixture([(1.0, (0.2, -0.3), 0.9)])


@functools.cache
def contractions(alpha, delta):
    """SW_2 after one round over SW_2 before, for the two pairs."""
    ratios = []
    for p, q in (NEAR, FAR):
        after = [round_by_hand(law, DATA, alpha, delta) for law in (p, q)]
        ratios.append(sliced(*after) / sliced(p, q))
    return ratios


@pytest.mark.claim("thm-sliced-ball")
@against(
    lambda a, d: math.sqrt(1 - a) * math.exp(-d),
    of_w1=lambda a, d: (1 - a) * math.exp(-d),
    twice_the_time=lambda a, d: math.sqrt(1 - a) * math.exp(-2 * d),
    one_over_root_of_the_dimension=lambda a, d: math.sqrt((1 - a) / 2) * math.exp(-d),
)
def test_one_round_contracts_by_rho(factor):
    """Pairs near and far; the far pair nearly attains the factor."""
    near, far = contractions(0.4, 0.2)
    assert max(near, far) <= factor(0.4, 0.2) * (1 + 1e-6)
    assert far > 0.97 * factor(0.4, 0.2)


@pytest.mark.claim("thm-sliced-ball")
@against(
    lambda law, angle: seen_along(law, angle),
    direction_not_normalised=lambda law, angle: el.GaussianMixture(
        law.weights, 2 * seen_along(law, angle).means, 4 * seen_along(law, angle).covariances
    ),
    noise_shared_by_directions=lambda law, angle: el.GaussianMixture(
        law.weights, seen_along(law, angle).means, seen_along(law, angle).covariances / 2
    ),
)
def test_a_projection_of_the_loop_is_a_loop(project):
    """The library's loop on the line with projected data, against the projected round of the plane."""
    x = np.linspace(-4, 4, 41)[:, None]
    for angle in ANGLES[::3]:
        line = el.one_round(project(DATA, angle), project(NEAR[0], angle), 0.3, 0.1)
        plane = seen_along(round_by_hand(NEAR[0], DATA, 0.3, 0.1), angle)
        assert_allclose(line.density(x), plane.density(x), rtol=1e-10)


def geometric_sum(factor):
    return lambda errors, a, d: sum(e * factor(a, d) ** (len(errors) - 1 - k) for k, e in enumerate(errors))


@functools.cache
def displaced(alpha, delta, errors, mass):
    """SW_2 to the limit after rounds that move the descendants of a small part, each at the cost errors[k] in SW_2."""
    data = el.GaussianMixture([1.0], [[0.0, 0.0]], np.eye(2)[None])  # the limit is the normal law itself
    gap = 0.0
    part = mass
    for k, error in enumerate(errors):
        if k:
            gap, part = math.exp(-delta) * gap, (1 - alpha) * part
        gap += error * math.sqrt(2 / part)
    end = el.GaussianMixture([1 - part, part], [[0.0, 0.0], [gap, 0.0]], np.repeat(np.eye(2)[None], 2, axis=0))
    return sliced(end, data)


@pytest.mark.claim("thm-sliced-ball")
@against(
    geometric_sum(lambda a, d: math.sqrt(1 - a) * math.exp(-d)),
    without_the_square_root=geometric_sum(lambda a, d: (1 - a) * math.exp(-d)),
    no_blur=geometric_sum(lambda a, d: math.sqrt(1 - a)),
    of_w2=lambda e, a, d: math.sqrt(2) * geometric_sum(lambda a, d: math.sqrt(1 - a) * math.exp(-d))(e, a, d),
)
def test_errors_on_few_samples_reach_the_sum(bound):
    """For normal data the limit is N(0, I) and stays; the moved part is followed by hand."""
    for alpha, delta, errors in ((0.3, 0.1, (20.0, 10.0, 16.0)), (0.5, 0.3, (10.0, 30.0))):
        ratio = displaced(alpha, delta, errors, 1e-3) / bound(errors, alpha, delta)
        assert 0.98 <= ratio <= 1.001


@pytest.mark.claim("thm-sliced-ball")
@against(lambda d: 1 / math.sqrt(d), no_dimension=lambda d: 1.0, dimension_itself=lambda d: 1 / d)
def test_a_shift_is_shared_by_all_directions(share):
    rng = np.random.default_rng(0)
    for d in (2, 10):
        x, shift = rng.standard_normal((50, d)), np.arange(1.0, d + 1)
        seen = el.sliced_wasserstein(x[:3], x[:3] + shift, 60_000, rng)
        assert_allclose(seen, share(d) * np.linalg.norm(shift), rtol=0.02)


def mean_square(draw_p, draw_q, n, m, rng, loops=20_000):
    """E W_2^2 of the empirical laws of n and m draws on the line: merged quantile functions, by hand."""
    x, y = np.sort(draw_p((loops, n), rng), axis=1), np.sort(draw_q((loops, m), rng), axis=1)
    levels = np.unique(np.concatenate([np.arange(n + 1) / n, np.arange(m + 1) / m]).round(12))
    middle = (levels[1:] + levels[:-1]) / 2
    gaps = x[:, (middle * n).astype(int)] - y[:, (middle * m).astype(int)]
    values = gaps**2 @ np.diff(levels)
    return values.mean(), values.std() / math.sqrt(loops)


def normal(mean, deviation):
    return lambda shape, rng: rng.normal(mean, deviation, shape)


@pytest.mark.claim("prop-measured-distance")
@against(
    lambda square, floor_p, floor_q: (math.sqrt(square) - math.sqrt(floor_p) - math.sqrt(floor_q), math.sqrt(square)),
    unbiased=lambda s, fp, fq: (math.sqrt(s), math.sqrt(s)),
    biased_downwards=lambda s, fp, fq: (math.sqrt(s), math.sqrt(s) + math.sqrt(fp) + math.sqrt(fq)),
    floor_of_one_side=lambda s, fp, fq: (math.sqrt(s) - math.sqrt(min(fp, fq)) / 4, math.sqrt(s)),
)
def test_the_truth_lies_between(bounds):
    """Normal laws on the line, where W_2 is known: sqrt((m - m')^2 + (s - s')^2)."""
    rng = np.random.default_rng(2)
    for n, m, mean, deviation in ((5, 5, 0.0, 1.0), (4, 7, 0.3, 0.6), (20, 20, 0.1, 1.2)):
        p, q = normal(0.0, 1.0), normal(mean, deviation)
        truth = math.hypot(mean, deviation - 1)
        square, floor_p, floor_q = (mean_square(*pair, rng)[0] for pair in ((p, q, n, m), (p, p, n, n), (q, q, m, m)))
        low, high = bounds(square, floor_p, floor_q)
        assert low - 0.01 <= truth <= high + 0.01


@pytest.mark.claim("prop-measured-distance")
@against(
    lambda square, floor: square - floor,
    nothing_taken_off=lambda square, floor: square,
    not_squared=lambda square, floor: (math.sqrt(square) - math.sqrt(floor)) ** 2,
    half_the_floor=lambda square, floor: square - floor / 2,
)
def test_for_a_shift_the_squares_subtract(without_floor):
    rng, shift = np.random.default_rng(5), 0.4
    p, q = normal(0.0, 1.0), normal(shift, 1.0)
    square, error = mean_square(p, q, 8, 8, rng, 100_000)
    floor, other = mean_square(p, p, 8, 8, rng, 100_000)
    assert abs(without_floor(square, floor) - shift**2) < 5 * math.hypot(error, other)
