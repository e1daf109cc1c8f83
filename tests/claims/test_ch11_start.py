"""Chapter 11: a sampler that starts from the normal law with the right moments loses a known share of the shape."""

import math

import numpy as np
import pytest
from scipy.stats import norm

from controls import against

VARIANCE, DELTA, DEGREES = 55.0, 0.6, (3, 4)
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(120)
WEIGHTS = WEIGHTS / math.sqrt(2 * math.pi)


def kept(degree, T, delta):
    """(r_T / r_delta)^degree, r_t^2 = lambda / (lambda + e^{2t} - 1)."""
    return (VARIANCE + math.expm1(2 * delta)) ** (degree / 2) / (VARIANCE + math.expm1(2 * T)) ** (degree / 2)


def in_the_time_of_the_data(degree, T, delta):
    return math.exp(-degree * (T - delta))


def without_the_end(degree, T, delta):
    return kept(degree, T, 0.0)


def squared(degree, T, delta):
    return kept(degree, T, delta) ** 2


def mixture(degree):
    """Two normals of one variance, nearly one: weights, means, variance; mean 0 and variance VARIANCE in all."""
    share, gap = (0.3, 0.15) if degree == 3 else (0.5, 0.25)
    means = math.sqrt(VARIANCE) * gap * np.array([-(1 - share), share])
    weights = np.array([share, 1 - share])
    return weights, means, VARIANCE - weights @ means**2


def density(x, law, sigma2):
    weights, means, variance = law
    return norm.pdf(x[:, None], means, math.sqrt(variance + sigma2)) @ weights


def distribution(x, law, sigma2):
    weights, means, variance = law
    return norm.cdf(x[:, None], means, math.sqrt(variance + sigma2)) @ weights


def shape(x, weights, degree):
    """Mean of the standardised Hermite polynomial, less that of the normal law."""
    mean = weights @ x
    standard = (x - mean) / math.sqrt(weights @ (x - mean) ** 2)
    return weights @ standard**degree - (0 if degree == 3 else 3)


def shape_of(law, sigma2, degree):
    weights, means, variance = law
    spread, whole = variance + sigma2, VARIANCE + sigma2
    if degree == 3:
        return weights @ (means**3 + 3 * means * spread) / whole**1.5
    return weights @ (means**4 + 6 * means**2 * spread + 3 * spread**2) / whole**2 - 3


def lost_by_the_flow(degree, T):
    """The flow on the line is the monotone map between the exact laws at T and at DELTA."""
    law, levels = mixture(degree), [math.expm1(2 * t) for t in (DELTA, T)]
    z = np.linspace(-8, 8, 8001)
    weights = norm.pdf(z) * (z[1] - z[0])
    grid = math.sqrt(VARIANCE) * np.linspace(-10, 10, 80_001)
    at = distribution(math.sqrt(VARIANCE + levels[1]) * z, law, levels[1])
    ends = np.interp(at, distribution(grid, law, levels[0]), grid)
    return 1 - shape(ends, weights, degree) / shape_of(law, levels[0], degree)


def lost_by_the_reverse_process(degree, T):
    """Its law at the end is p(y) E[(start / p_T)(X_T) | X = y], X_T from y by forward noise."""
    law, levels = mixture(degree), [math.expm1(2 * t) for t in (DELTA, T)]
    y = math.sqrt(VARIANCE) * np.linspace(-8, 8, 2001)
    later = y[:, None] + math.sqrt(levels[1] - levels[0]) * NODES
    ratio = norm.pdf(later, 0, math.sqrt(VARIANCE + levels[1])) / density(later.ravel(), law, levels[1]).reshape(
        later.shape
    )
    weights = density(y, law, levels[0]) * (ratio @ WEIGHTS) * (y[1] - y[0])
    return 1 - shape(y, weights / weights.sum(), degree) / shape_of(law, levels[0], degree)


@pytest.mark.claim("prop-normal-start")
@pytest.mark.parametrize("degree", DEGREES)
@pytest.mark.parametrize("T", [1.5, 2.5, 3.0])
@against(variance_one=in_the_time_of_the_data, end_at_zero=without_the_end, squared=squared)
def test_the_flow_loses_the_share_that_is_left_at_its_start(degree, T, share=kept):
    assert lost_by_the_flow(degree, T) == pytest.approx(share(degree, T, DELTA), rel=0.003)


@pytest.mark.claim("prop-normal-start")
@pytest.mark.parametrize("degree", DEGREES)
@pytest.mark.parametrize("T", [1.5, 2.5, 3.0])
@against(squared, as_the_flow=kept, variance_one=in_the_time_of_the_data)
def test_the_reverse_process_loses_its_square(degree, T, share):
    assert lost_by_the_reverse_process(degree, T) == pytest.approx(share(degree, T, DELTA), rel=0.003)
