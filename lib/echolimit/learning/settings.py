"""What a run of the learned recursion is made of: frozen settings, checked when they are made, read from TOML."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import typing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from echolimit._checks import (
    check_choice,
    check_count,
    check_number,
    check_positive,
    check_schedule,
)
from echolimit.learning._entries import read_table, read_toml
from echolimit.process import delta_to_sigma

Steps = int | tuple[int, ...]
PRECISIONS = {"no": "float32", "bf16": "bfloat16", "fp16": "float16"}  # torch's names
SAMPLERS = ("euler_maruyama", "exponential_integrator", "ancestral", "ddim", "heun", "dpmpp_2m")


@dataclass(frozen=True)
class DataSettings:
    """The real data.

    name: "plane", "ten", "ring" (laws: new real draws each round), or anything `echolimit.images.load_images` takes:
    "cifar10", "digits", "patches", a folder or a zip.  split: of images.  resolution: side to which images are averaged
    down, None for their own.  count: real points a round (laws) or the first images of the set; 0 for 20,000 points, or
    all images.
    """

    name: str = "plane"
    split: str = "train"
    resolution: int | None = None
    count: int = 0

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name:
            raise ValueError(f"data.name must be a name or a path, got {self.name!r}: for example 'plane' or 'cifar10'")
        check_choice(self.split, "data.split", ("train", "test"))
        if self.resolution is not None:
            check_count(self.resolution, "data.resolution", least=4)
        check_count(self.count, "data.count")


@dataclass(frozen=True)
class LoopSettings:
    """The loop: `rounds` >= 1 rounds, in round i a share alpha of fresh data and truncation at delta.

    alpha in [0, 1], delta > 0: numbers, or one entry a round.  samples: draws of each round's model, the synthetic part
    of the next training set.  first_round: folder of another run whose first round is taken over instead of trained
    again; data, seed, network, sampler, first delta and steps must be the same (the first round has no alpha yet).
    """

    alpha: float | tuple[float, ...] = 0.5
    delta: float | tuple[float, ...] = 0.1
    rounds: int = 4
    samples: int = 10_000
    first_round: str = ""

    def __post_init__(self) -> None:
        rounds = check_count(self.rounds, "loop.rounds", least=1, most=1000)
        for name in ("alpha", "delta"):
            check_schedule(getattr(self, name), name, rounds)
        check_count(self.samples, "loop.samples", least=2)
        if not isinstance(self.first_round, str):
            raise ValueError(f"loop.first_round must be the folder of a run or '', got {self.first_round!r}")

    def schedule(self) -> list[tuple[float, float]]:
        """(alpha_i, delta_i) of each round."""
        pairs = (check_schedule(getattr(self, name), name, self.rounds) for name in ("alpha", "delta"))
        return [(float(a), float(d)) for a, d in zip(*pairs, strict=True)]


@dataclass(frozen=True)
class NetworkSettings:
    """The network: "mlp" for vectors, "unet" for images (`diffusers.UNet2DModel`).

    width: units of each hidden layer, or channels of the U-Net's finest level (a multiple of 8).  depth: hidden layers
    of the MLP; levels of the U-Net.  patch: side of the pixel blocks that the U-Net takes as one site with more
    channels.  preconditioning: "scalar" or "covariance", see `echolimit.learning.networks.ScoreModel`.
    """

    kind: str = "mlp"
    width: int = 96
    depth: int = 3
    patch: int = 1
    preconditioning: str = "scalar"

    def __post_init__(self) -> None:
        check_choice(self.kind, "network.kind", ("mlp", "unet"))
        width = check_count(self.width, "network.width", least=1)
        if self.kind == "unet" and width % 8:
            raise ValueError(f"network.width must be a multiple of 8 for a U-Net, got {width}: its norms have 8 groups")
        check_count(self.depth, "network.depth", least=1, most=8)
        check_count(self.patch, "network.patch", least=1)
        check_choice(self.preconditioning, "network.preconditioning", ("scalar", "covariance"))


@dataclass(frozen=True)
class TrainingSettings:
    """The training of each round, warm-started from the round before.

    steps: optimiser steps, a number or a pair (first round, each later round).  batch: points a step over all
    processes.  learning_rate: peak of a cosine schedule with a short rise.  averaging: share in (0, 1] of a round's
    steps over which the weights are averaged (exponentially).  exact_from: noise level sigma from which on the target
    is the posterior mean over the whole training set, not one of its points (the same solution, less variance, a pass
    over the set a step); 0 for nowhere.  precision: "no" (float32), "bf16", "fp16".
    checkpoint_every, log_every: steps; the first a multiple of the second.  threads: of torch on a CPU, 0 for torch's
    own choice; bits depend on it.
    """

    steps: int | tuple[int, ...] = 1000
    batch: int = 256
    learning_rate: float = 1e-3
    averaging: float = 0.1
    exact_from: float = 0.0
    precision: str = "no"
    checkpoint_every: int = 200
    log_every: int = 50
    threads: int = 0

    def __post_init__(self) -> None:
        for count in self.steps if isinstance(self.steps, tuple) else (self.steps,):
            check_count(count, "training.steps", least=1)
        if isinstance(self.steps, tuple) and len(self.steps) != 2:
            raise ValueError(f"training.steps must be a number or a pair [first, later rounds], got {self.steps}")
        check_count(self.batch, "training.batch", least=1)
        check_positive(self.learning_rate, "training.learning_rate")
        if not 0 < check_number(self.averaging, "training.averaging") <= 1:
            raise ValueError(f"training.averaging must be in (0, 1], got {self.averaging}: a share of a round's steps")
        if check_number(self.exact_from, "training.exact_from") < 0:
            raise ValueError(f"training.exact_from must be a noise level, or 0 for nowhere, got {self.exact_from}")
        check_choice(self.precision, "training.precision", tuple(PRECISIONS))
        logs = check_count(self.log_every, "training.log_every", least=1)
        if check_count(self.checkpoint_every, "training.checkpoint_every", least=1) % logs:
            raise ValueError(
                f"training.checkpoint_every must be a multiple of log_every = {logs}, got {self.checkpoint_every}: "
                "a resumed run then writes the same lines"
            )
        check_count(self.threads, "training.threads")

    def steps_of(self, round_number: int) -> int:
        """Optimiser steps of round 1, 2, ..."""
        return self.steps[min(round_number, 2) - 1] if isinstance(self.steps, tuple) else self.steps


@dataclass(frozen=True)
class SamplerSettings:
    """How a model is drawn from: a sampler of `echolimit.samplers`, its steps, the start time T, rows a block.

    The start is a normal law with the mean of P_T q_i and its covariance as the preconditioning knows it: with
    "covariance" a T of 2.5 loses only what is not Gaussian at that time; with "scalar" take T = 4 where the variances
    of the data differ much, as those of images do.  block: rows drawn together; each block has its own seed.
    """

    name: str = "dpmpp_2m"
    steps: int = 20
    T: float = 2.5
    spacing: str = "log_snr"
    block: int = 500

    def __post_init__(self) -> None:
        check_choice(self.name, "sampler.name", SAMPLERS)
        check_count(self.steps, "sampler.steps", least=1)
        check_positive(self.T, "sampler.T")
        check_choice(self.spacing, "sampler.spacing", ("uniform", "geometric", "log_snr", "karras"))
        check_count(self.block, "sampler.block", least=1)


@dataclass(frozen=True)
class RunSettings:
    """All settings of one run.  Raises ValueError or TypeError, naming the entry, if one is out of range."""

    name: str = "run"
    seed: int = 0
    data: DataSettings = field(default_factory=DataSettings)
    loop: LoopSettings = field(default_factory=LoopSettings)
    network: NetworkSettings = field(default_factory=NetworkSettings)
    training: TrainingSettings = field(default_factory=TrainingSettings)
    sampler: SamplerSettings = field(default_factory=SamplerSettings)

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name.replace("-", "").replace("_", "").replace(".", "").isalnum():
            raise ValueError(f"name must be letters, digits, '-', '_' and '.', got {self.name!r}: it names a folder")
        check_count(self.seed, "seed")
        for table, kind in typing.get_type_hints(RunSettings).items():
            if dataclasses.is_dataclass(kind) and type(getattr(self, table)) is not kind:
                raise TypeError(f"{table} must be {kind}, got {getattr(self, table)!r}: see RunSettings.from_dict")
        latest = max(delta for _, delta in self.loop.schedule())
        if delta_to_sigma(self.sampler.T) <= 1.5 * delta_to_sigma(latest):
            raise ValueError(
                f"sampler.T must lie well above every delta, got {self.sampler.T} with a delta of {latest}: "
                "sampling runs from T down to delta"
            )

    @classmethod
    def from_dict(cls, entries: dict[str, Any]) -> RunSettings:
        """Settings from nested dictionaries; an unknown entry is an error that lists the known ones."""
        return read_table(cls, entries)

    @classmethod
    def from_toml(cls, path: str | Path) -> RunSettings:
        """Settings from a TOML file: name and seed, and the tables data, loop, network, training, sampler."""
        return cls.from_dict(read_toml(path))

    def as_dict(self) -> dict[str, Any]:
        """Nested dictionaries with lists for tuples, ready for JSON."""
        return json.loads(json.dumps(dataclasses.asdict(self)))

    def digest(self) -> str:
        """sha256 of the settings in canonical JSON: two runs with one digest are one run."""
        return hashlib.sha256(json.dumps(self.as_dict(), sort_keys=True).encode()).hexdigest()
