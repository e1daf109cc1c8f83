"""The exact score of a mixture, wrapped in each convention of a network and unwrapped again."""

import math
from types import SimpleNamespace

import array_api_compat as compat
import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from controls import against
from echolimit._arrays import to_numpy
from echolimit.samplers.adapters import score_from_diffusers, score_from_edm, score_from_epsilon, score_from_x0
from strategies import backends, plane_example

X = np.array([[0.0, 0.0], [1.0, -2.0], [-1.3, 0.5], [0.4, 0.9]])
TIMES = (0.03, 0.3, 1.7)
NAN = float("nan")


def clean_mean(y, scale: float, noise: float):
    """E[X_0 | scale X_0 + noise Z = y] for the mixture, by conditioning each Gaussian: no score in it."""
    law = plane_example()
    xp = compat.array_namespace(y)
    total, weight = None, None
    for w, m, c in zip(law.weights, law.means, law.covariances, strict=True):
        spread = scale**2 * c + noise**2 * np.eye(2)
        precision, gain = np.linalg.inv(spread), scale * c @ np.linalg.inv(spread)
        precision, gain, centre, mean = (
            xp.asarray(a, dtype=y.dtype, device=compat.device(y)) for a in (precision, gain, scale * m, m)
        )
        offset = y - centre[None, :]
        exponent = -xp.sum(xp.matmul(offset, precision) * offset, axis=1) / 2
        density = float(w / np.sqrt(np.linalg.det(spread))) * xp.exp(exponent)
        part = density[:, None] * (mean[None, :] + xp.matmul(offset, gain.T))
        total, weight = (part, density) if total is None else (total + part, weight + density)
    return total / weight[:, None]


def levels(t: float) -> tuple[float, float]:
    return math.exp(-t), math.sqrt(-math.expm1(-2 * t))


def x0(x, t):
    return clean_mean(x, *levels(t))


def epsilon(x, t):
    a, s = levels(t)
    return (x - a * x0(x, t)) / s


def edm(y, sigma):
    assert sigma.ndim == 0
    assert sigma.dtype == y.dtype
    return clean_mean(y, 1.0, float(sigma))


def linear_scheduler(kind: str = "epsilon", steps: int = 1000) -> SimpleNamespace:
    """What the adapter reads of a DDPM scheduler with linear beta from 1e-4 to 0.02."""
    alpha_bar = np.cumprod(1 - np.linspace(1e-4, 0.02, steps))
    return SimpleNamespace(alphas_cumprod=alpha_bar, config=SimpleNamespace(prediction_type=kind))


def network(kind: str):
    """A network with the exact answer at whole steps, and in between if its time is interpolated in ln alpha_bar."""
    times = -np.log(linear_scheduler().alphas_cumprod) / 2

    def unet(x, step):
        assert step.dtype == x.dtype
        t = float(np.interp(float(step), np.arange(1000), times))
        (a, s), clean = levels(t), x0(x, t)
        noise = (x - a * clean) / s
        return SimpleNamespace(sample={"epsilon": noise, "sample": clean, "v_prediction": a * noise - s * clean}[kind])

    return unet


ADAPTED = {
    "epsilon": score_from_epsilon(epsilon),
    "x0": score_from_x0(x0),
    "edm": score_from_edm(edm),
    **{f"diffusers, {k}": score_from_diffusers(network(k), linear_scheduler(k)) for k in ("epsilon", "sample")},
    "diffusers, v": score_from_diffusers(network("v_prediction"), linear_scheduler("v_prediction")),
}


@pytest.mark.parametrize("array", backends())
@pytest.mark.parametrize("convention", ADAPTED)
@against(
    ADAPTED,
    forgot_the_signal={**ADAPTED, **dict.fromkeys(ADAPTED, lambda x, t: (x0(x, t) - x) / levels(t)[1] ** 2)},
    variance_for_deviation=dict.fromkeys(ADAPTED, lambda x, t: -epsilon(x, t) / levels(t)[1] ** 2),
    exploding_score_not_scaled=dict.fromkeys(ADAPTED, lambda x, t: -epsilon(x, t) / math.sqrt(math.expm1(2 * t))),
    sign=dict.fromkeys(ADAPTED, lambda x, t: epsilon(x, t) / levels(t)[1]),
)
def test_unwrapping_gives_the_exact_score(convention, array, adapted):
    x = array(X)
    for t in TIMES:
        score = adapted[convention](x, t)
        assert score.dtype == x.dtype
        assert compat.device(score) == compat.device(x)
        unit = float(np.finfo(str(x.dtype).split(".")[-1]).eps)
        # Round-off of the wrapped prediction, divided by s^2 where a difference is taken.
        steps = 30 if "diffusers" not in convention else 3000 if unit > 1e-10 else 300
        expected = plane_example().diffuse(t).score(X)
        assert_allclose(to_numpy(score), expected, rtol=0, atol=steps * unit / levels(t)[1] ** 2)


def test_a_time_between_two_steps_is_interpolated_in_log_alpha_bar():
    seen = []
    scheduler = linear_scheduler()

    def unet(x, step):
        seen.append(float(step))
        return x

    score = score_from_diffusers(unet, scheduler)
    times = -np.log(scheduler.alphas_cumprod) / 2
    for t in (times[0], times[41], 0.25 * times[41] + 0.75 * times[42], times[-1]):
        score(X, t)
    assert_allclose(seen, [0, 41, 41.75, 999], rtol=1e-12)


@pytest.mark.parametrize("shape", [(5,), (2, 3, 4, 4)])
def test_any_shape_of_points_passes(shape):
    x = np.random.default_rng(0).normal(size=shape)
    for adapter, answer in ((score_from_epsilon, lambda x, t: x), (score_from_edm, lambda y, sigma: 0 * y)):
        assert adapter(answer)(x, 0.4).shape == shape


def test_nothing_is_pinned_to_a_device():
    x = torch.zeros(4, 3, dtype=torch.float32, device="meta")

    def network(x, step):
        return x * step

    for score in (score_from_edm(network), score_from_diffusers(network, linear_scheduler()), score_from_x0(network)):
        assert score(x, 0.2).device.type == "meta"


@pytest.mark.parametrize("written", [0.0, 2.0**-24])  # the latter in diffusers, though the step before may be smaller
def test_a_last_step_without_signal_is_left_out(written):
    scheduler = linear_scheduler(steps=2500)
    times = -np.log(scheduler.alphas_cumprod) / 2
    assert scheduler.alphas_cumprod[-1] < 2.0**-24
    scheduler.alphas_cumprod = np.append(scheduler.alphas_cumprod, written)
    seen = []
    score = score_from_diffusers(lambda x, step: seen.append(float(step)) or x, scheduler)
    score(X, times[-1])
    assert seen == [2499]
    with pytest.raises(ValueError, match=r"2500 steps, got 16\.0"):
        score(X, 16.0)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32, torch.float64])
def test_steps_stay_whole_in_half_precision(dtype):
    """bfloat16 has no number between 996 and 1000."""
    seen, scheduler = [], linear_scheduler()
    score = score_from_diffusers(lambda x, step: seen.append(float(step)) or x, scheduler)
    for k in (999, 997, 501):
        assert score(torch.zeros(2, 3, dtype=dtype), -np.log(scheduler.alphas_cumprod[k]) / 2).dtype == dtype
    assert_allclose(seen, [999, 997, 501], rtol=1e-6)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: score_from_epsilon(3), TypeError, "epsilon must be a function or a network, got int"),
        (lambda: score_from_x0(None), TypeError, "denoiser must be a function"),
        (lambda: score_from_epsilon(epsilon)(X, 0.0), ValueError, r"t must be greater than 0, got 0\.0"),
        (lambda: score_from_edm(edm)(X, -1.0), ValueError, r"t must be greater than 0, got -1\.0"),
        (lambda: score_from_x0(x0)(X, float("nan")), ValueError, "t must be finite"),
        (lambda: score_from_x0(lambda x, t: x[:, :1])(X, 0.1), ValueError, r"x's shape, \(4, 2\), got \(4, 1\)"),
        (lambda: score_from_epsilon(lambda x, t: (x, x))(X, 0.1), TypeError, "must return an array, got tuple"),
        (lambda: score_from_diffusers(epsilon, SimpleNamespace()), TypeError, "scheduler must have alphas_cumprod"),
        (lambda: score_from_diffusers(epsilon, linear_scheduler("flow")), ValueError, "prediction_type must be one of"),
        (
            lambda: score_from_diffusers(epsilon, SimpleNamespace(alphas_cumprod=np.array([0.5, 0.9]))),
            ValueError,
            "alphas_cumprod must be a falling sequence",
        ),
        *(
            (lambda v=v: score_from_diffusers(epsilon, SimpleNamespace(alphas_cumprod=v)), ValueError, "falling .* got")
            for v in ([], 0.5, [0.9, 0.0], [0.9, 0.5, -0.1], [0.9, 0.0, 0.0], [1.1, 0.5], [[0.9, 0.5]], [0.9, NAN, 0.1])
        ),
        (
            lambda: score_from_diffusers(network("epsilon"), linear_scheduler())(X, 1e-5),
            ValueError,
            r"t must be in \[5e-05, 5\.06\], .* got 1e-05: choose T and delta",
        ),
    ],
)
def test_errors_name_the_argument_its_value_and_the_remedy(call, error, message):
    with pytest.raises(error, match=message):
        call()
