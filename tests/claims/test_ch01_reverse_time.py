"""Chapter 1, thm-reverse-time: exact for Gaussians and in the Fokker-Planck equation, and by simulation otherwise."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.integrate import solve_ivp

from controls import against
from echolimit import PointCloud, score_of, standard_gaussian
from strategies import line_example


@dataclass(frozen=True)
class Reverse:
    """dY = (linear Y + scores * score) ds + sqrt(2 noise) dB."""

    scores: float
    noise: float
    linear: float = 1.0


SDE, FLOW = Reverse(2.0, 1.0), Reverse(1.0, 0.0)
WRONG_SDE = {
    "missing_two": Reverse(1.0, 1.0),
    "missing_sqrt_two": Reverse(2.0, 0.5),
    "drift_of_the_forward_process": Reverse(2.0, 1.0, linear=-1.0),
    "half_speed_drift": Reverse(2.0, 1.0, linear=0.5),
}
WRONG_FLOW = {
    "score_of_the_sde": Reverse(2.0, 0.0),
    "half_the_score": Reverse(0.5, 0.0),
    "drift_of_the_forward_process": Reverse(1.0, 0.0, linear=-1.0),
}
times = st.floats(0.05, 1.5)
points = st.floats(-2.5, 2.5)


def fokker_planck_residual(law, t, x, equation):
    """d/ds r + div(b r) - noise * Laplace(r), r = p_t at s = T - t, by differences; relative to r."""
    h, e = 2e-3, 1e-4
    grid = np.array([[x - h], [x], [x + h]])
    here = law.diffuse(t)
    r, score = here.density(grid), here.score(grid)[:, 0]
    in_time = -(law.diffuse(t + e).density(grid)[1] - law.diffuse(t - e).density(grid)[1]) / (2 * e)
    current = (equation.linear * grid[:, 0] + equation.scores * score) * r
    transport = (current[2] - current[0]) / (2 * h)
    spread = equation.noise * (r[2] - 2 * r[1] + r[0]) / h**2
    scale = r[1] * (1 + score[1] ** 2 + 1 / -np.expm1(-2 * t))
    return (in_time + transport - spread) / scale


@pytest.mark.claim("thm-reverse-time")
@against(SDE, **WRONG_SDE)
@given(t=times, x=points)
def test_noised_densities_solve_the_backward_equation_of_the_sde(t, x, equation):
    assert abs(fokker_planck_residual(line_example(), t, x, equation)) < 1e-3


@pytest.mark.claim("thm-reverse-time")
@against(FLOW, **WRONG_FLOW)
@given(t=times, x=points)
def test_noised_densities_solve_the_continuity_equation_of_the_flow(t, x, equation):
    assert abs(fokker_planck_residual(line_example(), t, x, equation)) < 1e-3


def gaussian_output(m, v, T, delta, equation):
    """Mean and variance at delta for q = N(m, v): the score is linear, so both obey ordinary differential equations."""

    def rate(s, state):
        t = T - s
        v_t, m_t = np.exp(-2 * t) * v - np.expm1(-2 * t), np.exp(-t) * m
        mean, variance = state
        gain = equation.linear - equation.scores / v_t
        return [gain * mean + equation.scores * m_t / v_t, 2 * gain * variance + 2 * equation.noise]

    start = [np.exp(-T) * m, np.exp(-2 * T) * v - np.expm1(-2 * T)]
    return solve_ivp(rate, (0, T - delta), start, rtol=1e-10, atol=1e-12).y[:, -1]


@pytest.mark.claim("thm-reverse-time")
@pytest.mark.parametrize(
    ("m", "v", "T", "delta"), [(0.5, 0.3, 4.0, 0.02), (-1.0, 2.5, 3.0, 0.1), (2.0, 0.0, 3.0, 0.05)]
)
@against(**WRONG_SDE)
def test_the_sde_ends_in_the_noised_gaussian(m, v, T, delta, equation=SDE):
    exact = np.exp(-delta) * m, np.exp(-2 * delta) * v - np.expm1(-2 * delta)
    assert_allclose(gaussian_output(m, v, T, delta, equation), exact, rtol=1e-7)


@pytest.mark.claim("thm-reverse-time")
@pytest.mark.parametrize(
    ("m", "v", "T", "delta"), [(0.5, 0.3, 4.0, 0.02), (-1.0, 2.5, 3.0, 0.1), (2.0, 0.0, 3.0, 0.05)]
)
@against(**WRONG_FLOW)
def test_the_flow_ends_in_the_noised_gaussian(m, v, T, delta, equation=FLOW):
    exact = np.exp(-delta) * m, np.exp(-2 * delta) * v - np.expm1(-2 * delta)
    assert_allclose(gaussian_output(m, v, T, delta, equation), exact, rtol=1e-7)


@pytest.mark.claim("thm-reverse-time")
@pytest.mark.parametrize("kind", ["mixture", "data set"])
@against(the_data_themselves=0.0, stopped_at_half_the_time=0.5, stopped_at_twice_the_time=2.0)
def test_the_flow_carries_quantiles_to_quantiles_of_the_law_at_delta(kind, share_of_delta=1.0):
    """On the line a flow keeps the order, so it must carry the u-quantile of P_T q to that of P_delta q."""
    law = line_example() if kind == "mixture" else PointCloud([[-1.0], [0.5], [2.0]])
    score, T, delta = score_of(law), 2.0, 0.05
    start = np.array([-1.5, -0.4, 0.1, 0.9, 1.6])
    solved = solve_ivp(lambda s, y: y + score(y[:, None], T - s)[:, 0], (0, T - delta), start, rtol=1e-9, atol=1e-10)
    stopped = law.diffuse(share_of_delta * delta)
    assert_allclose(stopped.cdf(solved.y[:, -1]), law.diffuse(T).cdf(start), atol=1e-6)


def endpoints(law, T, delta, steps, n, seed, equation):
    """Euler-Maruyama as on the page."""
    rng, score, grid = np.random.default_rng(seed), score_of(law), np.geomspace(T, delta, steps + 1)
    y = law.diffuse(T).sample(n, rng)
    for t, later in pairwise(grid):
        h = t - later
        y = y + h * (equation.linear * y + equation.scores * score(y, t))
        y = y + np.sqrt(2 * equation.noise * h) * rng.standard_normal(y.shape)
    return y[:, 0]


def features(x):
    return np.stack([x, x**2, (x < -0.5).astype(float), np.cos(3 * x)])


@pytest.mark.claim("thm-reverse-time")
@against(**WRONG_SDE)
def test_simulated_endpoints_have_the_law_at_delta(equation=SDE):
    """Four means over endpoints against quadrature over P_delta p*, within five standard errors."""
    law, n = line_example(), 8000
    f = features(endpoints(law, 3.0, 0.05, 300, n, 21, equation))
    x = np.linspace(-8, 8, 160_001)
    exact = np.trapezoid(features(x) * law.diffuse(0.05).density(x[:, None]), x, axis=1)
    assert np.all(np.abs(f.mean(axis=1) - exact) < 5 * f.std(axis=1) / np.sqrt(n))


@pytest.mark.claim("thm-reverse-time")
@against(
    lambda churn: Reverse(1.0 + churn, churn),
    lambda_not_added_to_the_score=lambda churn: Reverse(1.0, churn),
    lambda_counted_twice=lambda churn: Reverse(1.0 + 2 * churn, churn),
)
@given(t=times, x=points, churn=st.floats(0.3, 3.0))
def test_every_amount_of_noise_has_the_same_marginals(t, x, churn, family):
    assert abs(fokker_planck_residual(line_example(), t, x, family(churn))) < 1e-3


@pytest.mark.claim("thm-reverse-time")
@against(
    lambda x, R, s2: (4 * np.log(2) + 2 * (x + R) ** 2 / s2) / s2,
    square_root_forgotten=lambda x, R, s2: 4 * np.log(2) + 2 * (x + R) / s2,
    only_the_near_points=lambda x, R, s2: R / s2,
)
@given(t=st.floats(0.01, 2.0), x=st.floats(-60, 60))
def test_the_score_grows_at_most_linearly(t, x, bound):
    """Step 1 of the proof, also far out, for a law whose atoms thin out slowly; R holds half of its mass."""
    sites = np.arange(1, 60.0)
    weights = sites**-1.5 / np.sum(sites**-1.5)
    law = PointCloud(sites[:, None] * np.where(np.arange(59) % 2, 1, -1)[:, None], weights)
    R = sites[np.searchsorted(np.cumsum(weights), 0.5)]
    score = law.diffuse(t).score(np.array([[x]]))[0, 0]
    assert score**2 <= bound(abs(x), R, -np.expm1(-2 * t)) * (1 + 1e-9)


@pytest.mark.claim("thm-reverse-time")
@against(drift_of_the_flow=Reverse(1.0, 1.0))
def test_the_gaussian_is_kept(equation=SDE):
    """Exercise 'the missing two': without the factor the variance of the output is 1 + 2 (T - delta)."""
    y = endpoints(standard_gaussian(1), 4.0, 0.05, 200, 4000, 3, equation)
    assert abs(y.var() - 1) < 5 * np.sqrt(2 / 4000) + 0.03  # Euler steps of length c t leave up to 2 h^2 too much
