"""The order of convergence, measured without Monte-Carlo noise: twice the steps must halve or quarter the error."""

import functools
import math

import numpy as np
from scipy.integrate import solve_ivp

from controls import against
from echolimit import GaussianMixture, ancestral, ddim, euler_maruyama, score_of, time_grid
from sampler_oracles import (
    DETERMINISTIC,
    SAMPLERS,
    STOCHASTIC,
    density_after,
    gaussian_after,
    mean_map,
    one_step_method,
)
from strategies import line_example

ORDER = {name: 2 if name in ("heun", "dpmpp_2m") else 1 for name in SAMPLERS}
SCORE_ONCE = one_step_method(lambda t, u, h: (1 + h, h, math.sqrt(2 * h)))
NO_EXTRA_DRIFT = one_step_method(lambda t, u, h: (1.0, 2 * h, math.sqrt(2 * h)))
BOLD_NOISE = one_step_method(lambda t, u, h: (math.exp(h), 2 * math.sinh(h), math.sqrt(math.expm1(4 * h) / 2.1)))


def measured_order(error, steps):
    """Log2 of the ratio of the errors of `steps` and of twice as many steps."""
    return math.log2(error(steps) / error(2 * steps))


def gaussian_error(sampler, steps):
    """W2 of the law at delta from P_delta N(.5, .3), from P_T N(.5, .3)."""
    law, times = GaussianMixture([1.0], [[0.5]], [0.3]), time_grid(2.0, 0.05, steps, "geometric")
    (mean, variance), (end_mean, end_variance) = (
        (float(p.mean()[0]), float(p.covariance()[0, 0])) for p in (law.diffuse(2.0), law.diffuse(0.05))
    )
    mean, variance = gaussian_after(sampler, law, times, mean, variance)
    return math.hypot(mean - end_mean, math.sqrt(variance) - math.sqrt(end_variance))


@against(SAMPLERS, **{
    "second order from one score": SAMPLERS | {"heun": ddim},
    "no history": SAMPLERS | {"dpmpp_2m": ddim},
    "score counted once": SAMPLERS | {"euler_maruyama": SCORE_ONCE},
})  # fmt: skip
def test_order_on_a_gaussian(samplers):
    for name, sampler in samplers.items():
        order = measured_order(functools.partial(gaussian_error, sampler), 40)
        assert abs(order - ORDER[name]) < 0.03, (name, order)


X = np.linspace(-7, 7, 281)


def weak_errors(sampler, steps):
    """TV at delta = .1 from P_delta of the book's example, and the errors of E X^2 and E cos(2 X), from P_T, T = 1."""
    law, times = line_example(), time_grid(1.0, 0.1, steps, "geometric")
    gap = (density_after(sampler, law, times, X) - law.diffuse(0.1).density(X[:, None])) * (X[1] - X[0])
    return np.abs([np.sum(np.abs(gap)) / 2, gap @ X**2, gap @ np.cos(2 * X)])


WITH_NOISE = STOCHASTIC | {"ancestral_large": functools.partial(ancestral, variance="large")}


@against(WITH_NOISE, **{
    "score counted once": STOCHASTIC | {"euler_maruyama": SCORE_ONCE},
    "no drift of its own": STOCHASTIC | {"euler_maruyama": NO_EXTRA_DRIFT},
    "noise a little large": STOCHASTIC | {"ancestral": BOLD_NOISE},
})  # fmt: skip
def test_weak_order_on_a_mixture(samplers):
    """The density is carried along exactly, a Gaussian kernel a step: no draws, no sampling error."""
    for name, sampler in samplers.items():
        orders = np.log2(weak_errors(sampler, 32) / weak_errors(sampler, 64))
        assert np.all(np.abs(orders - 1) < 0.1), (name, orders)


T, DELTA, POINTS = 3.0, 0.05, np.linspace(-3.5, 3.5, 61)


@functools.cache
def flow():
    """The probability flow from T to delta through POINTS, by an eighth-order method with steps of its own choice."""
    score = score_of(line_example())
    path = solve_ivp(
        lambda s, y: y + score(y[:, None], T - s)[:, 0], (0, T - DELTA), POINTS, method="DOP853", rtol=1e-11, atol=1e-12
    )
    return path.y[:, -1]


def flow_error(spacing, sampler, steps):
    """Root mean square over POINTS under P_T of the distance to the flow."""
    weight = line_example().diffuse(T).density(POINTS[:, None])
    miss = mean_map(sampler, line_example(), time_grid(T, DELTA, steps, spacing), POINTS) - flow()
    return math.sqrt(weight @ miss**2 / weight.sum())


@against(DETERMINISTIC, **{
    "second order from one score": DETERMINISTIC | {"heun": ddim},
    "no history": DETERMINISTIC | {"dpmpp_2m": ddim},
    "the drift of the SDE": DETERMINISTIC | {"ddim": euler_maruyama},
})  # fmt: skip
def test_order_on_a_mixture(samplers):
    for spacing in ("geometric", "log_snr", "karras"):
        for name, sampler in samplers.items():
            order = measured_order(functools.partial(flow_error, spacing, sampler), 80)
            assert abs(order - ORDER[name]) < 0.05, (spacing, name, order)
