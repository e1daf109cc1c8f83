"""That the samplers' benchmark compares like with like; its times are reported, not asserted."""

import numpy as np
import pytest
import torch
from torch.testing import assert_close

import echolimit as el
from benchmarks.peers import FOLDER, WANTED, betas_of, edm_heun
from benchmarks.ring import FastScore, ring
from benchmarks.samplers import Entry, LiveBytes, OneArrayScore, entries, lead, peak_arrays

pytest.importorskip("diffusers")
TIMES = el.time_grid(5.0, 0.01, 20)
FETCHED = (FOLDER / "peers.txt").is_file() and (FOLDER / "peers.txt").read_text() == WANTED.read_text()


@pytest.fixture
def without_k_diffusion(monkeypatch):
    """The other samplers alone: k-diffusion is fetched by `make bench` only."""
    if not FETCHED:
        monkeypatch.setattr("benchmarks.samplers.with_k_diffusion", lambda name, law, times: None)


def those_at_hand(law) -> list[Entry]:
    return [entry for entry in entries(law, TIMES) if entry.run is not None]


def start(n: int = 200) -> torch.Tensor:
    return torch.as_tensor(ring().diffuse(5.0).sample(n, np.random.default_rng(1)), dtype=torch.float32)


@pytest.mark.parametrize("t", [0.01, 0.3, 4.0])
def test_each_convention_is_the_exact_score(t):
    fast, x = FastScore(torch.float64), start().to(torch.float64)
    exact = torch.as_tensor(ring().diffuse(t).score(x.numpy()))
    noise_there = el.score_from_epsilon(lambda x, t: fast.noise_of_exploding(x * np.exp(t), t))
    for score in (
        fast.score,
        el.score_from_epsilon(fast.noise),
        noise_there,
        el.score_from_edm(lambda y, sigma: fast.denoised(y, t)),
    ):
        assert_close(score(x, t), exact, rtol=1e-9, atol=1e-9)


def test_deterministic_samplers_of_one_algorithm_take_the_same_path(without_k_diffusion):
    x, ends = start(), {}
    for entry in those_at_hand(FastScore()):
        if entry.exact_flow:
            ends.setdefault(entry.algorithm, []).append(entry.end(x))
    for algorithm, (ours, *theirs) in ends.items():
        assert theirs
        for end in theirs:
            if algorithm == "heun":  # ours takes Heun's step in time, theirs in the noise level
                assert_close(end, theirs[0], rtol=1e-3, atol=1e-3)
            else:
                assert_close(end, ours, rtol=1e-3, atol=1e-3)


def test_heun_of_the_paper_is_of_second_order():
    fast = FastScore(torch.float64)
    x = start(50).to(torch.float64) * np.exp(5.0)
    ends = [edm_heun(fast.denoised, el.time_grid(5.0, 0.01, steps))(x) for steps in (160, 320, 640)]
    assert (ends[0] - ends[1]).norm() / (ends[1] - ends[2]).norm() == pytest.approx(4, rel=0.25)


def test_the_schedule_of_the_peers_is_the_grid():
    assert np.cumprod(1 - betas_of(TIMES))[::-1] == pytest.approx(np.exp(-2 * TIMES), rel=1e-12)


def test_the_ratio_is_that_of_the_fastest_peer_and_survives_one_slow_round():
    assert lead([[1.0, 2.0, 1.5], [2.0, 4.0, 3.0], [9.0, 2.0, 1.5]]) == 1.5


def test_arrays_are_counted_while_they_live():
    x = torch.zeros(1000, 2)
    with LiveBytes(x) as watch:
        y = x + 1
        z = y * 2
        del y
        z = z - 1
        z.mul_(3)
    assert watch.most == 3 * 8000


def test_our_samplers_keep_within_five_arrays(without_k_diffusion):
    for entry in those_at_hand(OneArrayScore()):
        if entry.whose.startswith("ours"):
            assert peak_arrays(entry, start()) <= 5
