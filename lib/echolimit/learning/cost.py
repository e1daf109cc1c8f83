"""What a run costs before it is started: images, network evaluations, floating point operations."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

import echolimit.samplers as samplers
from echolimit._checks import check_choice, check_count, check_positive
from echolimit.learning.devices import make_accelerator
from echolimit.learning.networks import make_model
from echolimit.learning.settings import PRECISIONS, RunSettings
from echolimit.learning.training import RoundTraining

WARM_UP = 2  # steps that are not timed


@dataclass(frozen=True)
class RunCost:
    """Work of one run, all rounds together.

    parameters: of the network.  forward_flops, training_flops: floating point operations (a multiply and an add are
    two) for one image, forward, and forward and backward, as counted by torch for convolutions and matrix products.
    trained: images that training shows the network, with repetition.  evaluated: images that sampling shows it.
    """

    parameters: int
    forward_flops: float
    training_flops: float
    trained: int
    evaluated: int

    @property
    def flops(self) -> float:
        """trained * training_flops + evaluated * forward_flops."""
        return self.trained * self.training_flops + self.evaluated * self.forward_flops

    def hours(self, peak: float, share: float) -> float:
        """Hours on a device of `peak` floating point operations a second, of which a run gets the `share` in (0, 1]."""
        if not 0 < check_positive(share, "share") <= 1:
            raise ValueError(f"share must be in (0, 1], got {share}: the part of the peak that the run gets")
        return self.flops / (check_positive(peak, "peak") * share) / 3600


def run_cost(settings: RunSettings, shape: tuple[int, ...]) -> RunCost:
    """The work of a run on points of `shape`, (d,) or (c, h, w), without doing any of it.

    Counts on torch's meta device, where arrays have shapes and no values.  Not counted: reading data, moments and the
    start of the sampler, checkpoints.  Raises ValueError for a network that the shape does not fit.
    """
    with torch.device("meta"):
        model = make_model(settings.network, shape, "no", 0)
        x, levels = torch.empty(1, len(model.mean)), torch.empty(1)
        forward = _counted(lambda: model.network(x, levels))
        training = _counted(lambda: model.network(x, levels).sum().backward())
    skip = 4.0 * model.basis.numel()  # the products with the basis of the covariance and with its transpose
    rounds, samples = settings.loop.rounds, settings.loop.samples
    return RunCost(
        parameters=sum(weight.numel() for weight in model.network.parameters()),
        forward_flops=forward + skip,
        training_flops=training + skip,
        trained=settings.training.batch * sum(settings.training.steps_of(k) for k in range(1, rounds + 1)),
        evaluated=rounds * samples * _evaluations(settings),
    )


def training_speed(settings: RunSettings, shape: tuple[int, ...], steps: int = 5) -> float:
    """Images a second of training on this device, measured: the median of some steps on random points of `shape`.

    On a CPU a second is one of a single core, so that other work on the machine does not count.

    settings: network and batch are taken from them, the preconditioning is "scalar", whose matrix is quickly made.
    """
    check_count(steps, "steps", least=1)
    settings = dataclasses.replace(settings, network=dataclasses.replace(settings.network, preconditioning="scalar"))
    accelerator = make_accelerator(settings.training.precision)
    model = make_model(settings.network, shape, settings.training.precision, 0)
    points = torch.randn(settings.training.batch, len(model.mean), generator=torch.Generator().manual_seed(0))
    training = RoundTraining(model, accelerator, settings, 1, points, None)
    seconds = _timed(lambda: float(training.advance()), steps, accelerator.device)
    return settings.training.batch * accelerator.num_processes / seconds


def matmul_speed(precision: str = "no", device: str | torch.device = "cpu", size: int = 1024, steps: int = 5) -> float:
    """Floating point operations a second of one matrix product of two (size, size) matrices, measured.

    On a CPU a second is one of a single core.

    precision: "no" (float32), "bf16" or "fp16".  No training on the device is faster than this.
    """
    check_choice(precision, "precision", tuple(PRECISIONS))
    check_count(steps, "steps", least=1), check_count(size, "size", least=1)
    a = torch.ones(size, size, device=device, dtype=getattr(torch, PRECISIONS[precision]))
    return 2 * size**3 / _timed(lambda: float((a @ a)[0, 0]), steps, torch.device(device))


def _timed(work: Callable[[], object], steps: int, device: torch.device) -> float:
    """Median seconds of `work`, whose returned number waits for the device; core-seconds on a CPU."""
    clock = time.process_time if device.type == "cpu" else time.perf_counter
    seconds = []
    for _ in range(WARM_UP + steps):
        began = clock()
        work()
        seconds.append(clock() - began)
    return max(float(np.median(seconds[WARM_UP:])), time.get_clock_info("process_time").resolution)


def _counted(work: Callable[[], object]) -> float:
    with FlopCounterMode(display=False) as counter:
        work()
    return float(counter.get_total_flops())


def _evaluations(settings: RunSettings) -> int:
    """How often the sampler of the settings asks for the score, counted on one point."""
    calls = 0

    def score(x: np.ndarray, t: float) -> np.ndarray:
        nonlocal calls
        calls += 1
        return -x

    chosen, delta = settings.sampler, settings.loop.schedule()[0][1]
    times = samplers.time_grid(chosen.T, delta, chosen.steps, chosen.spacing)
    getattr(samplers, chosen.name)(score, np.zeros((1, 1)), times, np.random.default_rng(0))
    return calls
