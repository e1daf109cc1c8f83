"""Golden values in two dimensions (set C), of the variance-exploding loop, the resetting limit and the truncation."""

import math

import numpy as np
import pytest
from scipy.integrate import trapezoid
from scipy.optimize import brentq
from scipy.special import ndtr

from echolimit import (
    GaussianMixture,
    PointCloud,
    VarianceExploding,
    chi2_divergence,
    degree_energies,
    hermite_coefficients,
    limit_law,
    sample_limit,
    standard_gaussian,
    total_variation,
    transfer,
)
from golden_reference import (
    GRID,
    SET_A,
    exploding_transform,
    fft_energies,
    fourier_density,
    grid_tv,
    mixture,
    reaches,
)
from strategies import line_example

MEANS = np.array([[1.0, -0.5], [-0.8, 0.4]])
COVARIANCES = np.array([[[0.5, 0.2], [0.2, 0.3]], [[0.4, -0.1], [-0.1, 0.6]]])
WEIGHTS = np.array([0.4, 0.6])
C = GaussianMixture(WEIGHTS, MEANS, COVARIANCES)
ALPHA, DELTA = 0.3, 0.1
C_LIMIT = limit_law(C, ALPHA, DELTA)
A = line_example()
EXPLODING = limit_law(A, 0.2, 0.05, process=VarianceExploding())


def test_density_of_set_c_against_fourier_inversion():
    reaches(C_LIMIT.density(np.zeros((1, 2)))[0], ".1458396042")
    w = np.linspace(-14, 14, 141)
    grid = np.stack(np.meshgrid(w, w, indexing="ij"), axis=-1).reshape(-1, 2)
    total = 0.0
    for j in range(1, 90):
        a, s2 = math.exp(-j * DELTA), -math.expm1(-2 * j * DELTA)
        for weight, mean, cov in zip(WEIGHTS, MEANS, COVARIANCES, strict=True):
            form = np.einsum("ni,ij,nj->n", grid, a * a * cov + s2 * np.eye(2), grid)
            total += ALPHA * (1 - ALPHA) ** (j - 1) * weight * (np.cos(a * grid @ mean) * np.exp(-form / 2)).sum()
    reaches(total * (w[1] - w[0]) ** 2 / (2 * math.pi) ** 2, ".1458396042")


def test_chi2_of_set_c_against_degree_energies():
    reaches(chi2_divergence(C_LIMIT, standard_gaussian(2)), ".1149483835")
    n = np.arange(61)
    reaches(float(np.sum((transfer(n, ALPHA, DELTA) ** 2 * degree_energies(C, 60))[1:])), ".1149483835")


def test_moments_of_set_c_against_exact_draws():
    x = sample_limit(C, 400_000, ALPHA, DELTA, np.random.default_rng(3))
    for i, printed in enumerate((-0.0592342612, 0.0296171306)):
        assert abs(C_LIMIT.mean()[i] - printed) <= 5e-11
        assert abs(x[:, i].mean() - printed) <= 5 * x[:, i].std() / math.sqrt(len(x))
    centred = x - x.mean(axis=0)
    for (i, j), printed in (((0, 0), 1.1253743950), ((0, 1), -0.2122836443), ((1, 1), 0.8127026380)):
        assert abs(C_LIMIT.covariance()[i, j] - printed) <= 5.1e-11
        product = centred[:, i] * centred[:, j]
        assert abs(product.mean() - printed) <= 5 * product.std() / math.sqrt(len(x))


@pytest.mark.parametrize(
    ("index", "printed"),
    [((1, 1), "-.372"), ((2, 0), ".1583919190"), ((2, 1), ".1170968830"), ((3, 2), "-.0295002894")],
)
def test_coefficients_of_set_c_against_quadrature(index, printed):
    table = hermite_coefficients(C, 5)
    row = np.flatnonzero((table.indices == index).all(axis=1))
    reaches(table.coefficients[row[0]], printed)
    nodes, weights = np.polynomial.hermite_e.hermegauss(12)
    grid = np.stack(np.meshgrid(nodes, nodes, indexing="ij"), axis=-1).reshape(-1, 2)
    mass = np.outer(weights, weights).ravel() / weights.sum() ** 2
    value = 0.0
    for weight, mean, cov in zip(WEIGHTS, MEANS, COVARIANCES, strict=True):
        x = mean + grid @ np.linalg.cholesky(cov).T
        factors = [
            np.polynomial.hermite_e.hermeval(x[:, i], np.eye(6)[n]) / math.sqrt(math.factorial(n))
            for i, n in enumerate(index)
        ]
        value += weight * mass @ (factors[0] * factors[1])
    reaches(value, printed)


def test_degree_energies_of_set_c_by_table_series_and_fft():
    printed = ["1", ".008", ".21596", ".0559313333", ".1223231217", ".0320406044"]
    by_fft = fft_energies(WEIGHTS, MEANS, COVARIANCES, 5, radius=0.8)
    for values in (degree_energies(C, 5), hermite_coefficients(C, 5).degree_energies, by_fft):
        for value, text in zip(values, printed, strict=True):
            reaches(value, text) if text != "1" else reaches(value, "1.000000000")


def test_the_variance_exploding_limit_against_fourier_inversion():
    transform = exploding_transform(SET_A, 0.2, 0.05)
    second = fourier_density(transform, [0.0, 1.0])
    for value, other, printed in zip(
        EXPLODING.density(np.array([[0.0], [1.0]])), second, (".1772507262", ".4679538768"), strict=True
    ):
        reaches(value, printed)
        reaches(other, printed)
    reaches(EXPLODING.covariance()[0, 0], "1.3631")
    x = GRID[::10]
    density = fourier_density(transform, x, reach=25.0, points=1201)
    assert abs(trapezoid(x**2 * density, x) - trapezoid(x * density, x) ** 2 - 1.3631) < 1e-7
    reaches(total_variation(EXPLODING, A), ".1679604040")
    assert abs(grid_tv(density, mixture(SET_A, x), x) - 0.1679604040) < 1e-5


def test_the_variance_exploding_cutoff_halves_the_transform():
    flat = EXPLODING.as_mixture()

    def share(w):
        top, bottom = (
            np.sum(law.weights * np.exp(1j * w * law.means[:, 0] - law.variances()[:, 0] * w**2 / 2))
            for law in (flat, A)
        )
        return abs(top / bottom)

    reaches(brentq(lambda w: share(w) - 0.5, 1, 5, xtol=1e-13), "2.7005299983")
    reaches(math.sqrt(2 * math.log(1.2) / 0.05), "2.7005299983")


@pytest.mark.parametrize(
    ("alpha", "bare", "data"),
    [(0.2, ".02248", ".00296"), (0.05, ".00783", ".00074"), (0.0125, ".00241", ".00018")],
)
def test_the_exploding_loop_tends_to_a_laplace_law(alpha, bare, data):
    tau, scale = 0.25, math.sqrt(0.25 / 2)
    x = np.linspace(-6, 6, 4001)
    laplace = np.where(x < 0, np.exp(np.minimum(x, 0) / scale) / 2, 1 - np.exp(-np.maximum(x, 0) / scale) / 2)
    law = limit_law(PointCloud([[0.0]]), alpha, alpha * tau, process=VarianceExploding())
    reaches(np.max(np.abs(law.cdf(x) - laplace)), bare)
    # the same distance with the exponential mixture of variances by quadrature, for the data of set A
    s, w = np.polynomial.legendre.leggauss(400)
    s, w = 20 * (s + 1), 20 * w * np.exp(-20 * (s + 1))
    x = x[::8]
    target = sum(
        c * (w[:, None] * ndtr((x[None, :] - m) / np.sqrt(v + tau * s[:, None]))).sum(axis=0) for c, m, v in SET_A
    )
    loop = limit_law(A, alpha, alpha * tau, process=VarianceExploding())
    reaches(np.max(np.abs(loop.cdf(x) - target)), data)


@pytest.mark.parametrize(("alpha", "printed"), [(0.2, "0.0636"), (0.05, "0.0193"), (0.0125, "0.0051")])
def test_the_transfer_tends_to_that_of_resetting(alpha, printed):
    n, tau = np.arange(41), 0.25
    reaches(np.max(np.abs(transfer(n, alpha, tau * alpha) - 1 / (1 + n * tau))), printed)
    j = np.arange(1, 6000)
    by_ages = alpha * (1 - alpha) ** (j - 1) @ np.exp(-np.outer(j, n) * tau * alpha)
    reaches(np.max(np.abs(by_ages - 1 / (1 + n * tau))), printed)


@pytest.mark.parametrize(
    ("alpha", "tol", "ages"),
    [
        (0.1, 1e-6, 132),
        (0.1, 1e-12, 263),
        (0.2, 1e-6, 62),
        (0.2, 1e-12, 124),
        (0.5, 1e-6, 20),
        (0.5, 1e-12, 40),
        (0.9, 1e-6, 6),
        (0.9, 1e-12, 12),
    ],
)
def test_ages_needed_for_a_tolerance(alpha, tol, ages):
    law = limit_law(A, alpha, 0.05, tol=tol)
    assert len(law.times) == ages
    assert law.tv_error <= tol * (1 + 1e-9)
    # the least J with (1 - alpha)^J <= tol, up to rounding of a power of ten (alpha = .9)
    assert next(j for j in range(1, 400) if (1 - alpha) ** j <= tol * (1 + 1e-9)) == ages


def test_the_series_of_a_wide_gaussian_converges_from_its_threshold_on():
    wide = GaussianMixture([1.0], [[0.0]], [2.4])
    assert not limit_law(wide, 0.2, 0.1682).hermite_series_converges()
    assert limit_law(wide, 0.2, 0.1683).hermite_series_converges()
    reaches(math.log(1.4) / 2, ".168236")
    ratio = [hermite_coefficients(limit_law(wide, 0.2, d), 200)[[100, 200]] for d in (0.15, 0.19)]
    assert abs(ratio[0][1]) > abs(ratio[0][0])
    assert abs(ratio[1][1]) < abs(ratio[1][0])
