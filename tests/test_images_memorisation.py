"""Copies of training images: exact draws, the sampler with the exact score, and images that were never shown."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import chi2, kstest

from echolimit import PointCloud, dpmpp_2m, limit_law, round_law, sample_limit, score_of, time_grid
from echolimit.images.memorisation import copied_share, nearest_images, predicted_copied_share

ALPHA, DELTA, LEVEL = 0.4, 0.02, 0.99


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(2).uniform(-1, 1, (300, 3, 8, 8)).astype(np.float32)


def noised(images, t, seed):
    z = np.random.default_rng(seed).standard_normal(images.shape, dtype=np.float32)
    return np.float32(np.exp(-t)) * images + np.float32(np.sqrt(-np.expm1(-2 * t))) * z


def test_the_nearest_image_of_a_noised_copy_is_its_own_at_a_chi_square_distance(images):
    which, squared = nearest_images(noised(images, 0.05, 1), images, 0.05)
    assert_array_equal(which, np.arange(300))
    assert kstest(squared, chi2(192).cdf).pvalue > 1e-3
    assert kstest(squared, chi2(64).cdf).pvalue < 1e-9  # the control: one channel's degrees of freedom


def test_the_nearest_image_is_found_whatever_the_mean(images):
    x = noised(images, 0.5, 3)
    which, squared = nearest_images(x, images, 0.5)
    flat, points = x.reshape(300, -1).astype(float), images.reshape(300, -1).astype(float)
    gaps = ((flat[:, None] - np.exp(-0.5) * points[None]) ** 2).sum(axis=2) / -np.expm1(-1)
    assert_array_equal(which, gaps.argmin(axis=1))
    assert_allclose(squared, gaps.min(axis=1), rtol=1e-5)
    moved, _ = nearest_images(x + np.float32(np.exp(-0.5) * 50), images + np.float32(50), 0.5)
    assert np.mean(moved == which) > 0.99


@pytest.mark.parametrize("rounds", [1, 3, None])
def test_exact_draws_copy_as_often_as_their_ages_say(rounds, images):
    cloud = PointCloud(images.reshape(300, -1).astype(float))
    law = limit_law(cloud, ALPHA, DELTA) if rounds is None else round_law(cloud, rounds, ALPHA, DELTA)
    n = 4000
    x = law.sample(n, np.random.default_rng(7))
    expected = predicted_copied_share(law, DELTA, LEVEL)
    error = np.sqrt(expected * (1 - expected) / n)
    assert abs(copied_share(x, images, DELTA, LEVEL) - expected) < 5 * error
    if rounds != 1:
        assert expected < 0.9
        for wrong in (LEVEL, (1 - ALPHA) * LEVEL):
            assert abs(wrong - expected) > 5 * error  # controls: every age a copy; the share and its complement


def test_a_small_signal_lets_older_draws_pass_for_copies():
    """Against simulation where the noncentrality matters: faint images at a noise far above them."""
    points = np.random.default_rng(0).normal(0, 0.05, (50, 12))
    law = limit_law(PointCloud(points), 0.5, 0.3)
    rng, n = np.random.default_rng(1), 200_000
    ages = rng.geometric(0.5, n)
    k = rng.integers(50, size=n)
    t = (0.3 * ages)[:, None]
    x = np.exp(-t) * points[k] + np.sqrt(-np.expm1(-2 * t)) * rng.standard_normal((n, 12))
    own = ((x - np.exp(-0.3) * points[k]) ** 2).sum(axis=1) / -np.expm1(-0.6)
    found = np.mean(own <= chi2.ppf(0.9, 12))
    assert abs(predicted_copied_share(law, 0.3, 0.9) - found) < 5 * np.sqrt(found * (1 - found) / n)
    assert copied_share(x[:2000], points, 0.3, 0.9) >= np.mean(own[:2000] <= chi2.ppf(0.9, 12))


def test_the_sampler_with_the_exact_score_copies_and_fresh_images_do_not(images):
    cloud = PointCloud(images[:200].reshape(200, -1).astype(float))
    start = np.random.default_rng(5).standard_normal((60, 192))
    x = dpmpp_2m(score_of(cloud), start, time_grid(5.0, DELTA, 40))
    which, _ = nearest_images(x, images[:200], DELTA)
    assert copied_share(x, images[:200], DELTA, LEVEL) > LEVEL - 5 * np.sqrt(LEVEL * (1 - LEVEL) / 60)
    assert len(set(which)) > 30
    assert copied_share(noised(images[200:], DELTA, 8), images[:200], DELTA, LEVEL) == 0


def test_draws_of_the_first_round_are_all_copies(images):
    cloud = PointCloud(images.reshape(300, -1).astype(float))
    x = sample_limit(cloud, 4000, 1.0, DELTA, np.random.default_rng(3))
    assert_allclose(predicted_copied_share(limit_law(cloud, 1.0, DELTA), DELTA, LEVEL), LEVEL, rtol=1e-12)
    assert abs(copied_share(x, images, DELTA, LEVEL) - LEVEL) < 5 * np.sqrt(LEVEL * (1 - LEVEL) / 4000)


def test_bad_input(images):
    with pytest.raises(ValueError, match="samples must have the images' 192 numbers"):
        nearest_images(np.zeros((3, 5)), images, DELTA)
    with pytest.raises(ValueError, match="images must have shape"):
        nearest_images(images, images[:0], DELTA)
    with pytest.raises(ValueError, match="samples must be finite"):
        nearest_images(np.full((2, 192), np.nan), images, DELTA)
    with pytest.raises(ValueError, match="t must be"):
        nearest_images(images, images, 0.0)
    with pytest.raises(ValueError, match="level must be in"):
        copied_share(images, images, DELTA, 1.0)
    cloud = PointCloud(images.reshape(300, -1))
    with pytest.raises(TypeError, match="law must be an EchoLaw"):
        predicted_copied_share(cloud, DELTA)
    with pytest.raises(TypeError, match="no other start"):
        predicted_copied_share(round_law(cloud, 2, 0.5, 0.1, start=cloud.diffuse(1.0)), DELTA)
