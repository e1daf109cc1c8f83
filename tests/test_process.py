"""The two noising processes and the dictionary between conventions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from controls import against
from echolimit import (
    OrnsteinUhlenbeck,
    VarianceExploding,
    alpha_bar_to_delta,
    delta_to_alpha_bar,
    delta_to_sigma,
    sigma_to_delta,
)
from strategies import times


@pytest.mark.parametrize("process", [OrnsteinUhlenbeck(), VarianceExploding()])
@given(s=times, t=times)
def test_two_steps_are_one(process, s, t):
    """a_{s+t} = a_s a_t and s_{s+t}^2 = a_t^2 s_s^2 + s_t^2."""
    assert_allclose(process.signal(s + t), process.signal(s) * process.signal(t), rtol=1e-14)
    two = process.signal(t) ** 2 * process.noise_variance(s) + process.noise_variance(t)
    assert_allclose(process.noise_variance(s + t), two, rtol=1e-13, atol=1e-300)


def test_small_times_lose_no_digits():
    assert_allclose(OrnsteinUhlenbeck().noise_variance(1e-12), 2e-12, rtol=1e-11)
    assert_allclose(OrnsteinUhlenbeck().noise_variance(np.array([1e-12])), [2e-12], rtol=1e-11)


@pytest.mark.parametrize("process", [OrnsteinUhlenbeck(), VarianceExploding()])
def test_perturbed_draws_have_the_kernels_moments(process):
    n, rng = 200_000, np.random.default_rng(0)
    x = np.full((n, 2), 1.5)
    t = np.where(np.arange(n) < n // 2, 0.1, 0.7)
    for time, rows in ((0.1, slice(0, n // 2)), (0.7, slice(n // 2, n))):
        for y in (process.perturb(x, t, rng)[rows], process.perturb(x[rows], time, rng)):
            variance = process.noise_variance(time)
            assert np.all(np.abs(y.mean(axis=0) - 1.5 * process.signal(time)) < 5 * np.sqrt(variance / len(y)))
            assert np.all(np.abs(y.var(axis=0) - variance) < 5 * variance * np.sqrt(2 / len(y)))


def test_perturbing_leaves_the_argument_alone():
    x = np.ones((3, 2))
    OrnsteinUhlenbeck().perturb(x, np.array([0.1, 0.2, 0.3]), np.random.default_rng(0))
    assert np.all(x == 1)


def test_large_noise_levels_do_not_overflow():
    assert_allclose(sigma_to_delta(1e200), 200 * np.log(10), rtol=1e-14)


@given(delta=st.floats(1e-6, 10))
def test_conventions_are_inverse_to_each_other(delta):
    assert_allclose(sigma_to_delta(delta_to_sigma(delta)), delta, rtol=1e-9)
    assert_allclose(alpha_bar_to_delta(delta_to_alpha_bar(delta)), delta, rtol=1e-9, atol=1e-12)


@against(signal_share_not_squared=lambda a: -np.log(a))
def test_the_first_step_of_a_linear_schedule(delta_of=alpha_bar_to_delta):
    """A first beta of 1e-4 keeps the share 1 - 1e-4: delta is 5.0e-5; sigma = .002 is delta 2.0e-6."""
    assert_allclose(delta_of(1 - 1e-4), 5.0e-5, rtol=1e-3)
    assert_allclose(sigma_to_delta(0.002), 2.0e-6, rtol=1e-3)
    assert_allclose(delta_to_sigma(0.02), 0.202, atol=5e-4)
