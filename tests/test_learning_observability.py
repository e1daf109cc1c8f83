"""Observability on paths: golden values, standard errors, the check of the reference, features, bad input."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from echolimit import GaussianMixture, invisible_error, score_of, standard_gaussian
from echolimit.samplers import time_grid

torch = pytest.importorskip("torch")
pytest.importorskip("accelerate")

from echolimit.learning.observability import observe_paths, observe_sampler  # noqa: E402

T, DELTA, GOLDEN = 4.0, 0.02, 0.4839084796  # theory: T = 4, delta = .02, constant error on N(0, 1)
SCORE = score_of(standard_gaussian(1))


def constant(x, t):
    return SCORE(x, t) + 0.15


def test_a_constant_error_by_twin_paths_and_by_regression():
    rng = np.random.default_rng(1)
    paths = observe_paths(constant, SCORE, rng.standard_normal((4000, 1)), T, DELTA, rng, steps=32)
    assert_allclose(paths.energy, 0.1791, rtol=1e-12)
    assert abs(paths.observability - GOLDEN) < 5 * paths.observability_error < 0.08
    assert abs(paths.seen - GOLDEN * 0.1791) < 5 * paths.seen_error
    assert abs(paths.martingale_mean) < 5 * paths.martingale_mean_error
    times = time_grid(T, DELTA, 80, "uniform")
    found = observe_sampler(constant, SCORE, rng.standard_normal((3000, 1)), times, rng)
    assert_allclose(found.energy, 0.1791, rtol=1e-12)
    assert abs(found.observability - GOLDEN) < 5 * found.observability_error < 0.12
    assert abs(found.twin - GOLDEN) < 5 * found.twin_error < 0.12
    assert found.samples.shape == (3000, 1)


def test_an_invisible_error_is_not_seen():
    rng, hidden = np.random.default_rng(2), invisible_error(0.15, T, DELTA)
    wrong = lambda x, t: SCORE(x, t) + hidden(t)  # noqa: E731
    paths = observe_paths(wrong, SCORE, rng.standard_normal((2000, 1)), T, DELTA, rng, steps=48, branches=2)
    assert paths.energy > 0.08
    assert abs(paths.observability) < 5 * paths.observability_error < 0.15
    found = observe_sampler(
        wrong, SCORE, rng.standard_normal((1000, 1)), time_grid(T, DELTA, 80, "uniform"), rng, branches=0
    )
    assert found.observability < 0.02
    assert np.isnan(found.twin)


def test_the_standard_error_is_the_spread_of_repeats():
    rng = np.random.default_rng(3)
    wrong = lambda x, t: SCORE(x, t) + 0.3 * np.sin(3 * x)  # noqa: E731
    runs = [
        observe_paths(wrong, SCORE, rng.standard_normal((200, 1)), T, DELTA, rng, steps=10, branches=3)
        for _ in range(60)
    ]
    eta, error = (np.array([getattr(r, name) for r in runs]) for name in ("observability", "observability_error"))
    assert_allclose(error.mean(), eta.std(ddof=1), rtol=0.3)


def test_a_reference_that_is_not_exact_is_told_by_the_mean_of_the_martingale():
    rng = np.random.default_rng(4)
    paths = observe_paths(
        lambda x, t: -1.3 * x, lambda x, t: -1.1 * x, rng.standard_normal((2000, 1)), T, DELTA, rng, steps=16
    )
    assert abs(paths.martingale_mean) > 10 * paths.martingale_mean_error


@pytest.mark.parametrize("sampler", ["euler_maruyama", "exponential_integrator", "ancestral", "ancestral_large"])
def test_the_energy_of_every_chain_is_the_variance_of_its_martingale_and_tends_to_the_path_energy(sampler):
    rng = np.random.default_rng(5)
    known = []

    def spy(y):
        known.append(y)
        return y

    found = observe_sampler(
        constant,
        SCORE,
        rng.standard_normal((20, 1)),
        time_grid(T, DELTA, 400, "log_snr"),
        rng,
        sampler=sampler,
        branches=0,
        features=spy,
    )
    assert_allclose(found.energy, 0.1791, rtol=0.03)
    assert_allclose(known[0], found.samples)


def test_tensors_and_no_error_at_all():
    rows, rng = torch.randn(50, 3, generator=torch.Generator().manual_seed(6)), torch.Generator().manual_seed(7)
    score = lambda x, t: -x  # noqa: E731
    none = observe_paths(score, score, rows, T, DELTA, rng, steps=4, rows=16)
    assert (none.energy, none.seen, none.observability) == (0, 0, 0)
    found = observe_sampler(lambda x, t: -1.1 * x, score, rows, time_grid(T, DELTA, 10), rng, rows=16)
    assert found.energy > 0
    assert isinstance(found.samples, torch.Tensor)
    again = observe_sampler(
        lambda x, t: -1.1 * x, score, rows, time_grid(T, DELTA, 10), torch.Generator().manual_seed(8), rows=50
    )
    same = observe_sampler(
        lambda x, t: -1.1 * x, score, rows, time_grid(T, DELTA, 10), torch.Generator().manual_seed(8), rows=7
    )
    assert_allclose(again.observability, same.observability, atol=1e-5)


def test_noise_in_many_dimensions_is_not_mistaken_for_something_seen():
    """More pixels than paths and an error that no end shows: judged on its own rows, a regression would see it all."""
    rng = np.random.default_rng(9)
    law = GaussianMixture([1.0], [np.zeros(60)], [1.0])
    score, hidden = score_of(law), invisible_error(0.1, T, DELTA)
    found = observe_sampler(
        lambda x, t: score(x, t) + hidden(t),
        score,
        rng.standard_normal((50, 60)),
        time_grid(T, DELTA, 40, "uniform"),
        rng,
        branches=1,
    )
    assert found.observability < 3 * found.observability_error + 0.05


def test_what_cannot_be_observed_is_refused():
    rng = np.random.default_rng(10)
    rows, times = rng.standard_normal((20, 1)), time_grid(T, DELTA, 5)
    with pytest.raises(ValueError, match="branches must be at least 2"):
        observe_paths(constant, SCORE, rows, T, DELTA, rng, branches=1)
    for change, problem, words in [
        ({"sampler": "ddim"}, ValueError, "sampler must be one of"),
        ({"folds": 11}, ValueError, "2 folds"),
        ({"folds": 1}, ValueError, "folds must be at least 2"),
        ({"features": 3}, TypeError, "features must be a function"),
        ({"features": lambda y: y[:3]}, ValueError, "features must return"),
        ({"branches": -1}, ValueError, "branches"),
    ]:
        with pytest.raises(problem, match=words):
            observe_sampler(constant, SCORE, rows, times, rng, **change)
    with pytest.raises(ValueError, match="decrease strictly"):
        observe_sampler(constant, SCORE, rows, times[::-1], rng)
    with pytest.raises(TypeError, match="Generator"):
        observe_sampler(constant, SCORE, rows, times, 3)
