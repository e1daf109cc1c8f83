"""Samplers in every array library: same numbers, dtype, device, memory layout; five arrays of memory; the callback."""

import itertools
import tracemalloc
import weakref

import array_api_compat as compat
import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from torch.utils._python_dispatch import TorchDispatchMode

from controls import against
from echolimit import GaussianMixture, score_of, time_grid
from echolimit._arrays import to_numpy
from echolimit.samplers import _run
from sampler_oracles import DETERMINISTIC, SAMPLERS, STOCHASTIC, FixedNoise
from strategies import backends, generator, plane_example

TIMES = time_grid(3.0, 0.05, 12)
START = np.random.default_rng(0).standard_normal((40, 2))


def law_in(array):
    law = plane_example()
    return GaussianMixture(array(law.weights), array(law.means), array(law.covariances))


@pytest.mark.parametrize("array", backends())
@pytest.mark.parametrize("name", SAMPLERS)
def test_every_array_library_gives_numpys_numbers(name, array, monkeypatch):
    x = array(START)
    noise = list(np.random.default_rng(1).standard_normal((len(TIMES) - 1, *START.shape)))
    expected = SAMPLERS[name](score_of(plane_example()), START, TIMES, FixedNoise(*noise))
    draws = itertools.cycle(noise)
    monkeypatch.setattr("echolimit.samplers._inplace.standard_normal", lambda rng, shape, like: array(next(draws)))
    rng = FixedNoise(*noise) if isinstance(x, np.ndarray) else generator(x)
    found = SAMPLERS[name](score_of(law_in(array)), x, TIMES, rng)
    assert found.dtype == x.dtype
    assert compat.device(found) == compat.device(x)
    assert compat.array_namespace(found) is compat.array_namespace(x)
    assert_array_equal(to_numpy(x), to_numpy(array(START)))  # the caller's x is not changed
    tolerance = {"rtol": 1e-11, "atol": 1e-12} if "64" in str(x.dtype) else {"rtol": 1e-3, "atol": 1e-4}
    assert_allclose(to_numpy(found), expected, **tolerance)


@pytest.mark.parametrize("array", backends())
@pytest.mark.parametrize("name", SAMPLERS)
def test_same_seed_same_numbers(name, array):
    x, score = array(START), score_of(law_in(array))
    first, again, other = (to_numpy(SAMPLERS[name](score, x, TIMES, generator(x, seed))) for seed in (4, 4, 5))
    assert_array_equal(first, again)
    assert np.array_equal(first, other) == (name in DETERMINISTIC)
    assert not np.array_equal(first, START)


@pytest.mark.parametrize("name", STOCHASTIC)
def test_the_noise_goes_row_by_row_in_every_layout(name):
    """x and the score's output may run through memory in any order: the numbers are the same."""
    score = score_of(plane_example())
    layouts = (np.ascontiguousarray, np.asfortranarray)
    runs = [
        SAMPLERS[name](lambda x, t, g=g: g(score(x, t)), f(START), TIMES, np.random.default_rng(2))
        for f in layouts
        for g in layouts
    ]
    for run in runs[1:]:
        assert_allclose(run, runs[0], rtol=1e-10, atol=1e-12)
    assert all(run.flags.c_contiguous for run in runs[:2])  # the result lies as x does, whatever the score's layout
    assert all(run.flags.f_contiguous for run in runs[2:])


@pytest.mark.parametrize("name", SAMPLERS)
@pytest.mark.parametrize("library", ["numpy", "torch"])
def test_a_score_may_return_x_itself_or_a_view_of_it(name, library):
    x = START if library == "numpy" else torch.tensor(START)
    turned = (lambda x, t: x[::-1]) if library == "numpy" else (lambda x, t: x[:1].expand_as(x))
    for view, copy in ((lambda x, t: x, lambda x, t: x * 1), (turned, lambda x, t: turned(x, t) * 1)):
        with_views, with_copies = (SAMPLERS[name](s, x, TIMES, generator(x)) for s in (view, copy))
        assert_array_equal(to_numpy(with_views), to_numpy(with_copies))


@pytest.mark.parametrize("name", SAMPLERS)
def test_images_are_rows_like_any_other(name):
    """A Gaussian score on images (n, c, h, w) gives the numbers of the flattened images."""
    x, score = np.random.default_rng(0).standard_normal((3, 2, 4, 4)), lambda x, t: -x / (1 + t)
    flat = SAMPLERS[name](score, x.reshape(3, -1), TIMES, np.random.default_rng(1))
    assert_array_equal(SAMPLERS[name](score, x, TIMES, np.random.default_rng(1)).reshape(3, -1), flat)


@pytest.mark.parametrize("name", SAMPLERS)
def test_nothing_is_pinned_to_a_device(name):
    """On the meta device an operation with a tensor of any other device raises."""
    x = torch.zeros(4, 3, 8, 8, device="meta", dtype=torch.float32)
    out = SAMPLERS[name](lambda x, t: -x, x, TIMES, torch.Generator(), callback=lambda step, t, x: None)
    assert (out.device.type, out.dtype, out.shape) == ("meta", torch.float32, x.shape)


@pytest.mark.parametrize("name", SAMPLERS)
def test_torch_records_no_gradients_and_layouts_are_kept(name):
    weight = torch.full((1,), 0.5, requires_grad=True)
    x = torch.randn(2, 3, 4, 4).to(memory_format=torch.channels_last).requires_grad_()
    out = SAMPLERS[name](lambda x, t: -x * weight, x, TIMES, torch.Generator())
    assert not out.requires_grad
    assert out.is_contiguous(memory_format=torch.channels_last)
    SAMPLERS[name](differentiated, x, TIMES, torch.Generator())


def differentiated(x, t):
    with torch.enable_grad():
        y = x.detach().requires_grad_()
        return torch.autograd.grad(-(y**2).sum() / 2, y)[0]


@pytest.mark.parametrize("name", SAMPLERS)
def test_the_callback_sees_each_step_and_cannot_disturb_the_run(name):
    seen = []

    def callback(step, t, x):
        seen.append((step, t, x))

    def meddle(step, t, x):
        x[...] = 0.0

    score, sampler = score_of(plane_example()), SAMPLERS[name]
    out = sampler(score, START, TIMES, np.random.default_rng(0), callback)
    assert [(step, t) for step, t, _ in seen] == [(k, float(TIMES[k])) for k in range(1, len(TIMES))]
    assert all(type(t) is float for _, t, _ in seen)
    assert_array_equal(seen[-1][2], out)
    assert_array_equal(sampler(score, START, TIMES, np.random.default_rng(0), meddle), out)
    first = sampler(score, START, TIMES[:2], np.random.default_rng(0))
    assert_allclose(seen[0][2], first, rtol=1e-12)


def one_array_more(name):
    """A sampler that keeps two states too many."""

    def sampler(score, x, times, rng, callback=None):
        kept = [x * 1.0, x * 1.0]
        return SAMPLERS[name](score, x, times, rng, callback) if kept else None

    return sampler


PLAIN = {name: SAMPLERS[name] for name in SAMPLERS}
GREEDY = {name: one_array_more(name) for name in SAMPLERS}


def negated(order):
    """The score of N(0, I), which makes no array but its result; in columns that lie in one piece for order F."""
    return lambda x, t: np.negative(x, out=np.empty(x.shape, order=order))


@pytest.mark.parametrize("order", ["C", "F"])
@against(PLAIN, two_states_kept=GREEDY)
def test_at_most_five_arrays_in_numpy(order, samplers):
    x = np.random.default_rng(0).standard_normal((100_000, 2))
    peaks = {}
    for name, sampler in samplers.items():
        tracemalloc.start()
        sampler(negated(order), x, TIMES[:5], np.random.default_rng(0), lambda step, t, x: None)
        peaks[name] = 1 + tracemalloc.get_traced_memory()[1] / x.nbytes  # with x itself
        tracemalloc.stop()
    assert max(peaks.values()) < 5.02, peaks


class Alive(TorchDispatchMode):
    """The largest number of bytes in tensors alive after any operation."""

    def __init__(self, *tensors):
        super().__init__()
        self.seen, self.peak = [weakref.ref(t) for t in tensors], 0

    def __torch_dispatch__(self, function, types, arguments=(), options=None):
        out = function(*arguments, **(options or {}))
        self.seen += [weakref.ref(t) for t in (out if isinstance(out, tuple | list) else [out]) if torch.is_tensor(t)]
        alive = [t for t in (reference() for reference in self.seen) if t is not None]
        storages = {t.untyped_storage().data_ptr(): t.untyped_storage().nbytes() for t in alive}
        self.peak = max(self.peak, sum(storages.values()))
        return out


@pytest.mark.parametrize("late", [False, True], ids=["cpu", "accelerator"])
@against(PLAIN, two_states_kept=GREEDY)
def test_at_most_five_arrays_in_torch(late, monkeypatch, samplers):
    monkeypatch.setattr(_run, "on_accelerator", lambda x: late)
    x = torch.randn(50_000, 2)
    peaks = {}
    for name, sampler in samplers.items():
        with Alive(x) as alive:
            sampler(lambda x, t: -x, x, TIMES[:5], torch.Generator(), lambda step, t, x: None)
        peaks[name] = alive.peak / (4 * x.numel())
    assert max(peaks.values()) < 5.02, peaks
