"""Score errors, drift and the loop with a kernel: known values, limits, and arguments that are refused."""

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from echolimit import (
    GaussianMixture,
    PointCloud,
    VarianceExploding,
    accumulated_drift,
    chi2_divergence,
    chi2_onset,
    component_moments,
    drift_ceiling,
    drift_floor,
    error_gain,
    invisible_error,
    kernel_loop_law,
    observe_score_error,
    round_law,
    sample_kernel_loop,
    shift_loop_chi2,
    shift_loop_law,
    total_variation,
)
from strategies import fresh_shares, line_example, plane_example

GAMMA = GaussianMixture([1.0], [[0.0]], [1.0])


def test_a_constant_score_error_on_the_standard_normal():
    effect = observe_score_error(0.15, 4.0, 0.02)
    assert_allclose(effect.energy, 0.1791, atol=5e-5)
    assert_allclose(effect.shift, 0.2943943082, atol=5e-11)
    assert_allclose(effect.observability, 0.4839084796, atol=5e-11)
    assert_allclose(effect.chi2, 0.0905345716, atol=5e-11)
    assert_allclose(effect.endpoint_kl, 0.0433340043, atol=5e-11)
    assert_allclose(effect.path_kl, 0.08955, atol=5e-6)
    long = observe_score_error(0.15, 400.0, 0.02)
    assert_allclose(long.observability, 2 / 399.98, rtol=1e-10)  # 2 (1 - exp(-L))^2 / L


@pytest.mark.parametrize(
    ("rounds", "value", "digit"),
    [
        (1, 0.0025031276, 5e-11),
        (10, 0.0526552356, 5e-11),
        (20, 0.0673639274, 5e-11),
        (40, 0.0699768745, 5e-11),
        (100, 0.0700446071, 5e-11),
        (150, 0.0702283559, 5e-11),
        (200, 1.927e5, 50),
    ],
)
def test_chi2_of_the_shift_loop(rounds, value, digit):
    assert_allclose(shift_loop_chi2(rounds, 0.2, 0.05), value, atol=digit)
    with mpmath.workdps(40):
        a, e = mpmath.mpf("0.2"), mpmath.mpf("0.05")
        w = [a * (1 - a) ** (j - 1) for j in range(1, rounds)] + [(1 - a) ** (rounds - 1)]
        pairs, base = ((j, k) for j in range(rounds) for k in range(rounds)), mpmath.exp(e * e)
        exact = mpmath.fsum(w[j] * w[k] * base ** ((j + 1) * (k + 1)) for j, k in pairs) - 1
    assert_allclose(shift_loop_chi2(rounds, 0.2, 0.05), float(exact), rtol=1e-12)


def test_onset_and_truncation_of_the_shift_loop():
    assert_allclose(chi2_onset(0.2, 0.05), 178.5, atol=0.05)
    assert_allclose(shift_loop_chi2(3000, 0.2, 0.05, 0.01), 0.0634807, atol=5e-8)
    assert shift_loop_chi2(3, 0.2, 0.3) < 1 < shift_loop_chi2(4, 0.2, 0.3)
    assert shift_loop_chi2(4000, 0.2, 0.05) == np.inf
    assert_allclose(shift_loop_chi2(7, 0.0, 0.1), np.expm1(0.49), rtol=1e-12)
    assert_allclose(shift_loop_chi2(7, 1.0, 0.1), np.expm1(0.01), rtol=1e-12)
    assert shift_loop_chi2(0, 0.3, 0.1) == 0


@settings(max_examples=20)
@given(alpha=fresh_shares, shift=st.floats(-0.3, 0.3), delta=st.floats(0, 0.5), rounds=st.integers(0, 12))
def test_the_shift_loop_has_its_chi2(alpha, shift, delta, rounds):
    law = shift_loop_law(rounds, alpha, shift, delta)
    assert_allclose(shift_loop_chi2(rounds, alpha, shift, delta), chi2_divergence(law, GAMMA), rtol=1e-9, atol=1e-13)


def test_discounted_sums():
    sizes = [0.1] * 400
    assert_allclose(accumulated_drift(0.2, sizes)[-1], 0.02777778, atol=5e-9)
    assert_allclose(accumulated_drift(0.2, sizes, 1.0)[-1], 0.25, atol=5e-3)
    assert_allclose(accumulated_drift(0.2, sizes * np.resize([1, -1], 400), 1.0)[-1], 0.01 / 1.8**2, rtol=1e-12)
    assert_allclose(accumulated_drift(0.0, [1.0, 2.0, 3.0], 0.5), [0, 1, 7, 25])


def test_floor_and_ceiling_at_the_ends():
    assert drift_floor(1.0, 0.3) == 0.3
    assert_allclose(drift_floor(0.2, 0.1 / 8, young=True), 0.2 * 0.1 / (16 * 1.64))
    assert_allclose(drift_ceiling(1.0, [0.3, 0.2], start=9.0), [9, 0.3, 0.2])
    assert_allclose(drift_ceiling(0.0, [0.04, 0.04], density_ratio=4.0, tail=0.2), [0, 0.36, 1.44])


@pytest.mark.parametrize(("alpha", "value"), [(0.1, 3.5223240435), (0.5, 1.0799993134), (0.9, 0.76)])
def test_variances_of_the_kernel_loop_without_truncation(alpha, value):
    target = GaussianMixture([0.5, 0.5], [[0.0], [3.0]], [0.36, 0.36])
    twin = component_moments(target, 20, alpha, 0.36, process=VarianceExploding())[1][-1]
    assert_allclose(twin[:, 0, 0], value, atol=5e-11)


def test_the_kernel_loop_without_a_kernel_is_the_loop():
    for target in (line_example(), plane_example()):
        for rounds, alpha in ((0, 0.3), (1, 0.3), (9, 0.3), (5, 1.0)):
            law = kernel_loop_law(target, rounds, alpha, 0.1)
            x = np.random.default_rng(0).normal(size=(20, target.dimension))
            assert_allclose(law.density(x), round_law(target, rounds, alpha, 0.1).density(x), rtol=1e-11)
    assert total_variation(kernel_loop_law(line_example(), 4, 0.3, 1e-9, 1e-9), line_example()) < 1e-7


def test_draws_keep_their_labels():
    target, rng = plane_example(), np.random.default_rng(3)
    x, labels = sample_kernel_loop(target, 40_000, 6, 0.3, 0.05, rng, 0.2)
    means, covariances = component_moments(target, 6, 0.3, 0.05, 0.2)
    assert abs(np.mean(labels == 1) - 0.6) < 5 * np.sqrt(0.24 / 40_000)
    for k in range(2):
        own = x[labels == k]
        error = np.sqrt(np.diag(covariances[-1, k]) / len(own))
        assert np.all(np.abs(own.mean(axis=0) - means[-1, k]) < 5 * error)
    assert sample_kernel_loop(target, 3, 2, 0.0, 0.05, rng)[0].shape == (3, 2)


def test_gain_and_invisible_part():
    assert_allclose(error_gain(0.3, 0.3, 2.0), 1.0)
    assert_allclose(error_gain([1.0, 2.0], 0.5), np.exp([-0.5, -1.5]))
    hidden = invisible_error(lambda t: 1 + np.sin(t), 3.0, 0.05, 0.3)
    assert observe_score_error(hidden, 3.0, 0.05, 0.3).observability < 1e-20
    assert observe_score_error(0.0, 3.0, 0.05).observability == 0
    assert observe_score_error(1000.0, 3.0, 0.05).chi2 == np.inf


REFUSED = [
    (lambda: drift_floor(0.0, 1.0), "alpha must be in"),
    (lambda: drift_floor(0.5, -1.0), "round_error must be at least 0"),
    (lambda: drift_floor(0.5, 1.0, 0.2), "density_floor must be in"),
    (lambda: drift_ceiling(0.5, [0.1, -0.1]), "round_errors must be at least 0"),
    (lambda: drift_ceiling(0.5, [[0.1]]), "round_errors must have shape"),
    (lambda: drift_ceiling(0.5, [0.1], density_ratio=0.5), "density_ratio must be at least 1"),
    (lambda: drift_ceiling(0.5, [0.1], tail=-1), "tail must be at least 0"),
    (lambda: accumulated_drift(0.5, [np.nan]), "sizes must be finite"),
    (lambda: accumulated_drift(0.5, [0.1], 1.5), "correlation must be in"),
    (lambda: accumulated_drift(0.5, [0.1, -1e200]), "sizes must be at most 1e150, got 1e\\+200"),
    (lambda: error_gain(0.1, 0.2), "t must be at least delta"),
    (lambda: observe_score_error(0.1, 0.02, 0.05), "T must be greater"),
    (lambda: observe_score_error(lambda t: 1.0, 1.0, 0.05), "error must return finite values"),
    (lambda: observe_score_error(0.1, 1.0, 0.05, -1.0), "variance must be at least 0"),
    (lambda: shift_loop_law(-1, 0.5, 0.1), "rounds must be at least 0"),
    (lambda: shift_loop_chi2(5, 1.5, 0.1), "alpha must be in"),
    (lambda: chi2_onset(1.0, 0.1), "alpha must be in"),
    (lambda: chi2_onset(0.5, 0.0), "shift must not be 0"),
    (lambda: component_moments(line_example(), 3, 0.5, 0.1, -1.0), "bandwidth must be at least 0"),
    (lambda: component_moments(line_example(), 3, 0.5, 0.0), "delta must be greater"),
    (lambda: kernel_loop_law(line_example(), 3, 0.0, 0.1), "alpha must be in"),
    (lambda: kernel_loop_law(line_example(), 60_000, 0.5, 0.1), "rounds must leave"),
]


@pytest.mark.parametrize(("call", "words"), REFUSED)
def test_bad_values_are_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (
            lambda: component_moments(PointCloud([[0.0]]), 3, 0.5, 0.1),
            "target must be a GaussianMixture",
        ),
        (
            lambda: sample_kernel_loop(line_example(), 3, 2, 0.5, 0.1, 7),
            "rng must be a numpy.random.Generator",
        ),
        (lambda: observe_score_error("large", 1.0, 0.05), "error must be a real number, got 'large'"),
    ],
)
def test_wrong_kinds_are_refused(call, words):
    with pytest.raises(TypeError, match=words):
        call()


def test_a_point_mass_loses_no_digits_near_time_zero():
    t = np.array([1e-9, 2e-9, 1e-6])
    assert_allclose(error_gain(t, 1e-9, 0.0), np.sinh(1e-9) / np.sinh(t), rtol=1e-14)
