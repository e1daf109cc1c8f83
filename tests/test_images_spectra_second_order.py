"""Tail variance and radial spectrum: what they are on known images, and their exact laws by other routes."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from controls import against
from echolimit.images.spectra import (
    ImageReference,
    draw_images,
    loop_ages,
    radial_log_spectrum,
    radial_power,
    radial_power_law,
    spectral_contraction,
    spectral_slope,
    tail_variance,
    tail_variance_law,
)
from echolimit.images.spectra.second_order import slope_of_power
from image_data import round_moments, small_images

AGES = loop_ages(3, [0.5, 0.2, 0.3], [0.3, 0.05, 0.1])


@pytest.fixture(scope="module")
def reference():
    return ImageReference(small_images())


def test_principal_axes_are_orthonormal_and_carry_the_variances(reference):
    along = (reference.rows - reference.mean) @ reference.principal_axes
    assert_allclose(reference.principal_axes.T @ reference.principal_axes, np.eye(128), atol=1e-10)
    assert_allclose(np.mean(along**2, axis=0), reference.variances, rtol=1e-9)
    assert np.all(np.diff(reference.variances) <= 0)


@against(
    signal_not_squared=lambda r, a: a.kept(1) * r.variances[-r.tail_size :].mean() + a.added(),
    ages_of_the_mean=lambda r, a: 1 + (r.variances[-r.tail_size :].mean() - 1) * a.kept(1) ** 2,
)
def test_tail_variance_law_is_the_mean_diagonal_of_the_covariance(reference, law=tail_variance_law):
    _, covariance = round_moments(reference, AGES)
    axes = reference.principal_axes[:, -reference.tail_size :]
    assert law(reference, AGES) == pytest.approx(np.trace(axes.T @ covariance @ axes) / axes.shape[1], rel=1e-9)


def test_tail_variance_of_the_data_is_that_of_the_axes(reference):
    n = len(reference.rows)
    found = tail_variance(small_images(), reference).value
    assert found * (n - 1) / n == pytest.approx(reference.variances[-reference.tail_size :].mean(), rel=1e-4)


@against(noise_of_one_age=lambda r, a: a.kept(2) * r.power + 1 - a.kept(1) ** 2, power_kept=lambda r, a: r.power)
def test_radial_power_law_is_that_of_the_mean_and_covariance(reference, law=radial_power_law):
    """E |F x|^2 from the full covariance, frequency by frequency, with the Fourier sums written out as a matrix."""
    mean, covariance = round_moments(reference, AGES)
    size = np.arange(8)
    waves = np.exp(-2j * np.pi * np.outer(size, size) / 8)
    fourier = np.kron(np.eye(2), np.kron(waves, waves))
    power = np.real(np.diag(fourier @ (covariance + np.outer(mean, mean)) @ fourier.conj().T)).reshape(2, 8, 8)
    k = np.minimum(size, 8 - size)
    ring = np.rint(np.hypot(k[:, None], k[None, :])).astype(int)
    brute = [power[:, ring == r].mean() / 64 for r in range(5)]
    assert_allclose(law(reference, AGES), brute, rtol=1e-6)


def test_white_noise_has_power_one_and_slope_zero():
    noise = np.random.default_rng(0).standard_normal((4000, 3, 12, 10))
    value, error = radial_log_spectrum(noise)
    assert value.shape == (6,)
    assert np.all(np.abs(value) < 5 * error)
    slope = spectral_slope(noise)
    assert abs(slope.value) < 5 * slope.error


@pytest.mark.parametrize(("down", "right", "ring"), [(0, 3, 3), (2, 0, 2), (3, 1, 3), (-2, 2, 3), (0, 4, 4), (0, 0, 0)])
def test_a_wave_has_its_power_in_its_ring(down, right, ring):
    y, x = np.mgrid[:8, :8]
    wave = np.cos(2 * np.pi * (down * y + right * x) / 8)[None, None]
    found = radial_power(wave)[0]
    assert np.argmax(found) == ring
    assert_allclose(np.delete(found, ring), 0, atol=1e-12)
    k = np.minimum(np.arange(8), 8 - np.arange(8))
    members = np.sum(np.rint(np.hypot(k[:, None], k[None, :])) == ring)
    assert found[ring] * members == pytest.approx(np.sum(wave**2))  # Parseval


def test_slope_reads_a_power_law_and_ignores_contrast(reference):
    assert slope_of_power(np.append(7.0, 3 * np.arange(1.0, 9) ** -2.3)) == pytest.approx(-2.3)
    images = small_images(60)
    assert spectral_slope(5 * images).value == pytest.approx(spectral_slope(images).value, abs=1e-5)


def test_contraction_is_one_on_the_data_and_the_age_s_factor_after_noising(reference):
    assert spectral_contraction(small_images(), reference.power).value == pytest.approx(1)
    drawn = reference.pixels_of(draw_images(reference, AGES, 20_000, np.random.default_rng(5)))
    found = spectral_contraction(drawn, reference.power)
    assert abs(found.value - AGES.kept(2)) < 5 * found.error
    assert abs(found.value - AGES.kept(1)) > 20 * found.error


def test_errors_are_those_seen_over_many_sets(reference):
    """z of 200 independent sets of 100 exact draws: mean 0, deviation 1."""
    rng, scores = np.random.default_rng(11), []
    power = radial_power_law(reference, AGES)
    laws = [tail_variance_law(reference, AGES), slope_of_power(power), AGES.kept(2), np.log(power[2])]
    for _ in range(200):
        images = reference.pixels_of(draw_images(reference, AGES, 100, rng))
        ring = [column[2] for column in radial_log_spectrum(images)]
        found = [
            tail_variance(images, reference),
            spectral_slope(images),
            spectral_contraction(images, reference.power),
        ]
        scores.append([(value - law) / error for (value, error), law in zip([*found, ring], laws, strict=True)])
    assert np.all(np.abs(np.mean(scores, axis=0)) < 0.4)  # 5 / sqrt(200), and the bias of a logarithm at n = 100
    assert np.all((np.std(scores, axis=0) > 0.8) & (np.std(scores, axis=0) < 1.25))
