"""One step of each sampler against the exact step on a Gaussian, and what many steps make of N(0, 1)."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from controls import against
from echolimit import GaussianMixture, ancestral, ddim, dpmpp_2m, time_grid
from golden_reference import reaches
from sampler_oracles import (
    GOLDEN_PASSES,
    SAMPLERS,
    STOCHASTIC,
    affine_map,
    dpmpp_by_hand,
    gaussian_after,
    mean_map,
    noise_scale,
    one_step_method,
    theory_step,
)


def large_variance(score, x, times, rng=None, callback=None):
    return ancestral(score, x, times, rng, callback, variance="large")


STEPS = SAMPLERS | {"ancestral_large": large_variance}


def slip(**wrong):
    """The samplers, one of them with wrong coefficients."""
    return STEPS | {name: one_step_method(coefficients) for name, coefficients in wrong.items()}


def spread(t):
    return math.sqrt(1 - math.exp(-2 * t))


SLIPS = {
    "score_counted_once": slip(euler_maruyama=lambda t, u, h: (1 + h, h, math.sqrt(2 * h))),
    "noise_of_the_forward_step": slip(
        exponential_integrator=lambda t, u, h: (math.exp(h), 2 * math.expm1(h), math.sqrt(-math.expm1(-2 * h)))
    ),
    "variances_exchanged": STEPS | {"ancestral": large_variance, "ancestral_large": ancestral},
    "small_variance_without_its_share": slip(
        ancestral=lambda t, u, h: (math.exp(h), 2 * math.sinh(h), math.sqrt(2 * h) * spread(u) / spread(t))
    ),
    "drift_of_the_exponential_integrator": slip(ddim=lambda t, u, h: (math.exp(h), math.expm1(h), 0)),
    "euler_for_heun": slip(heun=lambda t, u, h: (1 + h, h, 0)),
    "noise_level_of_the_end": slip(
        dpmpp_2m=lambda t, u, h: (math.exp(h), spread(u) * (math.exp(h) * spread(t) - spread(u)), 0)
    ),
}


@against(STEPS, **SLIPS)
@given(m=st.floats(-3, 3), v=st.floats(0.01, 4), u=st.floats(1e-3, 2), h=st.floats(1e-6, 2))
def test_one_step_is_the_exact_gaussian_step(m, v, u, h, samplers):
    law = GaussianMixture([1.0], [[m]], [v])
    for name, sampler in samplers.items():
        slope, shift, added = theory_step(name, m, v, u + h, u)
        found = affine_map(sampler, law, [u + h, u])
        assert_allclose(found, (slope, shift), rtol=1e-12, atol=1e-12 * max(1, abs(slope), abs(shift)))
        if added:
            assert_allclose(noise_scale(sampler, law, [u + h, u]), math.sqrt(added), rtol=1e-12, atol=1e-14)


@against(
    dpmpp_2m,
    first_order_throughout=ddim,
    first_order_last=lambda score, x, times, rng: ddim(score, dpmpp_2m(score, x, times[:-1]), times[-2:]),
)
@given(m=st.floats(-2, 2), v=st.floats(0.05, 3), steps=st.integers(2, 6), end=st.floats(0.02, 0.5))
def test_dpmpp_2m_is_the_method_of_its_source_from_the_second_step_to_the_last(m, v, steps, end, sampler):
    law, times = GaussianMixture([1.0], [[m]], [v]), time_grid(end + 1.5, end, steps, "karras")
    points = np.array([-1.0, 0.0, 2.0])
    expected = [dpmpp_by_hand(m, v, times, x) for x in points]
    assert_allclose(mean_map(sampler, law, times, points), expected, rtol=1e-12, atol=1e-12)


def two_steps(v, times, weight=0.5):
    """G of the docstring of dpmpp_2m: e_2 = G e_0."""
    signal, noise = np.exp(-times), np.sqrt(-np.expm1(-2 * times))
    steps = np.diff(np.log(signal / noise))
    keep = noise[1:] / noise[:-1]
    data = signal[1:] - signal[:-1] * keep
    clean = signal * v / (signal**2 * v + noise**2)
    ratio = weight * steps[1] / steps[0]
    first = keep[0] + data[0] * clean[0]
    return (keep[1] + (1 + ratio) * data[1] * clean[1]) * first - ratio * data[1] * clean[0]


@against(two_steps, whole_ratio=lambda v, times: two_steps(v, times, 1.0), no_history=lambda v, t: two_steps(v, t, 0.0))
@given(m=st.floats(-2, 2), v=st.floats(0.05, 3), delta=st.floats(0.02, 0.5), h=st.floats(0.05, 1), g=st.floats(0.05, 1))
def test_two_steps_of_dpmpp_2m_are_the_map_of_its_docstring(m, v, delta, h, g, gain):
    times = np.array([delta + h + g, delta + h, delta])
    slope, shift = affine_map(dpmpp_2m, GaussianMixture([1.0], [[m]], [v]), times)
    assert_allclose(slope, gain(v, times), rtol=1e-12, atol=1e-13)
    assert_allclose(shift, m * (math.exp(-times[2]) - gain(v, times) * math.exp(-times[0])), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("steps", [10, 50])
@against(STEPS, **{name: SLIPS[name] for name in ("score_counted_once", "variances_exchanged", "euler_for_heun")})
def test_golden_means_and_variances(steps, samplers=STEPS):
    law, times = GaussianMixture([1.0], [[0.5]], [0.3]), time_grid(4.0, 0.02, steps, "geometric")
    for name, sampler in samplers.items():
        found = gaussian_after(sampler, law, times, 0.0, 1.0)
        for value, printed in zip(found, GOLDEN_PASSES[name, steps], strict=True):
            reaches(value, printed)


@given(h=st.floats(1e-12, 1e-6), u=st.floats(0.01, 2))
def test_tiny_steps_lose_no_digits(h, u):
    """The noise and what the score adds are of size sqrt(h) and h: they must be right relative to themselves."""
    law, t = GaussianMixture([1.0], [[0.0]], [1.0]), u + h
    for name, sampler in STOCHASTIC.items():
        added = theory_step(name, 0.0, 1.0, t, u)[2]
        assert_allclose(noise_scale(sampler, law, [t, u]), math.sqrt(added), rtol=1e-12)
    far = mean_map(ddim, GaussianMixture([1.0], [[1e6]], [1.0]), [t, u], np.array([0.0]))[0]
    assert_allclose(far, theory_step("ddim", 1e6, 1.0, t, u)[1], rtol=1e-9)


def test_the_first_step_of_dpmpp_2m_is_ddim():
    law, x = GaussianMixture([0.4, 0.6], [[-1.0], [2.0]], [0.2, 0.5]), np.linspace(-3, 3, 7)
    assert_allclose(mean_map(dpmpp_2m, law, [2.0, 0.3], x), mean_map(ddim, law, [2.0, 0.3], x), rtol=1e-13)
