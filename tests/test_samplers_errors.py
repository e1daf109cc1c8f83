"""Time grids, and every wrong argument or score: named with its value, where it was met, and a remedy."""

import array_api_strict
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from controls import against
from echolimit import ancestral, ddim, delta_to_sigma, euler_maruyama, heun, score_of, time_grid
from echolimit.samplers import _run
from sampler_oracles import DETERMINISTIC, SAMPLERS, STOCHASTIC
from strategies import generator, line_example

SPACINGS = ("uniform", "geometric", "log_snr", "karras")
ORDINATES = {  # what runs in even steps
    "uniform": lambda t: t,
    "geometric": np.log,
    "log_snr": lambda t: -t - np.log(-np.expm1(-2 * t)) / 2,
    "karras": lambda t: np.expm1(2 * t) ** (1 / 14),
}


@against(
    ORDINATES,
    even_in_the_log_of_the_variance_ratio_of_t=ORDINATES | {"log_snr": lambda t: np.log(np.expm1(t))},
    rho_of_five=ORDINATES | {"karras": lambda t: np.expm1(2 * t) ** (1 / 10)},
)
@given(T=st.floats(0.5, 40), delta=st.floats(1e-6, 0.4), steps=st.integers(1, 300))
def test_grids_run_evenly_in_their_ordinate(T, delta, steps, ordinates):
    for spacing in SPACINGS:
        times = time_grid(T, delta, steps, spacing)
        assert times.shape == (steps + 1,)
        assert times.dtype == np.float64
        assert (times[0], times[-1]) == (T, delta)
        assert np.all(np.diff(times) < 0)
        ordinate = ordinates[spacing](times)
        even = np.linspace(ordinate[0], ordinate[-1], steps + 1)
        assert_allclose(ordinate, even, atol=1e-9 * np.max(np.abs(ordinate)))


def test_log_snr_is_the_default_and_reaches_far():
    assert np.array_equal(time_grid(4, 0.02, 9), time_grid(4.0, 0.02, 9, "log_snr"))
    for spacing in SPACINGS:
        assert np.all(np.isfinite(time_grid(354, 1e-300, 50, spacing)))
    assert_allclose(delta_to_sigma(time_grid(4, 0.02, 2)[1]) ** 2, delta_to_sigma(4.0) * delta_to_sigma(0.02))


LAW = line_example()
SCORE, TIMES, X = score_of(LAW), time_grid(2.0, 0.1, 6), np.zeros((3, 1))
NAN = float("nan")


def run(score=SCORE, x=X, times=TIMES, rng=None, callback=None, sampler=euler_maruyama):
    return sampler(score, x, times, np.random.default_rng(0) if rng is None else rng, callback)


VALUE_ERRORS = {
    "T below delta": (lambda: time_grid(0.1, 0.2, 5), r"T must be in \(delta, 354\], got 0.1 with delta = 0.2"),
    "T equal to delta": (lambda: time_grid(0.2, 0.2, 5), r"T must be in \(delta, 354\], got 0.2"),
    "T too late": (lambda: time_grid(400, 0.2, 5), r"T must be in \(delta, 354\], got 400"),
    "T NaN": (lambda: time_grid(NAN, 0.2, 5), "T must be finite, got nan"),
    "delta zero": (lambda: time_grid(2.0, 0.0, 5), "delta must be greater than 0, got 0"),
    "no steps": (lambda: time_grid(2.0, 0.1, 0), "steps must be at least 1, got 0"),
    "spacing": (lambda: time_grid(2.0, 0.1, 5, "linear"), "spacing must be \"uniform\", .* got 'linear'"),
    "too many steps": (lambda: time_grid(1 + 1e-14, 1.0, 500), "steps = 500 between .* too many for float64"),
    "times flat": (lambda: run(times=1.0), r"times must be one row of at least two times, got shape \(\)"),
    "times in columns": (lambda: run(times=TIMES[:, None]), r"one row .* got shape \(7, 1\): make it with time_grid"),
    "one time": (lambda: run(times=[0.1]), r"at least two times, got shape \(1,\)"),
    "times upwards": (
        lambda: run(times=TIMES[::-1]),
        r"must decrease strictly, got times\[0\] = 0.1 before times\[1\]",
    ),
    "times repeated": (lambda: run(times=[2, 1, 1, 0.5]), r"strictly, got times\[1\] = 1.0 before times\[2\] = 1.0"),
    "times to zero": (lambda: run(times=[1.0, 0.0]), r"greater than 0, got times\[-1\] = 0.0: sampling stops at the"),
    "times NaN": (lambda: run(times=[2, NAN, 1]), r"times must be finite, got times\[1\] = nan"),
    "times in words": (lambda: run(times=["a", "b"]), "times must be an array of numbers"),
    "times too late": (lambda: run(times=[500.0, 1.0]), r"at most 354, got times\[0\] = 500"),
    "x a number": (lambda: run(x=np.float64(1.0)[...]), r"x must have shape \(n, ...\), got \(\)"),
    "x NaN": (lambda: run(x=np.array([[NAN]])), "x must be finite, got NaN"),
    "x infinite": (lambda: run(x=torch.tensor([[float("inf")]]), rng=torch.Generator()), "x must be finite"),
    "score shape": (
        lambda: run(lambda x, t: x[:, 0]),
        r"score must return x's shape, \(3, 1\), got \(3,\) from score\(x, t\) in step 1, at t = 2.0",
    ),
    "score shape later": (
        lambda: run(lambda x, t: x if t > 1 else x[:2], sampler=heun),
        r"got \(2, 1\) from score\(x, t\) in step 3, at t = 0\.\d+",
    ),
    "score device": (
        lambda: run(lambda x, t: x.to("meta"), torch.zeros(3, 1), rng=torch.Generator()),
        "score must return x's device, cpu, got meta .* move one",
    ),
    "rng device": (
        lambda: run(
            x=array_api_strict.zeros((3, 1), dtype=array_api_strict.float64),
            score=lambda x, t: array_api_strict.zeros(
                (3, 1), dtype=array_api_strict.float64, device=array_api_strict.Device("device1")
            ),
        ),
        "score must return x's device",
    ),
    "variance": (
        lambda: ancestral(SCORE, X, TIMES, np.random.default_rng(0), variance="beta"),
        'variance must be "small" or "large", got \'beta\'',
    ),
    "overflow in the last step": (
        lambda: run(lambda x, t: np.full_like(x, 1e38), X.astype(np.float32), [3.0, 0.1]),
        "euler_maruyama ended with NaN or infinity in x though all scores were finite: .* float32; take more steps",
    ),
}
TYPE_ERRORS = {
    "steps": (lambda: time_grid(2.0, 0.1, 5.0), "steps must be an integer, got 5.0"),
    "score a law": (
        lambda: run(LAW),
        r"score must be a function .* got echolimit.GaussianMixture: use score_of\(law\)",
    ),
    "callback": (lambda: run(callback=3), "callback must be a function .* got int"),
    "x a list": (lambda: run(x=[[0.0]]), r"x must be an array, got list: use rng.standard_normal\(\(n, d\)\)"),
    "x of integers": (lambda: run(x=np.zeros((3, 1), dtype=int)), "x must be real floating point, got dtype int64"),
    "x complex": (
        lambda: run(x=np.zeros((3, 1), dtype=complex)),
        "x must be real floating point, got dtype complex128",
    ),
    "no score": (lambda: run(lambda x, t: None), "score must return a numpy.ndarray as x is one, got a None"),
    "score of another library": (
        lambda: run(lambda x, t: torch.as_tensor(x)),
        r"score must return a numpy.ndarray as x is one, got a torch.Tensor from score\(x, t\) in step 1",
    ),
    "score dtype": (
        lambda: run(lambda x, t: x.astype(np.float32)),
        "score must return x's dtype, float64, got float32",
    ),
}


@pytest.mark.parametrize("case", VALUE_ERRORS)
@pytest.mark.filterwarnings("ignore:overflow")
def test_value_errors_name_argument_value_and_remedy(case):
    call, message = VALUE_ERRORS[case]
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("case", TYPE_ERRORS)
def test_type_errors_name_argument_and_kind(case):
    call, message = TYPE_ERRORS[case]
    with pytest.raises(TypeError, match=message):
        call()


@pytest.mark.parametrize("name", STOCHASTIC)
def test_samplers_that_draw_ask_for_a_generator(name):
    for rng in (None, 0, torch.Generator()):
        with pytest.raises(
            TypeError, match=rf"numpy.random.Generator, got \S+: {name} draws, pass rng=numpy.random.def"
        ):
            SAMPLERS[name](SCORE, X, TIMES, rng)
    for rng in (None, np.random.default_rng(0)):
        with pytest.raises(
            TypeError, match=r"torch.Generator as x is a tensor, got .* pass rng=torch.Generator\('cpu'\)"
        ):
            SAMPLERS[name](lambda x, t: -x, torch.zeros(3, 1), TIMES, rng)


@pytest.mark.parametrize("name", DETERMINISTIC)
def test_samplers_that_do_not_draw_take_no_generator(name):
    assert np.array_equal(SAMPLERS[name](SCORE, X, TIMES), SAMPLERS[name](SCORE, X, TIMES, np.random.default_rng(0)))


@pytest.mark.parametrize("wrong", [NAN, float("inf"), -float("inf")])
@pytest.mark.parametrize("late", [False, True], ids=["at once", "accelerator"])
@pytest.mark.parametrize("name", SAMPLERS)
@pytest.mark.parametrize("at", [1, 4, 6])
def test_a_score_that_is_not_finite_is_told_with_step_and_time(name, late, wrong, at, monkeypatch):
    """As far as the accelerator waits, so late comes the message; the step in it is the right one all the same."""
    monkeypatch.setattr(_run, "on_accelerator", lambda x: late)
    monkeypatch.setattr(_run, "READ_EVERY", 3)
    x = torch.zeros(5, 1, dtype=torch.float64)

    def score(x, t):
        out = -x
        if t == float(TIMES[at - 1]):
            out[2, 0], out[3, 0] = wrong, -wrong
        return out

    step = at - 1 if name == "heun" and at > 1 else at  # the end of one step is met before the start of the next
    message = rf"got NaN or infinity from score\(x, t\) in step {step} of 6, at t = {TIMES[at - 1]}: .* more steps"
    with pytest.raises(ValueError, match=message):
        SAMPLERS[name](score, x, TIMES, generator(x))


@pytest.mark.parametrize("late", [False, True])
def test_a_finite_score_whose_sum_overflows_passes(late, monkeypatch):
    monkeypatch.setattr(_run, "on_accelerator", lambda x: late)
    x = torch.zeros(100, 1, dtype=torch.float32)
    out = ddim(lambda x, t: torch.full_like(x, 1e37), x, [0.11, 0.1])
    assert bool(torch.isfinite(out).all())


def test_an_error_inside_the_score_says_where_it_was_called():
    def score(x, t):
        raise RuntimeError("out of memory")

    with pytest.raises(RuntimeError, match="out of memory") as error:
        run(score)
    assert error.value.__notes__ == ["euler_maruyama called score(x, t) in step 1 of 6, at t = 2.0"]
