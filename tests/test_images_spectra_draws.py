"""Ages, exact draws, normal draws and the loop on finitely many images: each has the moments that it claims."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from echolimit import GaussianMixture, PointCloud, VarianceExploding, limit_law, round_law
from echolimit.images.spectra import Ages, ImageReference, draw_images, draw_normal, draw_resampled, loop_ages
from echolimit.images.spectra.ages import check_ages
from echolimit.images.spectra.draws import directions, draw_projections
from image_data import round_moments, small_images

ALPHA, DELTA = [0.5, 0.2, 0.3], [0.3, 0.05, 0.1]
AGES = loop_ages(3, ALPHA, DELTA)
NORMAL = GaussianMixture([1.0], [[0.5]], [2.0])


@pytest.fixture(scope="module")
def reference():
    return ImageReference(small_images(300, 4))


def test_ages_are_those_of_round_law_and_limit_law(reference):
    cloud = PointCloud(reference.rows)
    laws = [(AGES, round_law(cloud, 3, ALPHA, DELTA)), (loop_ages(None, 0.3, 0.1), limit_law(cloud, 0.3, 0.1))]
    for ages, law in laws:
        for power in (1, 2, 3):
            assert ages.kept(power) == pytest.approx(law.weights @ np.exp(-power * law.times), abs=1e-11)
            assert check_ages(law).kept(power) == pytest.approx(ages.kept(power), abs=1e-11)
        assert ages.added() == pytest.approx(1 - ages.kept(2), abs=1e-12)
    assert loop_ages(None, 1.0, 0.2).kept() == pytest.approx(np.exp(-0.2))
    assert loop_ages(0, 0.1, 0.1).added() == 0
    assert loop_ages(2, 0.0, 0.1).kept() == pytest.approx(np.exp(-0.2))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: loop_ages(-1, 0.1, 0.1), "rounds must be at least 0"),
        (lambda: loop_ages(2, [0.1], 0.1), "alpha must be a number or a sequence of length"),
        (lambda: loop_ages(None, 0.0, 0.1), "alpha must be in"),
        (lambda: loop_ages(None, 0.1, 0.1, tol=2.0), "tol must be in"),
        (lambda: loop_ages(None, 1e-9, 0.1), "raise alpha"),
        (lambda: Ages(np.array([0.1, 0.2]), np.array([1.0])), "shape"),
        (lambda: Ages(np.array([-0.1]), np.array([1.0])), "times must be finite and at least 0"),
        (lambda: Ages(np.array([0.1]), np.array([0.9])), "divide by their sum"),
        (lambda: check_ages(round_law(NORMAL, 2, 0.1, 0.1, process=VarianceExploding())), "Ornstein-Uhlenbeck"),
        (lambda: check_ages(round_law(NORMAL, 2, 0.1, 0.1, start=NORMAL.diffuse(1.0))), "starts from the data"),
    ],
)
def test_ages_refuse_what_they_are_not(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_ages_take_no_other_object():
    with pytest.raises(TypeError, match="use loop_ages"):
        check_ages((0.1, 1.0))


@pytest.mark.parametrize("make", [draw_images, draw_normal])
def test_draws_have_the_moments_of_the_round(reference, make):
    n = 20_000
    mean, covariance = round_moments(reference, AGES)
    rows = make(reference, AGES, n, np.random.default_rng(2))
    assert rows.shape == (n, 32)
    assert rows.dtype == np.float32
    assert np.all(np.abs(rows.mean(axis=0) - mean) < 5 * np.sqrt(np.diag(covariance) / n))
    centred = rows - mean
    products = centred.T @ centred / n
    spread = np.sqrt((centred**2).T @ centred**2 / n - products**2)
    assert np.all(np.abs(products - covariance) < 5.5 * spread / np.sqrt(n))


def test_draws_repeat_with_the_seed_and_at_age_zero_are_images_of_the_data(reference):
    one, two = (draw_images(reference, AGES, 50, np.random.default_rng(1)) for _ in range(2))
    assert_array_equal(one, two)
    drawn = draw_images(reference, loop_ages(0, 0.1, 0.1), 9, np.random.default_rng(0))
    assert all(np.any(np.all(reference.rows == row, axis=1)) for row in drawn)


def test_the_resampled_loop_has_the_exact_mean_and_more_spread(reference):
    """Over 200 loops of 40 images the mean along the first axis is that of the law; it varies more than 40 draws do."""
    axis, rng = reference.principal_axes[:, 0], np.random.default_rng(7)
    alpha, delta = [0.1] * 6, [0.02] * 6
    ages = loop_ages(6, alpha, delta)
    mean, covariance = round_moments(reference, ages)
    means = [float((draw_resampled(reference, alpha, delta, 40, rng) @ axis).mean()) for _ in range(200)]
    alone = np.sqrt(axis @ covariance @ axis / 40)
    assert abs(np.mean(means) - mean @ axis) < 5 * np.std(means) / 200**0.5
    assert 1.3 < np.std(means) / alone < 3
    kept = 0.81 * np.exp(-0.04)  # variance of round i + 1 = kept of round i's, plus its own (chapter 10)
    assert np.std(means) / alone == pytest.approx(np.sqrt((1 - kept**6) / (1 - kept)), rel=0.2)


def test_the_resampled_loop_with_fresh_data_alone_is_one_round(reference):
    drawn = draw_resampled(reference, [1.0, 1.0], [0.5, 0.1], 20_000, np.random.default_rng(4))
    mean, covariance = round_moments(reference, loop_ages(1, 1.0, 0.1))
    assert np.all(np.abs(drawn.mean(axis=0) - mean) < 5 * np.sqrt(np.diag(covariance) / 20_000))


def test_projected_draws_are_the_law_s_slices(reference):
    projected = draw_projections(reference, AGES, 60_000, np.random.default_rng(3))
    mean, covariance = round_moments(reference, AGES)
    vectors = directions(reference)
    assert_allclose(np.linalg.norm(vectors, axis=0), 1, rtol=1e-6)
    assert len(projected) == 60_000
    variance = np.einsum("dl,de,el->l", vectors, covariance, vectors)
    assert np.all(np.abs(projected.mean(axis=0) - mean @ vectors) < 5 * np.sqrt(variance / 60_000))
    assert_allclose(projected.var(axis=0), variance, rtol=0.06)


def test_whitened_coordinates_keep_mean_and_covariance_in_every_round(reference):
    white = reference.whiten(reference.rows, 10)
    assert_allclose(white.mean(axis=0), 0, atol=1e-5)
    assert_allclose(np.cov(white.T, bias=True), np.eye(10), atol=1e-4)
    mean, covariance = round_moments(ImageReference(white), AGES)
    assert_allclose(mean, 0, atol=1e-5)
    assert_allclose(covariance, np.eye(10), atol=1e-4)


def test_unwhitening_inverts_whitening_on_the_leading_axes(reference):
    everything = reference.unwhiten(reference.whiten(reference.rows, 32))
    assert everything.shape == (300, 2, 4, 4)
    assert_allclose(everything.reshape(300, -1), reference.rows, atol=2e-4)
    few = reference.unwhiten(reference.whiten(reference.rows, 5)).reshape(300, -1)
    assert_allclose((few - reference.rows) @ reference.principal_axes[:, :5], 0, atol=1e-4)
