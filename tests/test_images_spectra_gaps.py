"""Distances of images: brute force, closed forms, and the exact laws that stand beside them."""

import itertools
import math

import numpy as np
import pytest
import scipy.linalg
from numpy.testing import assert_allclose
from scipy.signal import correlate

from controls import against
from echolimit import PointCloud, sliced_wasserstein, wasserstein
from echolimit.images.spectra import Ages, ImageReference, conv_features, draw_images, frechet_distance, loop_ages
from echolimit.images.spectra.draws import directions
from echolimit.images.spectra.estimates import leave_groups_out, mean_estimate
from echolimit.images.spectra.gaps import MMD, ConvFrechet, SlicedW2
from image_data import small_images

ONE_AGE = Ages(np.array([0.2]), np.array([1.0]))


def test_frechet_distance_is_the_matrix_formula():
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((50, 4)) @ rng.standard_normal((4, 4)) + 1, rng.standard_normal((70, 4))
    cx, cy = np.cov(x.T), np.cov(y.T)
    gap = x.mean(axis=0) - y.mean(axis=0)
    expected = gap @ gap + np.trace(cx + cy - 2 * scipy.linalg.sqrtm(cx @ cy).real)
    assert frechet_distance(x, y) == pytest.approx(expected, rel=1e-9)
    assert frechet_distance(x, x) == pytest.approx(0, abs=1e-9)
    assert frechet_distance(x[:, :1], 2 * x[:, :1]) == pytest.approx(x[:, 0].mean() ** 2 + cx[0, 0])


def test_frechet_distance_of_few_images_is_finite():
    x = np.random.default_rng(1).standard_normal((5, 20))
    assert frechet_distance(x, x + 1) == pytest.approx(20, rel=1e-6)


@pytest.mark.parametrize("size", [8, 7, 4])
def test_features_are_rectified_convolutions(size):
    images = small_images(3, size)
    found = conv_features(images, 4, seed=5)
    rng = np.random.default_rng(5)
    bank = rng.standard_normal((18, 4))
    bank = (bank / np.linalg.norm(bank, axis=0)).T.reshape(4, 2, 3, 3)
    thresholds = 0.5 * rng.standard_normal(4)
    small = images.reshape(3, 2, size // 2, 2, size // 2, 2).mean(axis=(3, 5)) if size == 8 else images
    for n, k in itertools.product(range(3), range(4)):
        seen = images[n] if k < 2 else small[n]
        response = correlate(seen, bank[k], mode="valid") - thresholds[k]
        assert found[n, k] == pytest.approx(np.maximum(response, 0).mean(), rel=1e-4, abs=1e-6)


def test_sliced_w2_is_that_of_the_library():
    reference = ImageReference(small_images(120, 4), projections=20, seed=4)
    gap, x = SlicedW2(reference), small_images(75, 4, seed=9).reshape(75, -1)
    rng = np.random.default_rng([4, 1])
    expected = sliced_wasserstein(x.astype(float), reference.rows.astype(float), 20, rng)
    assert gap.to_data(gap.describe(x)) == pytest.approx(expected, rel=1e-5)


@against(ages_of_half_the_time=Ages(ONE_AGE.times / 2, ONE_AGE.weights))
def test_sliced_w2_of_the_law_is_that_of_exact_maps_on_the_line(ages=ONE_AGE):
    reference = ImageReference(small_images(60, 4), projections=3)
    found = SlicedW2(reference).law_to_data(ages, np.zeros((0, 3)), np.random.default_rng(0))
    ways = [PointCloud((reference.rows @ vector)[:, None].astype(float)) for vector in directions(reference).T]
    exact = math.sqrt(np.mean([wasserstein(cloud.diffuse(0.2), cloud, 2) ** 2 for cloud in ways]))
    assert abs(found.value - exact) < 0.005 * exact


@against(
    noise_in_one_sample_only=lambda v, w: v + 0 * w,
    variance_of_the_kernel_not_its_square=lambda v, w: np.sqrt(v + w),
)
def test_mmd_of_the_law_is_the_sum_over_all_pairs(join=lambda v, w: v + w):
    reference = ImageReference(small_images(12, 4))
    gap = MMD(reference)
    x, h2, a, s2 = reference.rows.astype(float), gap.bandwidth**2, math.exp(-0.2), -math.expm1(-0.4)

    def expected(left, right, spread):
        pairs = itertools.product(left, right)
        kernel = [(h2 / spread) ** 16 * math.exp(-((p - q) @ (p - q)) / (2 * spread)) for p, q in pairs]
        return np.mean(kernel)

    brute = expected(a * x, a * x, h2 + join(s2, s2)) - 2 * expected(a * x, x, h2 + s2) + expected(x, x, h2)
    assert gap.law_to_data(ONE_AGE, x, np.random.default_rng(0)).value == pytest.approx(brute, rel=1e-6)


@pytest.mark.parametrize("make", [ConvFrechet, SlicedW2, MMD])
def test_laws_and_errors_agree_with_draws(make):
    """The control is near the law, above it for the biased distances; the error is the spread over sets."""
    reference, ages = ImageReference(small_images(300), projections=16, filters=16), loop_ages(3, 0.3, 0.15)
    gap, rng = make(reference), np.random.default_rng(3)
    drawn = [gap.describe(draw_images(reference, ages, 400, rng)) for _ in range(30)]
    values = np.array([gap.to_data(x) for x in drawn])
    errors = [gap.error(x, gap.data) for x in drawn[:10]]
    law = gap.law_to_data(ages, np.concatenate(drawn), rng)
    bias = 0.0 if make is MMD else 0.1 * law.value
    assert -5 * values.std() / 30**0.5 - 5 * law.error < values.mean() - law.value
    assert values.mean() - law.value < bias + 5 * values.std() / 30**0.5 + 5 * law.error
    assert 0.6 < np.mean(errors) / values.std(ddof=1) < 1.6
    apart = gap.law(ages, drawn[-1], rng)
    assert gap.between(drawn[0], apart) < 0.3 * law.value


def test_leaving_groups_out_gives_the_error_of_a_mean():
    x = np.random.default_rng(0).standard_normal(5000)
    found, direct = leave_groups_out(lambda kept: float(x[kept].mean()), 5000, groups=50), mean_estimate(x)
    assert found.value == pytest.approx(direct.value)
    assert found.error == pytest.approx(direct.error, rel=0.3)
    each = leave_groups_out(lambda kept: float(x[kept].mean()), 500, 500)
    assert_allclose(each.error, mean_estimate(x[:500]).error, rtol=1e-6)
