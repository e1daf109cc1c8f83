"""Hermite modes: transfer, coefficients, estimation, reconstruction, convergence; stable to degree 200 and |x| = 40."""

import math

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from controls import against
from echolimit import (
    GaussianMixture,
    PointCloud,
    VarianceExploding,
    compounding_factor,
    cutoff_degree,
    degree_energies,
    density_from_hermite,
    estimate_hermite_coefficients,
    hermite_coefficients,
    limit_law,
    one_round,
    round_law,
    transfer,
)
from golden_reference import fft_energies
from strategies import line_example

shares = st.floats(1e-4, 1.0)
times = st.floats(1e-6, 10.0)
A = line_example()


def gaussian(mean, variance):
    return GaussianMixture([1.0], [[mean]], [variance])


@pytest.mark.claim("prop-transfer")
@against(
    sum_started_at_age_zero=lambda n, a, d: a / (1 - (1 - a) * np.exp(-n * d)),
    resetting_limit=lambda n, a, d: 1 / (1 + n * d / a),
)
def test_transfer_is_the_fixed_point_of_the_mode_map(H=transfer):
    @given(alpha=shares, delta=times)
    def check(alpha, delta):
        n = np.arange(0, 201)
        survives = H(n, alpha, delta)
        assert survives[0] == pytest.approx(1, abs=1e-14)
        assert_allclose(np.exp(-n * delta) * (alpha + (1 - alpha) * survives), survives, rtol=1e-11, atol=1e-300)
        assert np.all(np.diff(survives) <= 0)

    check()


@pytest.mark.claim("prop-cutoff")
@against(small_share_only=lambda a, d, h: a * (1 / h - 1) / d)
def test_the_transfer_has_the_level_at_the_cutoff(cutoff=cutoff_degree):
    @given(alpha=shares, delta=times, level=st.floats(0.01, 1.0))
    def check(alpha, delta, level):
        n = cutoff(alpha, delta, level)
        assert alpha / (math.expm1(n * delta) + alpha) == pytest.approx(level, rel=1e-9)

    check()


@pytest.mark.claim("prop-compounding")
@against(ratio_of_shares=lambda n, a, d: transfer(n, a, d) / np.exp(-n * d))
def test_compounding_is_the_ratio_of_losses_and_largest_for_coarse_modes(factor=compounding_factor):
    @given(alpha=shares, delta=times)
    def check(alpha, delta):
        n = np.arange(1, 60)
        one_round_loss = -np.expm1(-n * delta)
        loss = -np.expm1(n * delta) / -(np.expm1(n * delta) + alpha)  # 1 - H_n without cancellation
        assert_allclose(factor(n, alpha, delta) * one_round_loss, loss, rtol=1e-10)
        assert np.all(np.diff(factor(n, alpha, delta)) <= 1e-15)
        assert np.all(factor(n, alpha, delta) <= 1 / alpha * (1 + 1e-12))

    check()


def exact_coefficients(components, degree):
    """The recurrence in 50 digits."""
    mp.mp.dps = 50
    total = [mp.mpf(0)] * (degree + 1)
    for w, m, v in components:
        c = [mp.mpf(1), mp.mpf(m)]
        for n in range(1, degree):
            c.append((mp.mpf(m) * c[n] + mp.sqrt(n) * (mp.mpf(v) - 1) * c[n - 1]) / mp.sqrt(n + 1))
        total = [t + mp.mpf(w) * x for t, x in zip(total, c, strict=True)]
    return total


@pytest.mark.parametrize("mean", [0.0, 0.3, -3.0, 12.0, 40.0])
@pytest.mark.parametrize("variance", [0.0, 2e-6, 0.4, 1.0, 1.7, 4.0])
def test_coefficients_keep_their_digits_to_degree_200(mean, variance):
    ours = hermite_coefficients(gaussian(mean, variance), 200)
    exact = exact_coefficients([(1, mean, variance)], 200)
    sizes = np.array([float(abs(c)) for c in exact])
    envelope = np.array([sizes[max(0, n - 3) : n + 4].max() for n in range(201)])
    errors = np.array([float(abs(mp.mpf(o) - e)) for o, e in zip(ours, exact, strict=True)])
    assert np.all(errors <= 1e-11 * envelope)
    energies = degree_energies(gaussian(mean, variance), 200)
    wrong = np.array([float(abs(mp.mpf(o) - e**2)) for o, e in zip(energies, exact, strict=True)])
    assert np.all(wrong <= 1e-10 * envelope**2)


@pytest.mark.claim("prop-mixture-coefficients")
@against(age_zero_counts=lambda n: 0.2 / (1 - 0.8 * np.exp(-0.05 * n)))
def test_the_limit_law_has_transfer_times_the_coefficients_of_the_data(
    H=lambda n: transfer(n, 0.2, 0.05),
):
    for target in (A, gaussian(0.5, 2.5), PointCloud([[-1.0], [0.5], [2.0]])):
        ours = hermite_coefficients(limit_law(target, 0.2, 0.05), 60)
        assert_allclose(ours, H(np.arange(61)) * hermite_coefficients(target, 60), rtol=1e-10, atol=1e-12)


def test_nested_laws_and_starts_follow_the_mode_map():
    n, start = np.arange(31), gaussian(2.0, 0.5)
    c, fresh = hermite_coefficients(start, 30), hermite_coefficients(A, 30)
    for _ in range(3):
        c = np.exp(-0.1 * n) * (0.3 * fresh + 0.7 * c)
    assert_allclose(hermite_coefficients(round_law(A, 3, 0.3, 0.1, start=start), 30), c, atol=1e-13)
    assert_allclose(degree_energies(round_law(A, 3, 0.3, 0.1, start=start), 30), c**2, atol=1e-13)
    inner = round_law(gaussian(0.2, 0.3), 2, 0.5, 0.2)
    nested = one_round(A, inner, 0.3, 0.1)
    expected = np.exp(-0.1 * n) * (0.3 * fresh + 0.7 * hermite_coefficients(inner, 30))
    assert_allclose(hermite_coefficients(nested, 30), expected, atol=1e-13)
    assert_allclose(degree_energies(nested, 30), expected**2, atol=1e-13)


def test_exploding_laws_sum_over_components():
    law = limit_law(A, 0.4, 0.05, process=VarianceExploding())
    assert_allclose(hermite_coefficients(law, 12), hermite_coefficients(law.as_mixture(), 12), rtol=1e-12)
    assert_allclose(degree_energies(law, 12), hermite_coefficients(law, 12) ** 2, rtol=1e-8, atol=1e-13)


def random_mixture(d, k, seed, scale=1.0):
    rng = np.random.default_rng(seed)
    factors = rng.standard_normal((k, d, d)) / math.sqrt(d)
    return GaussianMixture(
        np.full(k, 1 / k), scale * rng.standard_normal((k, d)), 0.5 * factors @ np.swapaxes(factors, 1, 2)
    )


@pytest.mark.claim("prop-degree-energies")
@pytest.mark.parametrize(("d", "degree"), [(2, 30), (3, 12), (6, 6), (64, 2)])
@against(without_cross_terms=lambda law, degree: np.arange(degree + 1) * 0.0 + 1.0)
def test_degree_energies_equal_the_table(d, degree, energies=degree_energies):
    law = random_mixture(d, 3, d)
    table = hermite_coefficients(law, degree)
    assert table.indices.shape == (math.comb(d + degree, degree), d)
    assert_allclose(energies(law, degree), table.degree_energies, rtol=1e-9, atol=1e-10)


def test_degree_energies_in_64_dimensions_against_the_fft_with_a_root_of_each_factor():
    law = random_mixture(64, 2, 1, scale=0.3)
    radius = 0.5 / max(1.0, np.abs(law.variances() - 1).max())
    second = fft_energies(law.weights, law.means, law.covariances, 12, radius, points=64)
    assert_allclose(degree_energies(law, 12), second, rtol=1e-8, atol=1e-8)
    one = gaussian_in(5, 0.1)
    assert degree_energies(one, 2)[2] == pytest.approx(5 * 0.9**2 / 2, rel=1e-12)  # 2.025; one root of det gives 1.107
    assert degree_energies(gaussian_in(64, 0.1), 200)[0] == 1


def gaussian_in(d, variance):
    return GaussianMixture([1.0], np.zeros((1, d)), [variance])


def test_degree_energies_of_a_cloud_equal_its_table():
    cloud = PointCloud(np.random.default_rng(0).standard_normal((40, 4)))
    for law in (cloud, cloud.diffuse(0.3), limit_law(cloud, 0.3, 0.1)):
        assert_allclose(degree_energies(law, 8), hermite_coefficients(law, 8).degree_energies, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: transfer(1.5, 0.2, 0.1), "degree.*1.5.*round"),
        (lambda: transfer(-1, 0.2, 0.1), "degree must be at least 0"),
        (lambda: transfer(1, 0, 0.1), "alpha must be in .0, 1., got 0"),
        (lambda: transfer(1, 0.2, 0.0), "delta must be greater than 0"),
        (lambda: cutoff_degree(0.2, 0.1, 0.0), "level must be in"),
        (lambda: hermite_coefficients(A, -1), "degree must be at least 0"),
        (lambda: hermite_coefficients(gaussian_in(64, 0.5), 5), "degree_energies"),
        (lambda: hermite_coefficients(gaussian(1e4, 0.5), 200), "float64"),
        (lambda: degree_energies(gaussian(1e4, 0.5), 200), "float64"),
        (lambda: degree_energies(PointCloud(np.zeros((5000, 2))), 4), "pairs"),
        (lambda: estimate_hermite_coefficients(np.zeros(5), 3), r"samples\[:, None\]"),
        (lambda: estimate_hermite_coefficients([[0.0], [math.nan]], 3), "samples must be finite"),
        (lambda: estimate_hermite_coefficients([[1e5], [-1e5]], 200), "too high"),
        (lambda: density_from_hermite([1.0, math.nan], [0.0]), "coefficients must be finite"),
        (lambda: density_from_hermite([1.0], np.zeros((3, 2))), "x must be finite with shape"),
    ],
)
def test_bad_input_is_named_with_its_remedy(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_wrong_kinds_are_type_errors():
    for call in (
        lambda: hermite_coefficients(A, 2.5),
        lambda: hermite_coefficients("law", 3),
    ):
        with pytest.raises(TypeError):
            call()
