"""Chapter 4: coefficients of a mixture, partial sums of the series, estimates from samples."""

import math

import numpy as np
import pytest
from numpy.polynomial.hermite_e import hermegauss, hermeval
from numpy.testing import assert_allclose

from controls import against
from echolimit import (
    GaussianMixture,
    density_from_hermite,
    estimate_hermite_coefficients,
    hermite_coefficients,
)
from strategies import line_example, plane_example

NODES, WEIGHTS = hermegauss(40)
WEIGHTS = WEIGHTS / math.sqrt(2 * math.pi)  # of N(0, 1), exact up to degree 79


def hermite(n, x):
    """h_n from numpy's He_n, not from the library's recurrence."""
    return hermeval(x, [0] * n + [1]) / math.sqrt(math.factorial(n))


def expectation(f, law):
    """E f(X) for a mixture on the line by Gauss quadrature inside each component."""
    draws = law.means + np.sqrt(law.variances()) * NODES
    return float(law.weights @ (f(draws) @ WEIGHTS))


def by_recurrence(law, degree, *, excess=lambda v: v - 1, root=math.sqrt):
    """The recurrence of the chapter with its two constants open."""
    m, a = law.means[:, 0], excess(law.variances()[:, 0])
    c = [np.ones_like(m), m]
    for n in range(1, degree):
        c.append((m * c[n] + root(n) * a * c[n - 1]) / math.sqrt(n + 1))
    return np.array(c)[: degree + 1] @ law.weights


@pytest.mark.claim("prop-mixture-coefficients")
@against(
    variance_not_its_excess=lambda law, degree: by_recurrence(law, degree, excess=lambda v: v),
    recurrence_of_unnormalised_polynomials=lambda law, degree: by_recurrence(law, degree, root=float),
    atoms_at_the_means=lambda law, degree: by_recurrence(law, degree, excess=lambda v: 0 * v - 1),
)
def test_coefficients_by_quadrature(coefficients=hermite_coefficients):
    wide = GaussianMixture([0.5, 0.2, 0.3], [[1.5], [-0.4], [0.0]], [1.7, 1.0, 0.3])
    for law in (line_example(), wide):
        exact = [expectation(lambda x, n=n: hermite(n, x), law) for n in range(16)]
        assert_allclose(coefficients(law, 15), exact, rtol=1e-10, atol=1e-11)


def scaled(m, v, n):
    """(1 - v)^(n/2) h_n(m / sqrt(1 - v)), through complex numbers for v > 1, and its limit m^n / sqrt(n!) at v = 1."""
    if v == 1:
        return m**n / math.sqrt(math.factorial(n))
    scale = complex(1 - v) ** 0.5
    return (scale**n * hermite(n, m / scale)).real


@pytest.mark.claim("prop-mixture-coefficients")
@against(
    excess_for_deficit=lambda m, v, n: scaled(m, 2 - v, n),
    without_the_scale=lambda m, v, n: hermite(n, m),
)
def test_closed_form_of_one_component(closed=scaled):
    for m, v in ((0.7, 0.3), (-1.1, 0.0), (0.4, 1.8), (1.3, 1.0)):
        law = GaussianMixture([1.0], [[m]], [v])
        exact = [expectation(lambda x, n=n: hermite(n, x), law) for n in range(12)]
        assert_allclose([closed(m, v, n) for n in range(12)], exact, rtol=1e-9, atol=1e-11)


def table_of(law, degree):
    table = hermite_coefficients(law, degree)
    return table.indices, table.coefficients


def diagonal_only(law, degree):
    covariances = law.covariances * np.eye(law.dimension)
    return table_of(GaussianMixture(law.weights, law.means, covariances), degree)


def never_normalised(law, degree):
    indices, c = table_of(law, degree)
    return indices, c * np.array([math.sqrt(math.prod(math.factorial(k) for k in row)) for row in indices])


@pytest.mark.claim("prop-mixture-coefficients")
@against(correlations_forgotten=diagonal_only, never_normalised=never_normalised)
def test_coefficients_in_the_plane_by_quadrature(table=table_of):
    law = plane_example()
    z = np.stack(np.meshgrid(NODES, NODES, indexing="ij"), axis=-1).reshape(-1, 2)
    w = np.outer(WEIGHTS, WEIGHTS).ravel()
    indices, c = table(law, 6)
    assert len(indices) == math.comb(8, 2)
    for index, value in zip(indices, c, strict=True):
        exact = 0.0
        for share, mean, covariance in zip(law.weights, law.means, law.covariances, strict=True):
            x = mean + z @ np.linalg.cholesky(covariance).T
            exact += share * (w @ (hermite(index[0], x[:, 0]) * hermite(index[1], x[:, 1])))
        assert_allclose(value, exact, atol=1e-11)


@pytest.mark.claim("prop-reconstruction")
@against(
    with_the_last_term=lambda c, n: float(np.sum(c[n:] ** 2)),
    next_term_only=lambda c, n: float(c[n + 1] ** 2),
)
def test_error_of_a_partial_sum_is_the_energy_of_the_tail(tail=lambda c, n: float(np.sum(c[n + 1 :] ** 2))):
    law, x = line_example(), np.linspace(-14, 14, 8001)
    c, step = hermite_coefficients(law, 400), x[1] - x[0]
    p, root_gamma = law.density(x[:, None]), np.exp(-(x**2) / 4) / (2 * math.pi) ** 0.25
    for n in (2, 5, 12, 30):
        gap = p - density_from_hermite(c[: n + 1], x)
        assert_allclose(np.sum((gap / root_gamma) ** 2) * step, tail(c, n), rtol=1e-6)
        assert np.sum(np.abs(gap)) * step <= math.sqrt(tail(c, n))
        assert_allclose(np.sum(density_from_hermite(c[: n + 1], x)) * step, 1, rtol=1e-12)


@pytest.mark.claim("prop-reconstruction")
@against(
    always_a_density=lambda last, degree, side: 1.0,
    sign_of_the_last_coefficient=lambda last, degree, side: np.sign(last),
)
def test_sign_of_a_partial_sum_far_out(sign=lambda last, degree, side: np.sign(last) * side**degree):
    c = hermite_coefficients(line_example(), 12)
    for degree in range(1, 13):
        for side in (-1.0, 1.0):
            series = sum(c[n] * hermite(n, side * 1000.0) for n in range(degree + 1))  # gamma is positive
            assert np.sign(series) == sign(c[degree], degree, side)


def square_of_hermite(c, n):
    """E h_n^2 from the coefficients of degree up to 2 n, by the product formula."""
    pairings = [math.factorial(r) * math.comb(n, r) ** 2 / math.factorial(n) for r in range(n + 1)]
    left = [2 * n - 2 * r for r in range(n + 1)]
    return math.fsum(k * math.sqrt(math.factorial(m)) * c[m] for k, m in zip(pairings, left, strict=True))


@pytest.mark.claim("prop-estimation")
@against(
    orthonormal_as_under_gamma=lambda c, n: 1.0,
    one_pairing_lost=lambda c, n: square_of_hermite(c, n) - c[2 * n] * math.sqrt(math.comb(2 * n, n)),
)
def test_second_moment_of_a_mode_by_quadrature(second=square_of_hermite):
    for law in (line_example(), GaussianMixture([0.4, 0.6], [[1.0], [-0.5]], [1.5, 0.2])):
        c = hermite_coefficients(law, 16)
        for n in range(1, 9):
            assert_allclose(second(c, n), expectation(lambda x, n=n: hermite(n, x) ** 2, law), rtol=1e-9)


@pytest.mark.claim("prop-estimation")
@against(
    growth_of_the_mode_itself=lambda v: abs(v - 1),
    growth_of_the_variance=lambda v: v,
    no_growth=lambda v: 1.0,
)
def test_noise_of_an_estimated_mode_grows_exponentially(growth=lambda v: 2 * v - 1):
    # Mean zero: sum_n rho^n E h_n^2 = ((1 - rho)(1 - (2 v - 1) rho))^(-1/2), expanded by its recurrence.
    for v, n_five in ((1.5, 11.98828125), (1.2, None)):
        a, b = 2.0 * v, 2 * v - 1  # (1 - rho)(1 - b rho) = 1 - a rho + b rho^2
        noise = [1.0, a / 2]
        for n in range(1, 400):
            noise.append(((n + 0.5) * a * noise[n] - n * b * noise[n - 1]) / (n + 1))
        law = GaussianMixture([1.0], [[0.0]], [v])
        assert_allclose(noise[:12], [expectation(lambda x, n=n: hermite(n, x) ** 2, law) for n in range(12)], rtol=1e-9)
        if n_five:
            assert_allclose(noise[5], n_five, rtol=1e-12)
        assert_allclose(noise[-1] / noise[-2], growth(v), rtol=4e-3)


@pytest.mark.claim("prop-estimation")
@against(
    spread_of_a_single_draw=lambda errors, n: errors * math.sqrt(n),
    orthonormal_as_under_gamma=lambda errors, n: 0 * errors + 1 / math.sqrt(n),
)
def test_estimates_are_unbiased_with_the_stated_error(error=lambda errors, n: errors):
    law, n, repeats = line_example(), 200, 400
    rng = np.random.default_rng(20260404)
    c = hermite_coefficients(law, 12)[:7]
    estimates = [estimate_hermite_coefficients(law.sample(n, rng), 6) for _ in range(repeats)]
    values = np.array([e.coefficients for e in estimates])
    spread = values.std(axis=0, ddof=1)[1:]
    assert np.all(np.abs(values.mean(axis=0) - c)[1:] < 5 * spread / math.sqrt(repeats))
    stated = np.sqrt(np.mean([error(e.standard_errors, n) ** 2 for e in estimates], axis=0))[1:]
    variances = [expectation(lambda x, k=k: hermite(k, x) ** 2, law) - c[k] ** 2 for k in range(1, 7)]
    exact = np.sqrt(np.array(variances) / n)
    assert_allclose(stated, exact, rtol=0.05)
    assert_allclose(spread, exact, rtol=5 * math.sqrt(1 / (2 * repeats)))
