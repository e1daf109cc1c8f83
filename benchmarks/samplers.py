"""Reverse-time samplers beside those of k-diffusion, diffusers and the EDM paper: time, accuracy and memory.

One law (benchmarks/ring.py), 100,000 points in the plane, 50 steps from T = 5 to delta = 0.01, equally spaced in
log-SNR, one thread, torch float32.  All start from the same exact draw of P_T p* and step through the same noise
levels; each gets what its own convention takes (score, noise or clean point), made of the same operations at the same
cost.  Moving between Ornstein-Uhlenbeck and variance-exploding coordinates, y = e^t x, happens outside the clock.
Of one algorithm the steps are the same to round-off, but for Heun's rule: ours takes it in t, the others in sigma.

Time: processor time of the one thread, which other work on the machine disturbs less than the wall clock, best of
REPEATS rounds, ours and theirs in turn.  Ratios: the median over rounds of theirs over ours, for the peer where it is
least; with the score, and with a score that costs nothing, so that the samplers' own work is left.
Accuracy: of deterministic samplers the root mean square distance from the exact flow of the same start; of all, the
relative error of the variance and sliced W2 to exact draws (its floor, between two sets of them, is the first row).
Memory: most arrays of x's size alive at once.
"""

from __future__ import annotations

import gc
import math
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from torch.utils._python_dispatch import TorchDispatchMode

import echolimit as el
from benchmarks.peers import edm_heun, with_diffusers, with_k_diffusion
from benchmarks.ring import FastScore, ring
from benchmarks.rows import Row, rounds_of

POINTS, STEPS, START, STOP, REPEATS = 100_000, 50, 5.0, 0.01, 11


@dataclass(frozen=True)
class Entry:
    """One sampler: the algorithm, whose it is, a function of the start, and whether it works on y = e^t x."""

    algorithm: str
    whose: str
    run: Callable[[torch.Tensor], torch.Tensor]
    exploding: bool = False
    exact_flow: bool = True

    def start(self, x: torch.Tensor) -> torch.Tensor:
        """The start in the sampler's own coordinates."""
        return x * math.exp(START) if self.exploding else x

    def end(self, x: torch.Tensor) -> torch.Tensor:
        """The result of a run from x, in ours."""
        y = self.run(self.start(x))
        return y * math.exp(-STOP) if self.exploding else y


def ours(name: str, law: Any, times: np.ndarray, algorithm: str = "", exact_flow: bool = True) -> Entry:
    """One of the library's samplers."""
    sampler = getattr(el, name)
    generator = torch.Generator().manual_seed(1)
    return Entry(
        algorithm or name, f"ours, {name}", lambda x: sampler(law.score, x, times, generator), exact_flow=exact_flow
    )


def entries(law: Any, times: np.ndarray) -> list[Entry]:
    """All samplers, those of one algorithm beside each other."""
    k, d = with_k_diffusion, with_diffusers
    return [
        ours("dpmpp_2m", law, times),
        Entry("dpmpp_2m", "k-diffusion, dpmpp_2m", k("dpmpp_2m", law.denoised, times), exploding=True),
        Entry("dpmpp_2m", "diffusers, DPMSolverMultistep", d("DPMSolverMultistepScheduler", law.noise, times)),
        ours("ddim", law, times),
        Entry("ddim", "k-diffusion, euler", k("euler", law.denoised, times), exploding=True),
        Entry("ddim", "diffusers, DDIM", d("DDIMScheduler", law.noise, times)),
        ours("heun", law, times),
        Entry("heun", "k-diffusion, heun", k("heun", law.denoised, times), exploding=True),
        Entry("heun", "diffusers, HeunDiscrete", d("HeunDiscreteScheduler", law.noise_of_exploding, times), True),
        Entry("heun", "EDM paper, Algorithm 1", edm_heun(law.denoised, times), exploding=True),
        ours("ancestral", law, times, exact_flow=False),
        Entry("ancestral", "k-diffusion, euler_ancestral", k("euler_ancestral", law.denoised, times), True, False),
        Entry("ancestral", "diffusers, DDPM", d("DDPMScheduler", law.noise, times), exact_flow=False),
        ours("euler_maruyama", law, times, exact_flow=False),
        ours("exponential_integrator", law, times, exact_flow=False),
    ]


@contextmanager
def one_thread() -> Iterator[None]:
    """torch on one thread while the block runs."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


class LiveBytes(TorchDispatchMode):
    """Watches each operation's results and keeps the most bytes in distinct storages that were alive at once."""

    def __init__(self, *known: torch.Tensor):
        super().__init__()
        self.live = {id(t): weakref.ref(t) for t in known}
        self.most = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        for tensor in result if isinstance(result, tuple | list) else [result]:
            if isinstance(tensor, torch.Tensor):
                self.live[id(tensor)] = weakref.ref(tensor)
        alive = [tensor for ref in self.live.values() if (tensor := ref()) is not None]
        sizes = {t.untyped_storage().data_ptr(): t.untyped_storage().nbytes() for t in alive}
        self.most = max(self.most, sum(sizes.values()))
        return result


class OneArrayScore:
    """Predictions for the standard Gaussian that make one array each, so that the samplers' own arrays are counted."""

    def score(self, x: torch.Tensor, t: float) -> torch.Tensor:
        """-x."""
        return x * -1.0

    def noise(self, x: torch.Tensor, t: float) -> torch.Tensor:
        """s_t x."""
        return x * math.sqrt(-math.expm1(-2 * t))

    def noise_of_exploding(self, y: torch.Tensor, t: float) -> torch.Tensor:
        """s_t a_t y."""
        return y * (math.exp(-t) * math.sqrt(-math.expm1(-2 * t)))

    def denoised(self, y: torch.Tensor, t: float) -> torch.Tensor:
        """a_t^2 y."""
        return y * math.exp(-2 * t)


class FreeScore:
    """Predictions that cost nothing: always the same zeros."""

    def __init__(self, x: torch.Tensor):
        zeros = torch.zeros_like(x)
        self.score = self.noise = self.noise_of_exploding = self.denoised = lambda x, t: zeros


def peak_arrays(entry: Entry, x: torch.Tensor) -> float:
    """Most arrays of the size of x alive at once in a run, the caller's start among them."""
    start = entry.start(x)
    gc.collect()
    with LiveBytes(start) as watch:
        entry.run(start)
    return watch.most / (x.numel() * x.element_size())


def sliced(x: np.ndarray, exact: np.ndarray) -> float:
    """Sliced W2 on 64 directions, the same for all."""
    return el.sliced_wasserstein(x, exact, 64, np.random.default_rng(7))


def flow(x: torch.Tensor, count: int) -> torch.Tensor:
    """The exact flow of the first `count` points: DPM++(2M) with 3,000 steps in float64."""
    fine = el.time_grid(START, STOP, 3_000)
    return el.dpmpp_2m(FastScore(torch.float64).score, x[:count].to(torch.float64), fine)


def accuracy(entry: Entry, x: torch.Tensor, draws: np.ndarray, ends: torch.Tensor) -> list[Row]:
    """Rows of one sampler's errors."""
    exact = ring().diffuse(STOP)
    end = entry.end(x).to(torch.float64)
    variance = float(torch.trace(torch.cov(end.T))) / float(np.trace(exact.covariance())) - 1
    rows = [
        Row("samplers", f"{entry.whose}: relative error of the variance", variance, ""),
        Row("samplers", f"{entry.whose}: sliced W2 to exact draws", sliced(end.numpy(), draws), ""),
    ]
    if entry.exact_flow:
        away = float((end[: len(ends)] - ends).square().sum(dim=1).mean().sqrt())
        rows.insert(0, Row("samplers", f"{entry.whose}: distance from the exact flow", away, ""))
    return rows


def times_of(group: list[Entry], x: torch.Tensor) -> list[list[float]]:
    """Seconds of the samplers of one algorithm in each round, taken in turn."""
    starts = [entry.start(x) for entry in group]
    return rounds_of([partial(e.run, s) for e, s in zip(group, starts, strict=True)], REPEATS, time.thread_time)


def lead(rounds: list[list[float]]) -> float:
    """The fastest peer over ours, the first of each round: medians over rounds, so that both meet one machine."""
    return min(float(np.median([each[k] / each[0] for each in rounds])) for k in range(1, len(rounds[0])))


def compared(group: list[Entry], free: list[Entry], x: torch.Tensor) -> list[Row]:
    """Milliseconds of one algorithm's samplers, and the fastest peer over ours, with the score and without its cost."""
    rounds = times_of(group, x)
    best = [min(column) for column in zip(*rounds, strict=True)]
    rows = [Row("samplers", f"{e.whose}: time", 1e3 * t, "ms") for e, t in zip(group, best, strict=True)]
    if len(group) > 1:
        what = f"{group[0].algorithm}: fastest peer / ours"
        rows.append(Row("samplers", f"{what}, at equal algorithm", lead(rounds), "x", "1 (reach for 1.3)"))
        rows.append(Row("samplers", f"{what}, without the score's time", lead(times_of(free, x)), "x"))
    return rows


def measure() -> list[Row]:
    """All rows; the exact draw's floor first."""
    times = el.time_grid(START, STOP, STEPS)
    rng, exact = np.random.default_rng(3), ring()
    x = torch.as_tensor(exact.diffuse(START).sample(POINTS, rng), dtype=torch.float32)
    draws, others = (exact.diffuse(STOP).sample(POINTS, rng) for _ in range(2))
    rows = [Row("samplers", "two sets of exact draws: sliced W2", sliced(others, draws), "")]
    with one_thread():
        ends = flow(x, POINTS // 10)
        every, free, gaussian = (entries(law, times) for law in (FastScore(), FreeScore(x), OneArrayScore()))
        for algorithm in dict.fromkeys(entry.algorithm for entry in every):
            group, rest = ([entry for entry in kind if entry.algorithm == algorithm] for kind in (every, free))
            rows += compared(group, rest, x)
            for entry in group:
                rows += accuracy(entry, x, draws, ends)
        for entry in gaussian:
            goal = "5" if entry.whose.startswith("ours") else ""
            rows.append(Row("samplers", f"{entry.whose}: arrays of x's size alive", peak_arrays(entry, x), "", goal))
    return rows
