"""Hermite and shape ratios: exact laws against quadrature over the noise, zero for normal laws, honest errors."""

import math

import numpy as np
import pytest
from numpy.polynomial.hermite_e import hermegauss
from numpy.testing import assert_allclose

from controls import against
from echolimit.images.spectra import (
    ImageReference,
    draw_images,
    draw_normal,
    hermite_ratios,
    loop_ages,
    shape_ratios,
    shape_ratios_law,
)
from image_data import round_moments, small_images

AGES = loop_ages(2, [0.4, 0.6], [0.3, 0.15])


@pytest.fixture(scope="module")
def reference():
    return ImageReference(small_images(), axes=6)


def expected_modes(reference, ages, mean, deviation):
    """E h_n((u - mean) / deviation), n = 1 .. 4, (4, axes): quadrature over the noise, sums over images and ages."""
    nodes, shares = hermegauss(8)
    u = reference.rows.astype(np.float64) @ reference.principal_axes[:, : reference.axes]
    total = np.zeros((4, reference.axes))
    for t, weight in zip(ages.times, ages.weights, strict=True):
        noisy = np.exp(-t) * u[:, :, None] + math.sqrt(-math.expm1(-2 * t)) * nodes
        x = (noisy - mean[:, None]) / deviation[:, None]
        modes = [x, (x**2 - 1) / 2**0.5, (x**3 - 3 * x) / 6**0.5, (x**4 - 6 * x**2 + 3) / 24**0.5]
        total += weight * np.array([h.mean(axis=0) @ shares for h in modes]) / shares.sum()
    return total


def test_ratios_are_one_on_the_data(reference):
    assert_allclose(hermite_ratios(small_images(), reference, 6).value, 1, rtol=1e-4)
    assert_allclose(shape_ratios(small_images(), reference).value, 1, rtol=1e-4)
    assert_allclose(shape_ratios_law(reference, loop_ages(0, 0.1, 0.1)), 1, rtol=1e-9)


@against(
    every_mode_like_the_mean=lambda ages, n: ages.kept(1),
    power_of_the_mean=lambda ages, n: ages.kept(1) ** n,
)
def test_each_direction_keeps_the_exact_share(reference, law=lambda ages, n: ages.kept(n)):
    zero, one = np.zeros(6), np.ones(6)
    before = expected_modes(reference, loop_ages(0, 0.1, 0.1), zero, one)
    after = expected_modes(reference, AGES, zero, one)
    for n in range(1, 5):
        assert_allclose(after[n - 1], law(AGES, n) * before[n - 1], rtol=1e-9)


@against(as_if_whitened=lambda reference, ages: np.array([ages.kept(3), ages.kept(4)]))
def test_shape_law_is_the_quadrature_of_standardised_modes(reference, law=shape_ratios_law):
    mean, covariance = round_moments(reference, AGES)
    axes = reference.principal_axes[:, :6]
    after = expected_modes(reference, AGES, mean @ axes, np.sqrt(np.diag(axes.T @ covariance @ axes)))
    own = expected_modes(reference, loop_ages(0, 1.0, 1.0), reference.mean @ axes, np.sqrt(reference.variances[:6]))
    u = (reference.rows - reference.mean) @ axes / np.sqrt(reference.variances[:6])
    spread = np.stack([(u**3 - 3 * u) / 6**0.5, (u**4 - 6 * u**2 + 3) / 24**0.5]).var(axis=1)
    expected = np.sum(after[2:] * own[2:] / spread, axis=1) / np.sum(own[2:] ** 2 / spread, axis=1)
    assert_allclose(law(reference, AGES), expected, rtol=1e-5)
    assert_allclose(after[:2], 0, atol=1e-5)  # standardised indeed


def test_exact_draws_have_the_exact_ratios_and_normal_ones_no_shape(reference):
    rng = np.random.default_rng(1)
    exact, normal = draw_images(reference, AGES, 20_000, rng), draw_normal(reference, AGES, 20_000, rng)
    value, error = hermite_ratios(exact, reference)
    assert np.all(np.abs(value - [AGES.kept(n) for n in range(1, 5)]) < 5 * error)
    value, error = shape_ratios(exact, reference, AGES)
    assert np.all(np.abs(value - shape_ratios_law(reference, AGES)) < 5 * error)
    assert np.all(value > 10 * error)
    value, error = shape_ratios(normal, reference, AGES)
    assert np.all(np.abs(value) < 5 * error)


def test_errors_are_those_seen_over_many_sets(reference):
    rng, scores = np.random.default_rng(2), []
    law = np.array([AGES.kept(n) for n in range(1, 5)] + list(shape_ratios_law(reference, AGES)))
    for _ in range(120):
        rows = draw_images(reference, AGES, 400, rng)
        found = [np.concatenate(pair) for pair in zip(
            hermite_ratios(rows, reference), shape_ratios(rows, reference, AGES), strict=True)]  # fmt: skip
        scores.append((found[0] - law) / found[1])
    assert np.all(np.abs(np.mean(scores, axis=0)) < 0.5)
    assert np.all((np.std(scores, axis=0) > 0.8) & (np.std(scores, axis=0) < 1.3))


def test_ratios_refuse_a_degree_that_is_noise_and_a_reference_without_modes(reference):
    with pytest.raises(ValueError, match="degree must be at least 1 and at most 8, got 9"):
        hermite_ratios(reference.rows, reference, 9)
    even = np.concatenate([reference.rows - reference.mean, reference.mean - reference.rows]).astype(np.float32)
    flat = ImageReference(np.array([[1.0, -1.0], [-1.0, 1.0]]), axes=2)
    with pytest.raises(ValueError, match="no Hermite mode"):
        hermite_ratios(flat.rows, flat, 1)
    assert hermite_ratios(even, reference, 2).value.shape == (2,)
