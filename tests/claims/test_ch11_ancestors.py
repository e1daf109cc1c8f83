"""Chapter 11: how near a sample of the exact loop stays to the image that it descends from."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtr

import echolimit as el
from controls import against


def level(t):
    return math.sqrt(math.expm1(2 * t))


def draws_of_age(points, t, n, rng):
    """n noised points with their ancestors, through the library."""
    k = rng.integers(len(points), size=n)
    return k, el.OrnsteinUhlenbeck().perturb(points[k], t, rng)


def nearest(points, y, t):
    gaps = np.sum((y[:, None, :] - math.exp(-t) * points) ** 2, axis=2)
    return np.argmin(gaps, axis=1), gaps


@pytest.mark.claim("prop-ancestor")
@against(
    lambda d, t: (d * -math.expm1(-2 * t), math.sqrt(2 * d) * -math.expm1(-2 * t)),
    of_the_noise_level=lambda d, t: (d * math.expm1(2 * t), math.sqrt(2 * d) * math.expm1(2 * t)),
    spread_forgotten=lambda d, t: (d * -math.expm1(-2 * t), -math.expm1(-2 * t)),
    small_times=lambda d, t: (2 * d * t, math.sqrt(2 * d) * 2 * t),
)
def test_the_way_to_the_ancestor_is_that_of_the_noise(moments):
    rng, n = np.random.default_rng(0), 20_000
    for d, t in ((48, 0.3), (12, 1.0)):
        points = rng.standard_normal((5, d)) * 3
        k, y = draws_of_age(points, t, n, rng)
        way = np.sum((y - math.exp(-t) * points[k]) ** 2, axis=1)
        mean, spread = moments(d, t)
        assert abs(way.mean() - mean) < 5 * way.std() / math.sqrt(n)
        assert abs(way.std() / spread - 1) < 5 * math.sqrt((2 + 12 / d) / (4 * n)) + 1e-3


@pytest.mark.claim("prop-ancestor")
@against(
    lambda r, t: float(ndtr(-r / (2 * level(t)))),
    half_forgotten=lambda r, t: float(ndtr(-r / level(t))),
    noise_of_the_process=lambda r, t: float(ndtr(-r / (2 * math.sqrt(-math.expm1(-2 * t))))),
    squared=lambda r, t: float(ndtr(-(r**2) / (2 * level(t)))),
)
def test_two_images_are_confused_as_the_normal_law_says(chance):
    rng, n = np.random.default_rng(1), 40_000
    for r, t in ((1.5, 0.4), (4.0, 0.9), (0.6, 0.15)):
        direction = rng.standard_normal(20)
        points = np.stack([np.zeros(20), r * direction / np.linalg.norm(direction)])
        k, y = draws_of_age(points, t, n, rng)
        wrong = np.mean(nearest(points, y, t)[0] != k)
        p = chance(r, t)
        assert abs(wrong - p) < 5 * math.sqrt(max(wrong * (1 - wrong), 1e-3) / n)


def bounds(distances, t):
    """Lower and upper bound of the share that is taken for another image; distances (n, n), infinite diagonal."""
    pairs = ndtr(-distances / (2 * level(t)))
    return pairs.max(axis=1).mean(), np.minimum(pairs.sum(axis=1), 1).mean()


@pytest.mark.claim("prop-ancestor")
@against(
    bounds,
    lower_of_all_pairs=lambda distances, t: (bounds(distances, t)[1], 1.0),
    upper_of_the_nearest=lambda distances, t: (0.0, 0.9 * bounds(distances, t)[0]),
    distances_not_halved=lambda distances, t: bounds(2 * distances, t),
)
@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_confusion_lies_between_the_nearest_and_the_sum(seed, limits):
    """Twelve points in eight dimensions at times where a fifth to a half of the draws are confused."""
    rng, n = np.random.default_rng(seed), 6_000
    points = rng.standard_normal((12, 8))
    gaps = np.linalg.norm(points[:, None] - points, axis=2)
    np.fill_diagonal(gaps, np.inf)
    for t in (0.3, 0.6):
        k, y = draws_of_age(points, t, n, rng)
        wrong = np.mean(nearest(points, y, t)[0] != k)
        lower, upper = limits(gaps, t)
        slack = 5 * math.sqrt(wrong * (1 - wrong) / n)
        assert lower - slack <= wrong <= upper + slack


@pytest.mark.claim("prop-ancestor")
@against(
    lambda r, n: r / (4 * math.sqrt(math.log(n))),
    half_forgotten=lambda r, n: r / (2 * math.sqrt(math.log(n))),
    number_forgotten=lambda r, n: r / 4,
)
def test_up_to_that_noise_level_the_ancestor_is_found(largest):
    """The union over all others, for images at one distance from each other."""
    for n in (2, 10, 1000, 50_000):
        for r in (0.5, 3.0, 9.0):
            assert (n - 1) * ndtr(-r / (2 * largest(r, n))) <= 1 / (2 * n)


@pytest.mark.claim("prop-ancestor")
@against(
    lambda points, alpha, delta: el.limit_law(el.PointCloud(points), alpha, delta),
    a_single_round=lambda points, alpha, delta: el.PointCloud(points).diffuse(delta),
    fading_forgotten=lambda points, alpha, delta: el.limit_law(
        el.PointCloud(points), alpha, delta, process=el.VarianceExploding()
    ),
)
def test_the_limit_is_made_of_faded_images_and_noise(law):
    """The squared way to the nearest faded image of the right age, over its noise: chi-square; the ages: geometric.

    Points so far apart that the age can be read off a draw: its length along the points falls by exp(-delta) an age.
    """
    rng, alpha, delta, d = np.random.default_rng(3), 0.5, 0.2, 30
    far = 1e4 * rng.standard_normal((4, d))
    x = law(far, alpha, delta).sample(2_000, rng)
    ways, ages = [], np.arange(1, 40)
    seen = []
    for y in x:
        gaps = np.sum((y - np.exp(-delta * ages)[:, None, None] * far) ** 2, axis=2)
        j, _ = np.unravel_index(np.argmin(gaps), gaps.shape)
        seen.append(ages[j])
        ways.append(gaps.min() / -math.expm1(-2 * delta * ages[j]))
    ways = np.array(ways)
    assert abs(np.mean(seen) - 1 / alpha) < 5 * math.sqrt((1 - alpha) / alpha**2 / 2000)
    assert abs(ways.mean() - d) < 5 * math.sqrt(2 * d / 2000)
