"""Chapter 4: on whitened data the recursion keeps mean and covariance and shrinks the higher cumulants."""

import math

import numpy as np
import pytest
from numpy.polynomial.hermite_e import hermegauss
from numpy.testing import assert_allclose

from controls import against
from echolimit import GaussianMixture, limit_law, round_law, transfer
from strategies import line_example, plane_example

NODES, WEIGHTS = hermegauss(30)
WEIGHTS = WEIGHTS / math.sqrt(2 * math.pi)


def whiten(law):
    """The law of L^{-1} (X - mean), L L^T the covariance."""
    root = np.linalg.inv(np.linalg.cholesky(law.covariance()))
    full = law.covariances[:, None, None] * np.eye(law.dimension) if law.covariances.ndim == 1 else law.covariances
    return GaussianMixture(law.weights, (law.means - law.mean()) @ root.T, root @ full @ root.T)


def cumulants(law, direction):
    """Cumulants 1 to 6 of u.X, from raw moments by quadrature inside each component: no Hermite polynomial."""
    mean = law.means @ direction
    full = law.covariances[:, None, None] * np.eye(law.dimension) if law.covariances.ndim == 1 else law.covariances
    spread = np.sqrt(np.einsum("i,kij,j->k", direction, full, direction))
    x = mean[:, None] + spread[:, None] * NODES
    m = [float(law.weights @ (x**n @ WEIGHTS)) for n in range(7)]
    k = [0.0]
    for n in range(1, 7):
        k.append(m[n] - sum(math.comb(n - 1, j - 1) * k[j] * m[n - j] for j in range(1, n)))
    return np.array(k[1:])


CASES = [
    (whiten(line_example()), np.array([1.0])),
    (whiten(plane_example()), np.array([0.6, 0.8])),
    (whiten(plane_example()), np.array([-1.0, 0.0])),
]


@pytest.mark.claim("prop-whitened")
@against(
    powers_of_the_first=lambda n, a, d: transfer(1, a, d) ** n,
    powers_of_the_second=lambda n, a, d: transfer(2, a, d) ** (n / 2),
    one_round_only=lambda n, a, d: np.exp(-n * d),
)
def test_cumulants_three_to_five_of_the_limit(gain=transfer):
    alpha, delta = 0.3, 0.1
    for law, direction in CASES:
        before, after = (cumulants(p, direction) for p in (law, limit_law(law, alpha, delta).as_mixture()))
        assert_allclose(after[:2], [0, 1], atol=1e-10)
        for n in (3, 4, 5):
            assert abs(before[n - 1]) > 0.01
            assert_allclose(after[n - 1], gain(n, alpha, delta) * before[n - 1], rtol=1e-8)


@pytest.mark.claim("prop-whitened")
@against(
    without_truncation_of_the_error=lambda n, a, d, i: (1 - a) ** i,
    one_round_late=lambda n, a, d, i: ((1 - a) * np.exp(-n * d)) ** (i - 1),
)
def test_cumulants_of_every_round_from_a_gaussian_start(left=lambda n, a, d, i: ((1 - a) * np.exp(-n * d)) ** i):
    alpha, delta = 0.3, 0.1
    for law, direction in CASES:
        start, before = GaussianMixture([1.0], np.zeros((1, law.dimension)), [1.0]), cumulants(law, direction)
        for i in (1, 2, 6):
            p = round_law(law, i, alpha, delta, start=start)
            flat = p.as_mixture()
            after = cumulants(flat, direction)
            assert_allclose(after[:2], [0, 1], atol=1e-12)
            for n in (3, 4, 5):
                limit = transfer(n, alpha, delta) * before[n - 1]
                assert_allclose(after[n - 1], limit - left(n, alpha, delta, i) * limit, rtol=1e-9)


def sixth_cumulant(k, H):
    return H(6) * (k[5] + 10 * k[2] ** 2) - 10 * (H(3) * k[2]) ** 2


@pytest.mark.claim("prop-whitened")
@against(
    transfer_alone=lambda k, H: H(6) * k[5],
    square_of_the_third_forgotten=lambda k, H: H(6) * (k[5] + 10 * k[2] ** 2),
)
def test_sixth_cumulant_is_the_first_exception(sixth=sixth_cumulant):
    alpha, delta = 0.3, 0.1
    for law, direction in CASES:
        before, after = (cumulants(p, direction) for p in (law, limit_law(law, alpha, delta).as_mixture()))
        assert_allclose(after[5], sixth(before, lambda n: transfer(n, alpha, delta)), rtol=1e-8)
