"""Chapter 11: where the data have no power, a single image shows its age; a linear score puts all at one age."""

import math

import numpy as np
import pytest
from scipy.stats import chi2, kstest

import echolimit as el
from controls import against

SCHEDULES = (((0.5, 0.5, 0.5), (0.1, 0.1, 0.1)), ((0.3, 0.7, 0.2), (0.4, 0.15, 0.05)))


def shares(alphas, deltas):
    """E exp(-2 T) and E exp(-4 T) of the last round, by the recursion of the shares from 1."""
    g2 = g4 = 1.0
    for alpha, delta in zip(alphas, deltas, strict=True):
        g2 = math.exp(-2 * delta) * (alpha + (1 - alpha) * g2)
        g4 = math.exp(-4 * delta) * (alpha + (1 - alpha) * g4)
    return g2, g4


def mixed_ages(g2, g4, r):
    return g4 - g2**2 + 2 / r * (1 - 2 * g2 + g4)


def one_age(g2, g4, r):
    return 2 / r * (1 - g2) ** 2


def spread_is(powers, expected):
    """The variance of the powers, within five standard errors."""
    centred = powers - powers.mean()
    error = math.sqrt((np.mean(centred**4) - np.mean(centred**2) ** 2) / len(powers))
    assert abs(powers.var() - expected) < 5 * error


@pytest.mark.claim("cor-image-ages")
@against(
    mixed_ages,
    one_age_for_all=one_age,
    spread_of_the_noise_forgotten=lambda g2, g4, r: g4 - g2**2,
    ages_alone_squared=lambda g2, g4, r: g4 - g2**2 + 2 / r * (1 - g2) ** 2,
    degree_four_forgotten=lambda g2, g4, r: 2 / r * (1 - 2 * g2 + g4),
)
def test_the_exact_loop_spreads_the_power_of_an_image_over_its_ages(variance):
    """40,000 particles of the loop itself, in 16 directions without data."""
    rng, n, r = np.random.default_rng(0), 40_000, 16
    for alphas, deltas in SCHEDULES:
        y = np.zeros((n, r))
        for alpha, delta in zip(alphas, deltas, strict=True):
            y[rng.random(n) < alpha] = 0.0
            y = math.exp(-delta) * y + math.sqrt(-math.expm1(-2 * delta)) * rng.standard_normal((n, r))
        powers = np.mean(y**2, axis=1)
        g2, g4 = shares(alphas, deltas)
        assert abs(powers.mean() - (1 - g2)) < 5 * powers.std() / math.sqrt(n)
        spread_is(powers, variance(g2, g4, r))


@pytest.mark.claim("cor-image-ages")
@against(
    one_age,
    ages_stay_apart=mixed_ages,
    number_of_directions_forgotten=lambda g2, g4, r: 2 * (1 - g2) ** 2,
    of_a_single_round=lambda g2, g4, r: 2 / r * 0.181**2,
)
def test_a_linear_score_makes_images_of_one_age(variance):
    """The affine score of the training set's own second moment, sampled by DPM++(2M), round after round."""
    rng, n, r, T = np.random.default_rng(1), 20_000, 8, 5.0
    for alphas, deltas in SCHEDULES:
        y = np.zeros((n, r))
        for alpha, delta in zip(alphas, deltas, strict=True):
            c = (1 - alpha) * np.mean(y**2)

            def score(x, t, c=c):
                return -x / (math.exp(-2 * t) * c - math.expm1(-2 * t))

            start = math.sqrt(math.exp(-2 * T) * c - math.expm1(-2 * T)) * rng.standard_normal((n, r))
            y = el.dpmpp_2m(score, start, el.time_grid(T, delta, 100, "log_snr"))
        spread_is(np.mean(y**2, axis=1), variance(*shares(alphas, deltas), r))


@pytest.mark.claim("cor-image-ages")
@against(
    lambda powers, r, t: r * powers / -math.expm1(-2 * t),
    of_the_noise_level=lambda powers, r, t: r * powers / math.expm1(2 * t),
    not_a_mean=lambda powers, r, t: powers / -math.expm1(-2 * t),
    small_times=lambda powers, r, t: r * powers / (2 * t),
)
def test_given_the_age_the_power_is_chi_square(standardised):
    """Noised points of a plane in twelve dimensions, along the ten directions across it."""
    rng = np.random.default_rng(2)
    frame = np.linalg.qr(rng.standard_normal((12, 12)))[0]
    cloud = el.PointCloud(3 * rng.standard_normal((30, 2)) @ frame[:2])
    for t in (0.2, 0.8):
        across = cloud.diffuse(t).sample(10_000, rng) @ frame[2:].T
        assert kstest(standardised(np.mean(across**2, axis=1), 10, t), chi2(10).cdf).pvalue > 1e-5
