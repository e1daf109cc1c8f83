"""Estimated Hermite coefficients, reconstruction from coefficients, and where the series converges."""

import math

import mpmath as mp
import numpy as np
import pytest
from numpy.testing import assert_allclose

from controls import against
from echolimit import (
    GaussianMixture,
    PointCloud,
    VarianceExploding,
    density_from_hermite,
    hermite_coefficients,
    limit_law,
    one_round,
    round_law,
)
from echolimit._law import Law
from echolimit.hermite.estimation import estimate_hermite_coefficients, hermite_ladder
from strategies import line_example

A = line_example()


def gaussian(mean, variance):
    return GaussianMixture([1.0], [[mean]], [variance])


@pytest.mark.claim("prop-estimation")
@against(error_of_one_sample=lambda error: error * 200)
def test_estimates_lie_within_their_error_bars(bar=lambda error: error):
    rng = np.random.default_rng(5)
    estimates = [estimate_hermite_coefficients(A.sample(2000, rng), 8) for _ in range(60)]
    exact = hermite_coefficients(A, 8)
    z = np.array([(e.coefficients - exact)[1:] / bar(e.standard_errors[1:]) for e in estimates])
    assert np.abs(z).max() < 5
    assert 0.8 < np.sqrt(np.mean(z**2)) < 1.2


def test_estimates_in_two_dimensions_and_at_high_degree():
    law = GaussianMixture(
        [0.4, 0.6], [[1.0, -0.5], [-0.8, 0.4]], [[[0.5, 0.2], [0.2, 0.3]], [[0.4, -0.1], [-0.1, 0.6]]]
    )
    x = law.sample(50_000, np.random.default_rng(2))
    found, table = estimate_hermite_coefficients(x, 4), hermite_coefficients(law, 4)
    assert np.array_equal(found.indices, table.indices)
    assert np.all(np.abs(found.coefficients - table.coefficients)[1:] <= 5 * found.standard_errors[1:])
    assert found.standard_errors[0] == 0
    mp.mp.dps = 60
    value = mp.hermite(200, mp.mpf(40) / mp.sqrt(2)) / mp.sqrt(mp.factorial(200)) / mp.mpf(2) ** 100
    assert hermite_ladder(np.array([40.0]), 200)[-1, 0] == pytest.approx(float(value), rel=1e-11)


@pytest.mark.claim("prop-reconstruction")
@against(one_degree_off=lambda c, x: density_from_hermite(np.append(0, c[:-1]), x))
def test_the_series_gives_the_density_back(series=density_from_hermite):
    x = np.linspace(-6, 6, 121)[:, None]
    law = limit_law(A, 0.2, 0.05)
    assert_allclose(series(hermite_coefficients(law, 250), x), law.density(x), atol=1e-10)


def test_reconstruction_does_not_overflow_and_may_be_negative():
    x = np.array([-60.0, -40.0, 0.0, 40.0, 60.0])
    assert np.all(np.isfinite(density_from_hermite(np.ones(3000), x)))
    assert density_from_hermite([1.0], x)[1] == pytest.approx(math.exp(-800) / math.sqrt(2 * math.pi), abs=1e-320)
    narrow = density_from_hermite(hermite_coefficients(PointCloud([[1.0]]), 20), np.linspace(-4, 4, 81))
    assert narrow.min() < -0.01
    mp.mp.dps = 40
    h = mp.hermite(900, mp.mpf(50) / mp.sqrt(2)) / mp.sqrt(mp.factorial(900)) / mp.mpf(2) ** 450
    value = density_from_hermite(np.eye(901)[900], np.array([50.0]))[0]
    assert value == pytest.approx(float(h * mp.exp(-1250) / mp.sqrt(2 * mp.pi)), rel=1e-11)


@pytest.mark.claim("thm-series-convergence")
@against(every_series=lambda law: True, only_below_one=lambda law: bool(np.all(law.as_mixture().variances() < 1)))
def test_the_series_converges_where_its_terms_fall(converges=Law.hermite_series_converges):
    for variance, delta in ((2.4, 0.16), (2.4, 0.18), (3.5, 0.4), (3.5, 0.5), (0.2, 1e-6), (2.0, 0.01)):
        law = limit_law(gaussian(0.0, variance), 0.2, delta)
        c = np.abs(hermite_coefficients(law, 2000 if variance < 3 else 1200))[::2]
        falls = c[-1] * len(c) < c[len(c) // 2] * len(c) / 2
        assert converges(law) == falls, (variance, delta)


def test_convergence_of_plain_laws_atoms_and_exploding_ones():
    cloud = PointCloud([[1.0], [2.0]])
    assert not cloud.hermite_series_converges()
    assert cloud.diffuse(1e-6).hermite_series_converges()
    assert not gaussian(0.0, 2.0).hermite_series_converges()
    assert gaussian(0.0, 1.999).hermite_series_converges()
    assert not GaussianMixture([0.5, 0.5], [[0.0], [0.0]], [2.5, 0.5]).hermite_series_converges()
    assert not limit_law(A, 0.2, 0.05, process=VarianceExploding()).hermite_series_converges()
    assert round_law(A, 3, 0.2, 0.05, process=VarianceExploding()).hermite_series_converges()
    assert not one_round(A, gaussian(0.0, 3.0), 0.5, 0.1).hermite_series_converges()
    stretched = np.array([[[1.0, 0.9], [0.9, 1.2]]])
    assert GaussianMixture([1.0], [[0.0, 0.0]], stretched).hermite_series_converges() == (1.1 + math.sqrt(0.82) < 2)
