"""Chapter 7: which share of a score error the samples show."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import quad, solve_ivp

from controls import against
from echolimit import GaussianMixture, chi2_divergence, error_gain, invisible_error, kl_divergence, observe_score_error
from echolimit.samplers import euler_maruyama, time_grid

CASES = [(0.0, 1.0, 2.0, 0.05), (0.6, 0.3, 3.0, 0.1), (-1.0, 4.0, 4.0, 0.02)]  # m, v, T, delta


def noised(v, t):
    return 1 + (v - 1) * np.exp(-2 * t)


def wavy(t):
    return 0.3 + 0.4 * np.cos(2 * t)


def equations(m, v, T, delta, error):
    """Means of both samplers, their variance, and the covariance of M with the end point, from their own equations.

    dY = (Y - 2 (Y - a m) / v_t + 2 b) ds + sqrt(2) dW and dM = sqrt(2) b dW, integrated in s = T - t.
    """

    def slope(s, state):
        t, (perfect, learned, variance, joint) = T - s, state
        pull, goal, b = 1 - 2 / noised(v, t), 2 * np.exp(-t) * m / noised(v, t), float(error(t))
        return [
            pull * perfect + goal,
            pull * learned + goal + 2 * b,
            2 * pull * variance + 2,
            pull * joint + 2 * b,
        ]

    start = [np.exp(-T) * m, np.exp(-T) * m, noised(v, T), 0.0]
    return solve_ivp(slope, (0, T - delta), start, rtol=1e-11, atol=1e-13).y[:, -1]


def gain(t, delta, v):
    return np.exp(-(t - delta)) * noised(v, delta) / noised(v, t)


@pytest.mark.claim("thm-observability")
@against(
    target_forgotten=lambda t, delta, v: np.exp(-(t - delta)),
    flow_instead_of_sde=lambda t, delta, v: np.sqrt(noised(v, delta) / noised(v, t)),
    ratio_upside_down=lambda t, delta, v: np.exp(-(t - delta)) * noised(v, t) / noised(v, delta),
)
def test_the_displacement_is_twice_the_error_times_the_gain(factor=gain):
    for m, v, T, delta in [*CASES[1:], (0.0, 0.1, 2.0, 0.05)]:
        shift = 2 * quad(lambda t, d=delta, v=v: wavy(t) * factor(t, d, v), delta, T, epsabs=1e-12)[0]
        perfect, learned, variance, joint = equations(m, v, T, delta, wavy)
        assert_allclose(perfect, np.exp(-delta) * m, atol=1e-9)
        assert_allclose(learned - perfect, shift, rtol=1e-8)
        assert_allclose(variance, noised(v, delta), rtol=1e-8)
        assert_allclose(joint, shift, rtol=1e-8)  # Cov(M, Y_end)
        assert_allclose(observe_score_error(wavy, T, delta, v).shift, shift, rtol=1e-9)


@pytest.mark.claim("thm-observability")
@against(
    energy_without_two=lambda shift, half, v: shift**2 / (v * half),
    variance_forgotten=lambda shift, half, v: shift**2 / (2 * half) * 1.0 + 0 * v,
    root=lambda shift, half, v: shift / np.sqrt(v * 2 * half),
)
@pytest.mark.parametrize("case", [(0.6, 0.3, 3.0, 0.1), (-1.0, 4.0, 4.0, 0.02)])
def test_divergences_of_paths_and_samples(case, share=lambda shift, half, v: shift**2 / (v * 2 * half)):
    m, v, T, delta = case
    perfect, learned, variance, joint = equations(m, v, T, delta, wavy)
    half = quad(lambda t: wavy(t) ** 2, delta, T)[0]  # int b^2 = eps^2 / 2 = path KL
    eta = share(learned - perfect, half, variance)
    assert_allclose(joint**2 / variance, eta * 2 * half, rtol=1e-7)  # Var(E[M | Y]) of a Gaussian pair
    ideal, spoiled = (GaussianMixture([1.0], [[a]], [variance]) for a in (perfect, learned))
    for one, other in ((spoiled, ideal), (ideal, spoiled)):
        assert_allclose(kl_divergence(one, other), eta * half, rtol=1e-7)
        assert_allclose(chi2_divergence(one, other), np.expm1(eta * 2 * half), rtol=1e-7)
    effect = observe_score_error(wavy, T, delta, v)
    assert_allclose([effect.observability, effect.path_kl], [eta, half], rtol=1e-7)


def log_ratio_of_paths(with_error, m, v, horizon, delta, n=4000, steps=300):
    """ln of the density of learned against perfect paths, from their Gaussian transitions, along simulated paths."""
    rng, h = np.random.default_rng(17), (horizon - delta) / steps
    y = np.exp(-horizon) * m + np.sqrt(noised(v, horizon)) * rng.standard_normal(n)
    total = np.zeros(n)
    for t in horizon - h * (np.arange(steps) + 0.5):
        perfect = y + h * (y - 2 * (y - np.exp(-t) * m) / noised(v, t))
        learned = perfect + 2 * h * wavy(t)
        y = (learned if with_error else perfect) + np.sqrt(2 * h) * rng.standard_normal(n)
        total += ((y - perfect) ** 2 - (y - learned) ** 2) / (4 * h)
    return total


@pytest.mark.claim("thm-observability")
@against(whole_energy=lambda energy: energy, quarter=lambda energy: energy / 4)
def test_paths_tell_half_the_energy_in_both_directions(entropy=lambda energy: energy / 2):
    m, v, horizon, delta = CASES[1]
    expected = entropy(2 * quad(lambda t: wavy(t) ** 2, delta, horizon)[0])
    for with_error, sign in ((True, 1), (False, -1)):
        ratio = sign * log_ratio_of_paths(with_error, m, v, horizon, delta)
        assert abs(ratio.mean() - expected) < 5 * ratio.std() / np.sqrt(len(ratio))


@pytest.mark.claim("thm-observability")
@against(
    without_the_variances=lambda v, T, delta: 1 - np.exp(-2 * (T - delta)),
    not_squared=lambda v, T, delta: 1 - np.exp(-(T - delta)) * np.sqrt(noised(v, delta) / noised(v, T)),
    one=lambda v, T, delta: 1.0,
)
def test_the_most_visible_error_is_the_gain_itself(
    bound=lambda v, T, delta: 1 - np.exp(-2 * (T - delta)) * noised(v, delta) / noised(v, T),
):
    rng = np.random.default_rng(0)
    for v, T, delta in [(0.2, 0.6, 0.05), (3.0, 1.0, 0.1), (0.0, 0.4, 0.2)]:
        top = bound(v, T, delta)
        seen = observe_score_error(lambda t, v=v, d=delta: -7 * error_gain(t, d, v), T, delta, v)
        assert_allclose(seen.observability, top, rtol=1e-9)
        for _ in range(5):
            a, b, c = rng.normal(size=3)

            def error(t, a=a, b=b, c=c):
                return a + b * t + c * np.sin(5 * t)

            assert observe_score_error(error, T, delta, v).observability < top


def simulated_mean(error, rng):
    times = time_grid(3.0, 0.05, 150, spacing="uniform")
    x = euler_maruyama(lambda x, t: error(np.asarray(t)) - x, rng.standard_normal((20_000, 1)), times, rng)
    return x.mean()


@pytest.mark.claim("thm-observability")
@against(
    constant=lambda t: 0.5 + 0 * t,
    projected_on_the_wrong_gain=lambda t: 0.5 - 0.5 * np.exp(-(t - 0.05)),
    sign_of_the_projection=lambda t: 1.0 - invisible_error(0.5, 3.0, 0.05)(t),
)
def test_an_error_orthogonal_to_the_gain_leaves_no_trace(error=invisible_error(0.5, 3.0, 0.05)):  # noqa: B008
    assert quad(lambda t: float(error(t)) ** 2, 0.05, 3.0)[0] > 0.1  # it is not small
    assert abs(simulated_mean(error, np.random.default_rng(5))) < 5 / np.sqrt(20_000)
