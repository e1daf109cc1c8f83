"""Chapter 6: one step in the plane, where covariance and Fisher information are matrices, and its equality cases."""

import functools
import math

import numpy as np
import pytest

import echolimit as el
from controls import against

WEIGHTS = np.array([0.4, 0.6])
MEANS = np.array([[1.0, -0.5], [-0.8, 0.4]])
COVARIANCES = np.array([[[0.5, 0.2], [0.2, 0.3]], [[0.4, -0.1], [-0.1, 0.02]]])
TIMES = (0.5, 0.2)
EYE = np.eye(2)


def covariance_at(t):
    a = math.exp(-t)
    mean = a * WEIGHTS @ MEANS
    second = sum(
        w * (a * a * (c + np.outer(m, m)) + (1 - a * a) * EYE)
        for w, m, c in zip(WEIGHTS, MEANS, COVARIANCES, strict=True)
    )
    return second - np.outer(mean, mean)


@functools.cache
def law_at(t):
    """Points of a square grid, the density of P_t q there times the area of a cell, and the score."""
    axis = np.linspace(-8, 8, 161)
    x = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2)
    density, slope = np.zeros(len(x)), np.zeros_like(x)
    a = math.exp(-t)
    for w, m, c in zip(WEIGHTS, MEANS, COVARIANCES, strict=True):
        total = a * a * c + (1 - a * a) * EYE
        pulled = (x - a * m) @ np.linalg.inv(total)
        part = w * np.exp(-np.sum(pulled * (x - a * m), axis=1) / 2) / (2 * math.pi * math.sqrt(np.linalg.det(total)))
        density, slope = density + part, slope - part[:, None] * pulled
    return x, density * (axis[1] - axis[0]) ** 2, slope / np.maximum(density, 1e-300)[:, None]


def steps(h, s, r):
    """(A, B, n) of each sampler, written out."""
    grown = math.exp(h)
    return {
        "exponential_integrator": (grown, 2 * (grown - 1), grown**2 - 1),
        "euler_maruyama": (1 + h, 2 * h, 2 * h),
        "ancestral_large": (grown, grown - 1 / grown, 1 - grown**-2),
        "ancestral": (grown, grown - 1 / grown, (1 - grown**-2) * (r / s) ** 2),
        "ddim": (grown, s * (grown * s - r), 0.0),
    }


def excess(name, h, s, r, c, j):
    grown = math.exp(h)
    return {
        "exponential_integrator": 2 * (grown - 1) ** 2 * (2 * j - EYE),
        "euler_maruyama": (grown**2 - (1 + h) ** 2) * (EYE - c) + h * h * (4 * j - 3 * EYE),
        "ancestral_large": 4 * math.sinh(h) ** 2 * (j - EYE),
        "ancestral": -4 * math.sinh(h) ** 2 * (EYE / s**2 - j),
        "ddim": -((grown * s - r) ** 2) * (EYE - s * s * j),
    }[name]


@pytest.mark.claim("prop-step-defect")
@against(
    excess,
    inverse_covariance_for_fisher=lambda name, h, s, r, c, j: excess(name, h, s, r, c, np.linalg.inv(c)),
    trace_for_matrix=lambda name, h, s, r, c, j: excess(name, h, s, r, c, np.trace(j) / 2 * EYE),
    transposed_ends=lambda name, h, s, r, c, j: excess(name, h, r, s, c, j),
)
def test_the_excess_is_a_matrix(excess):
    """Quadrature on a grid of the plane; the bounds of the Fisher matrix; the signs in every direction."""
    t, u = TIMES
    x, mass, score = law_at(t)
    c, s, r = covariance_at(t), math.sqrt(1 - math.exp(-2 * t)), math.sqrt(1 - math.exp(-2 * u))
    j = (score * mass[:, None]).T @ score
    assert np.linalg.eigvalsh(j - np.linalg.inv(c)).min() > 1e-3
    assert np.linalg.eigvalsh(EYE / s**2 - j).min() > 1e-3
    for name, (scale, weight, noise) in steps(t - u, s, r).items():
        end = scale * x + weight * score
        centred = end - mass @ end
        got = (centred * mass[:, None]).T @ centred + noise * EYE - covariance_at(u)
        np.testing.assert_allclose(got, excess(name, t - u, s, r, c, j), atol=1e-8)
        if name in ("ancestral", "ddim"):
            assert np.linalg.eigvalsh(got).max() < 0
        if name == "exponential_integrator":
            assert np.linalg.eigvalsh(c).max() < 2
            assert np.linalg.eigvalsh(got).min() > 0


@pytest.mark.claim("prop-step-defect")
@against(
    lambda t: 1 / -math.expm1(-2 * t),
    of_a_normal_law=lambda t: 1.0,
    noise_not_squared=lambda t: (-math.expm1(-2 * t)) ** -0.5,
)
def test_samplers_that_guess_are_exact_for_a_point(fisher):
    """P_t of a point is N(a x, s^2): the step must return N(a' x, s'^2), for DDPM and DDIM alike."""
    t, u = TIMES
    for name in ("ancestral", "ddim"):
        end = el.gaussian_pass(name, 0.7, 0.0, TIMES, 0.7 * math.exp(-t), 1 / fisher(t))[1]
        np.testing.assert_allclose(end, -math.expm1(-2 * u), rtol=1e-12)


@pytest.mark.claim("prop-step-defect")
@against(
    {"exponential_integrator": 2.0, "ancestral_large": 1.0},
    one_for_two={"exponential_integrator": 1.0},
    two_for_one={"ancestral_large": 2.0},
)
def test_the_width_at_which_the_sign_turns(widths):
    """Normal laws of total variance a little less and a little more than the width, one exact step away."""
    t, u = TIMES
    for name, width in widths.items():
        for factor in (0.99, 1.01):
            v = 1 + math.exp(2 * t) * (factor * width - 1)
            end = el.gaussian_pass(name, 0.0, v, TIMES, 0.0, factor * width)[1]
            assert (end > 1 + math.exp(-2 * u) * (v - 1)) == (factor < 1)
