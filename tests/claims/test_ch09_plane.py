"""Chapter 9 beyond the line: kernels of point clouds in the plane from their definition, by sums over a grid."""

import functools
import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from controls import against
from echolimit import bounded_lyapunov, doeblin_mass, reverse_bridge

SIDE = np.linspace(-7, 7, 141)
CELL = (SIDE[1] - SIDE[0]) ** 2
PLANE = np.stack(np.meshgrid(SIDE, SIDE, indexing="ij"), axis=-1).reshape(-1, 2)
POINTS, WEIGHTS = np.array([[1.0, 0.5], [-2.0, 1.0], [0.3, -1.5]]), np.array([0.5, 0.2, 0.3])
RADIUS = float(np.linalg.norm(POINTS, axis=1).max())
MEAN = WEIGHTS @ POINTS


def gauss(x, centre, variance):
    return np.exp(-((x - centre) ** 2).sum(-1) / (2 * variance)) / (2 * math.pi * variance)


def parts(t, x):
    """w_k (P_t q_k)(x) of the atoms q_k, (..., 3)."""
    return WEIGHTS * gauss(np.asarray(x)[..., None, :], math.exp(-t) * POINTS, -math.expm1(-2 * t))


def row(t, u, y):
    """The reverse kernel from y over the plane: eq-reverse-kernel as it stands."""
    noised = gauss(np.asarray(y), math.exp(u - t) * PLANE, -math.expm1(2 * (u - t)))
    return parts(u, PLANE).sum(-1) * noised / parts(t, y).sum()


STEPS = [(2.0, 0.5, [1.0, -2.0]), (1.0, 0.7, [0.2, 0.1]), (0.8, 0.2, [-2.5, 1.5])]


@pytest.mark.claim("lem-bridge")
@against(
    wrong_mixture=lambda t, u, y: WEIGHTS,
    label_at_the_end=lambda t, u, y: parts(u, y) / parts(u, y).sum(),
)
def test_the_kernel_is_a_mixture_over_the_posterior(posterior=lambda t, u, y: parts(t, y) / parts(t, y).sum()):
    for t, u, y in STEPS:
        c, b, variance = reverse_bridge(t, u)
        mixed = gauss(PLANE[:, None, :], c * np.array(y) + b * POINTS, variance) @ posterior(t, u, y)
        assert_allclose(row(t, u, y), mixed, rtol=1e-9, atol=1e-12)


@pytest.mark.claim("prop-lyapunov")
@against(
    one_dimension=lambda t, u: bounded_lyapunov(RADIUS, t, u),
    twice=lambda t, u: bounded_lyapunov(RADIUS, t, u, 4),
)
def test_the_drift_counts_the_noise_of_each_dimension(drift=lambda t, u: bounded_lyapunov(RADIUS, t, u, 2)):
    small = RADIUS * np.array([math.cos(1.0), math.sin(1.0)])
    for t, u, y in [*STEPS, (1.0, 0.1, 40 * small)]:
        rate, bound = drift(t, u)
        if np.linalg.norm(y) < 10:
            assert CELL * row(t, u, y) @ (PLANE**2).sum(1) <= rate * np.dot(y, y) + bound
    c, b, _ = reverse_bridge(2.0, 0.5)  # equality where y = X = R: only the convexity of three points is lost
    far = np.dot(c * small + b * small, c * small + b * small) + 2 * reverse_bridge(2.0, 0.5).variance
    assert drift(2.0, 0.5).bound - far + c * RADIUS**2 == pytest.approx((c + b) * (1 - c - b) * RADIUS**2)


@pytest.mark.claim("prop-doeblin")
@against(
    as_on_the_line=lambda a: doeblin_mass(a, 1.0),
    nearest_centre=lambda a: doeblin_mass(0.0, 1.0, 2),
    twice=lambda a: doeblin_mass(2 * a, 1.0, 2),
)
def test_what_gaussians_of_a_disc_have_in_common(mass=lambda a: doeblin_mass(a, 1.0, 2)):
    angles = np.linspace(0, 2 * math.pi, 121)
    for r, variance in ((0.5, 0.5), (1.5, 0.8)):
        least = np.full(len(PLANE), np.inf)
        for z in r * np.stack([np.cos(angles), np.sin(angles)], axis=1):
            least = np.minimum(least, gauss(PLANE, z, variance))
        assert_allclose(CELL * least.sum(), mass(r / math.sqrt(variance)), rtol=2e-3)


@pytest.mark.claim("prop-doeblin")
@against(
    deviation_for_variance=lambda reach, variance: doeblin_mass(reach, variance**0.25, 2),
    without_the_start=lambda reach, variance: doeblin_mass(0.2 * reach, variance, 2),
)
def test_rows_from_a_disc_lie_above_one_measure(mass=lambda reach, variance: doeblin_mass(reach, variance, 2)):
    angles = np.linspace(0, 2 * math.pi, 25)
    for t, u, r in ((0.7, 0.5, 2.0), (2.0, 1.0, 4.0)):
        c, b, variance = reverse_bridge(t, u)
        least = np.min([row(t, u, r * np.array([math.cos(a), math.sin(a)])) for a in angles], axis=0)
        assert CELL * least.sum() >= mass(c * r + b * RADIUS, variance)


@pytest.mark.claim("thm-frozen")
@against(
    prior=lambda t, y: WEIGHTS,
    nearest=lambda t, y: np.eye(3)[np.argmin(((math.exp(-t) * POINTS - y) ** 2).sum(1))],
    without_weights=lambda t, y: (parts(t, y) / WEIGHTS) / (parts(t, y) / WEIGHTS).sum(),
)
def test_the_label_of_an_atom_is_frozen_from_a_single_point(label=lambda t, y: parts(t, y) / parts(t, y).sum()):
    for t, u, y in STEPS:
        here = parts(u, PLANE)
        later = CELL * row(t, u, y) @ (here / here.sum(-1, keepdims=True))
        assert_allclose(later, label(t, np.array(y)), atol=1e-8)


def plane_limits(delta):
    """Right sides of eq-start in the plane."""
    p = parts(delta, PLANE).sum(-1)
    centred = PLANE - math.exp(-delta) * MEAN
    spread = CELL * p @ np.abs(centred @ MEAN)
    return (
        math.exp(delta) / 2 * spread,
        np.linalg.norm(MEAN) / math.sqrt(2 * math.pi),
        -math.exp(delta) * CELL * (p * (centred @ MEAN)) @ centred,
    )


def changed(change):
    return lambda delta: change(*plane_limits(delta))


@pytest.mark.claim("thm-start")
@against(
    length_of_the_spread=changed(lambda a, b, c: (a * math.sqrt(2), b, c)),
    as_in_two_dimensions=changed(lambda a, b, c: (a, b * math.sqrt(2 * math.pi) / 2, c)),
    covariance_forgotten=changed(lambda a, b, c: (a, b, -math.exp(0.3) * MEAN)),
)
def test_the_error_of_the_start_in_the_plane(limits=plane_limits):
    for found, limit in zip(start_errors(0.3, 5.0), limits(0.3), strict=True):
        assert_allclose(found, limit, rtol=1e-2)


@functools.cache
def start_errors(delta, T):
    """Left sides of eq-start at a large T."""
    h, p = T - delta, parts(delta, PLANE).sum(-1)
    nodes, weights = np.polynomial.hermite_e.hermegauss(8)
    ratio = np.zeros(len(PLANE))  # eq-ratio: the mean of gamma / p_T over the forward noise
    for z1, w1 in zip(nodes, weights / weights.sum(), strict=True):
        for z2, w2 in zip(nodes, weights / weights.sum(), strict=True):
            y = math.exp(-h) * PLANE + math.sqrt(-math.expm1(-2 * h)) * np.array([z1, z2])
            ratio += w1 * w2 * gauss(y, 0.0, 1.0) / parts(T, y).sum(-1)
    sde = math.exp(2 * T) * CELL * p @ np.abs(ratio - 1) / 2
    flow = math.exp(T) * CELL * np.abs(gauss(PLANE, 0.0, 1.0) - parts(T, PLANE).sum(-1)).sum() / 2
    return sde, flow, math.exp(2 * T) * CELL * (p * (ratio - 1)) @ PLANE
