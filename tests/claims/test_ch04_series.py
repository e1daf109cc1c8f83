"""Chapter 4: when the Hermite series converges, decided from the tails of p^2 / gamma and from the coefficients."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import logsumexp

from controls import against
from echolimit import GaussianMixture, PointCloud, hermite_coefficients, limit_law
from echolimit._law import Law

# weights, means, covariances of the data, and delta of the recursion (None: the series of the data itself)
LINE = [
    ([1.0], [[0.0]], [1.9], None, True),
    ([1.0], [[0.0]], [2.0], None, False),
    ([1.0], [[0.7]], [2.0], None, False),
    ([0.999, 0.001], [[0.0], [1.0]], [0.3, 2.1], None, False),
    ([0.5, 0.5], [[0.0], [0.0]], [0.4, 2.4], None, False),  # the mixed pair is finite: 1/.4 + 1/2.4 > 1
    ([0.5, 0.5], [[-1.0], [1.0]], [2.4, 2.4], 0.17, True),  # ln(1.4) / 2 = .168236
    ([0.5, 0.5], [[-1.0], [1.0]], [2.4, 2.4], 0.166, False),
    ([1.0], [[0.0]], [5.0], 0.75, True),  # ln(4) / 2 = .693
    ([1.0], [[0.0]], [5.0], 0.65, False),
    ([0.3, 0.7], [[-1.2], [0.9]], [0.25, 0.16], 0.001, True),
]
PLANE = [
    ([1.0], [[0.3, 0.0]], [[[1.2, 0.9], [0.9, 1.2]]], None, False),  # eigenvalues 2.1 and 0.3
    ([1.0], [[0.3, 0.0]], [[[1.3, 0.6], [0.6, 1.3]]], None, True),  # eigenvalues 1.9 and 0.7, trace 2.6
    ([1.0], [[0.3, 0.0]], [[[1.2, 0.9], [0.9, 1.2]]], 0.06, True),  # ln(1.1) / 2 = .0477
    ([1.0], [[0.3, 0.0]], [[[1.2, 0.9], [0.9, 1.2]]], 0.04, False),
]


def matrices(covariances, d):
    return [c * np.eye(d) if np.ndim(c) == 0 else np.asarray(c) for c in covariances]


def log_tail(weights, means, covariances, delta, radius=3000.0):
    """max over directions of ln(p^2 / gamma) far out, age by age, with nothing from the library."""
    means = np.asarray(means, dtype=float)
    d = means.shape[1]
    covariances = matrices(covariances, d)
    angles = np.linspace(0, math.pi, 181)
    axes = np.stack([np.cos(angles), np.sin(angles)], axis=1) if d == 2 else np.array([[1.0]])
    points = radius * np.concatenate([axes, -axes])
    ages = [(0.0, 1.0)] if delta is None else [(j * delta, 0.2 * 0.8 ** (j - 1)) for j in range(1, 80)]
    terms = []
    for t, share in ages:
        a = math.exp(-t)
        for w, m, c in zip(weights, means, covariances, strict=True):
            noised = a * a * c + (1 - a * a) * np.eye(d)
            y = points - a * m
            form = np.sum(y * np.linalg.solve(noised, y.T).T, axis=1)
            terms.append(math.log(w * share) - form / 2 - np.linalg.slogdet(2 * math.pi * noised)[1] / 2)
    return float(np.max(2 * logsumexp(terms, axis=0) + np.sum(points**2, axis=1) / 2))


def spectrum(covariances, d):
    return np.linalg.eigvalsh(np.array(matrices(covariances, d)))


def threshold(rule):
    """A wrong criterion as a function of the weights, the eigenvalues (k, d) and delta (0 for the data)."""
    return lambda w, m, c, delta: rule(np.asarray(w), spectrum(c, len(m[0])), delta or 0.0)


def by_the_library(weights, means, covariances, delta):
    law = GaussianMixture(weights, means, covariances)
    return (law if delta is None else limit_law(law, 0.2, delta)).hermite_series_converges()


@pytest.mark.claim("thm-series-convergence")
@against(
    two_included=threshold(lambda w, s, t: s.max() <= 2 if t == 0 else math.exp(-2 * t) * (s.max() - 1) < 1),
    variance_of_the_mixture=threshold(lambda w, s, t: math.exp(-2 * t) * (w @ s.max(axis=1) - 1) < 1),
    time_without_the_half=threshold(lambda w, s, t: math.exp(-t) * (s.max() - 1) < 1),
    rescued_by_any_truncation=threshold(lambda w, s, t: t > 0 or s.max() < 2),
    trace_for_the_largest_eigenvalue=threshold(lambda w, s, t: math.exp(-2 * t) * (s.sum(axis=1).max() - 1) < 1),
    narrow_component_decides=threshold(lambda w, s, t: math.exp(-2 * t) * (s.min() - 1) < 1),
)
def test_criterion_against_the_tail_of_the_integrand(converges=by_the_library):
    for *law, expected in LINE + PLANE:
        # Integrable iff the integrand falls: at a radius of 3000 the exponent is far below zero, or it is not.
        assert (log_tail(*law) < -100) == expected
        assert converges(*law) == expected


@pytest.mark.claim("thm-series-convergence")
@against(
    square_summable=lambda n: n ** (-0.75),
    constant_of_one=lambda n: n ** (-0.25),
    rate_one_half=lambda n: (2 / math.pi) ** 0.25 * n ** (-0.5),
)
def test_coefficients_at_the_boundary_variance(size=lambda n: (2 / math.pi) ** 0.25 * n ** (-0.25)):
    # c_{2k} of N(0, 2) is sqrt((2k)!) / (2^k k!), here through lgamma.
    for k in (500, 5000, 50000):
        exact = math.exp(math.lgamma(2 * k + 1) / 2 - k * math.log(2) - math.lgamma(k + 1))
        assert_allclose(size(2 * k), exact, rtol=1e-3)
    assert_allclose(hermite_coefficients(GaussianMixture([1.0], [[0.0]], [2.0]), 1000)[-1], size(1000), rtol=1e-3)


@pytest.mark.claim("thm-series-convergence")
@against(
    data_alone=lambda v, delta: v - 1,
    square_of_the_decay=lambda v, delta: (v - 1) * math.exp(-4 * delta),
)
def test_rate_of_the_coefficients_of_the_limit(ratio=lambda v, delta: (v - 1) * math.exp(-2 * delta)):
    # c_{n+2} / c_n of the limit, age by age, from the closed form of the data's c_n.
    v, alpha, k = 2.4, 0.2, 400
    for delta in (0.1, 0.2):
        step = []
        for m in (k, k + 1):
            data = math.lgamma(2 * m + 1) / 2 - math.lgamma(m + 1) + m * math.log((v - 1) / 2)
            ages = np.arange(1, 60)
            step.append(data + logsumexp(math.log(alpha) + (ages - 1) * math.log1p(-alpha) - 2 * m * delta * ages))
        assert_allclose(math.exp(step[1] - step[0]), ratio(v, delta), rtol=2e-3)


@pytest.mark.claim("thm-series-convergence")
@against(
    atoms_converge=lambda law: True,
    limit_of_atoms_diverges=lambda law: not isinstance(law, PointCloud) and law.dimension > 1,
)
def test_atoms_never_and_their_limit_always(converges=Law.hermite_series_converges):
    cloud = PointCloud([[-1.0], [0.5], [2.0]])
    c = hermite_coefficients(cloud, 4000)
    energy = np.cumsum(c**2)
    assert (energy[4000] > 1.3 * energy[2000]) == (not converges(cloud))  # grows like sqrt(N)
    limit = limit_law(cloud, 0.3, 0.01)
    tail = np.cumsum((0.3 * np.exp(-0.01 * np.arange(4001)) / (1 - 0.7 * np.exp(-0.01 * np.arange(4001))) * c) ** 2)
    assert (tail[4000] - tail[2000] < 1e-8) == converges(limit)
