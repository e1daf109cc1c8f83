"""The learned recursion: train, sample, mix with real data, train again; one record a round, resumable."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from accelerate.utils import gather_object
from torch import Tensor
from tqdm.auto import tqdm

import echolimit.samplers as samplers
from echolimit.learning.checkpoints import list_checkpoints, load_checkpoint, load_latest_checkpoint, save_checkpoint
from echolimit.learning.devices import make_accelerator, share_of_batch
from echolimit.learning.lock import RunLock
from echolimit.learning.networks import ScoreModel, make_model
from echolimit.learning.records import RecordLog, provenance, write_json
from echolimit.learning.settings import RunSettings
from echolimit.learning.sources import Source, array_source, law_source, open_source
from echolimit.learning.training import RoundTraining, generator


@dataclass(frozen=True)
class RoundRecord:
    """What round `number` of a learned loop left.

    samples (n, d): draws of its model, float32 on the CPU; images flattened.  model: its score network, averaged.
    alpha, delta: of the round.  loss: mean over its last logged steps.  images_per_second: of training.
    seconds: of training and sampling, over all sittings.
    """

    number: int
    alpha: float
    delta: float
    samples: Tensor
    model: ScoreModel
    loss: float
    images_per_second: float
    seconds: float


def learned_recursion(
    data: Any = None, settings: RunSettings | None = None, folder: str | Path | None = None, progress: bool = True
) -> Iterator[RoundRecord]:
    """Run the loop  p_i -> q_i = alpha p* + (1 - alpha) p_i -> p_{i+1} = P_delta q_i  with a trained score network.

    Each round trains on q_i (a batch point is real with probability alpha, else one of the last model's samples),
    samples its reverse time down to delta, and yields a `RoundRecord`; p_0 = p*.  The exact law of round i is
    `echolimit.round_law(target, i, alpha, delta)`.

    data: a law (anything with `dimension` and `sample(n, rng)`: new real draws each round), an array (n, d) or
    (n, c, h, w) (a finite set, reused), or None for what settings.data names.
    settings: `RunSettings`.  folder: of the run, or None to keep nothing.  A run killed at any moment goes on from
    its last checkpoint in the folder and, on a CPU, ends bit for bit as if it had not been killed.  progress: show
    a bar with the time left.  Started by torchrun, all processes take part and rank 0 writes.
    Raises ValueError, before any work, for settings or data out of range, a folder of another run, or a launch in
    which the processes do not see each other; RunLockedError if another process writes to the folder.
    Chapter 10; the loop is that of chapter 2.
    """
    settings = settings or RunSettings()
    if not isinstance(settings, RunSettings):
        raise TypeError(f"settings must be a RunSettings, got {type(settings).__name__}: RunSettings.from_toml(path)")
    source = _source(data, settings)
    accelerator = make_accelerator(settings.training.precision)
    share_of_batch(settings.training.batch, accelerator.num_processes, accelerator.process_index)
    make_model(settings.network, source.shape, settings.training.precision, 0)  # a misfit is found before any work
    return _rounds(source, settings, None if folder is None else Path(folder), accelerator, progress)


def load_round(folder: str | Path, number: int) -> RoundRecord:
    """A finished round of a run folder, verified by its digests.  Raises CheckpointError if damaged or missing."""
    tensors, meta, _ = load_checkpoint(Path(folder) / "rounds" / f"step-{number:010d}")
    settings = RunSettings.from_dict(meta["settings"])
    model = make_model(settings.network, tuple(meta["shape"]), "no", settings.seed)
    model.load_state_dict({key[6:]: value for key, value in tensors.items() if key.startswith("model.")})
    return RoundRecord(number, *settings.loop.schedule()[number - 1], tensors["samples"], model.eval(), **meta["record"])


def finished_rounds(folder: str | Path) -> list[int]:
    """The numbers of the finished rounds of a run folder."""
    return [int(path.name.removeprefix("step-")) for path in list_checkpoints(Path(folder) / "rounds")]


def draw_samples(model: ScoreModel, n: int, delta: float, settings: RunSettings, number: int, accelerator: Any) -> Tensor:
    """n draws (n, d) of a model by the sampler of the settings, stopped at delta; a function of (seed, round, model)."""
    chosen = settings.sampler
    times = samplers.time_grid(chosen.T, delta, chosen.steps, chosen.spacing)
    step = getattr(samplers, chosen.name)
    drawn: list[tuple[int, Tensor]] = []
    for block in range(-(-n // chosen.block)):
        if block % accelerator.num_processes != accelerator.process_index:
            continue
        rng = generator("sample", settings.seed, number, block)
        start = model.start(min(chosen.block, n - block * chosen.block), chosen.T, rng)
        noise = torch.Generator(start.device).manual_seed(rng.initial_seed())
        drawn.append((block, step(model.score, start, times, noise).cpu()))
    if accelerator.num_processes > 1:
        drawn = gather_object(drawn)
    return torch.cat([rows for _, rows in sorted(drawn, key=lambda pair: pair[0])])


def _source(data: Any, settings: RunSettings) -> Source:
    if data is None:
        return open_source(settings.data)
    if isinstance(data, Source):
        return data
    if hasattr(data, "sample"):
        return law_source(data, count=settings.data.count or 20_000)
    return array_source(data)


def _rounds(
    source: Source, settings: RunSettings, folder: Path | None, accelerator: Any, progress: bool
) -> Iterator[RoundRecord]:
    if settings.training.threads and accelerator.device.type == "cpu":
        torch.set_num_threads(settings.training.threads)
    keeper = _Keeper(source, settings, folder, accelerator)
    with keeper:
        record: RoundRecord | None = None
        for number, (alpha, delta) in enumerate(settings.loop.schedule(), start=1):
            if number in keeper.done:
                record = load_round(keeper.root, number)
                yield record
                continue
            if number == 1 and settings.loop.first_round:
                record = take_over(settings, source)
                keeper.finish(record)
                yield record
                continue
            record = _one_round(source, settings, accelerator, keeper, record, number, (alpha, delta), progress)
            yield record


def _one_round(
    source: Source,
    settings: RunSettings,
    accelerator: Any,
    keeper: _Keeper,
    before: RoundRecord | None,
    number: int,
    pair: tuple[float, float],
    progress: bool,
) -> RoundRecord:
    began, every = time.perf_counter(), settings.training.log_every
    precision = settings.training.precision
    model = make_model(settings.network, source.shape, precision, generator("weights", settings.seed).initial_seed())
    if before is not None:
        model.load_state_dict(before.model.state_dict())
    synthetic = None if before is None else before.samples
    training = RoundTraining(model, accelerator, settings, number, source.draw(settings.seed, number), synthetic)
    earlier = keeper.restore(training)
    total, trained, loss = torch.zeros((), device=accelerator.device), 0.0, float("nan")
    bar = tqdm(
        total=training.steps, initial=training.step, unit="step", desc=f"round {number} of {settings.loop.rounds}",
        disable=not (progress and accelerator.is_main_process),
    )  # fmt: skip
    start = time.perf_counter()
    first = training.step
    while training.step < training.steps:
        total += training.advance()
        bar.update()
        if training.step % every and training.step < training.steps:
            continue
        loss = float(accelerator.reduce(total, "mean")) / ((training.step - 1) % every + 1)
        total.zero_()
        trained = time.perf_counter() - start
        speed = settings.training.batch * (training.step - first) / trained
        bar.set_postfix(loss=f"{loss:.4f}")
        keeper.log({"event": "step", "round": number, "step": training.step, "steps": training.steps, "loss": loss,
                    "images_per_second": round(speed, 1)})  # fmt: skip
        if training.step % settings.training.checkpoint_every == 0:
            keeper.save(training, earlier + time.perf_counter() - began, loss)
    bar.close()
    if training.step == first:  # killed while sampling
        loss, speed = keeper.loss, 0.0
    keeper.save(training, earlier + time.perf_counter() - began, loss)
    model = training.result()
    samples = draw_samples(model, settings.loop.samples, pair[1], settings, number, accelerator)
    seconds = earlier + time.perf_counter() - began
    record = RoundRecord(number, *pair, samples, model, loss, speed, seconds)
    keeper.finish(record)
    return record


def take_over(settings: RunSettings, source: Source) -> RoundRecord:
    """The first round of the run in settings.loop.first_round.  ValueError if it is not the one to be trained here."""
    other = Path(settings.loop.first_round)
    if 1 not in finished_rounds(other):
        raise ValueError(f"loop.first_round must hold a finished first round, got {str(other)!r}: run it first")
    theirs, held = _read_settings(other)
    for part, ours in _first_round(settings).items():
        if ours != _first_round(theirs)[part]:
            raise ValueError(f"loop.first_round = {str(other)!r} was run with another {part}: train the round anew")
    if held != source.digest:
        raise ValueError(f"loop.first_round = {str(other)!r} was trained on other data: train the round anew")
    return replace(load_round(other, 1), alpha=settings.loop.schedule()[0][0])


def _first_round(settings: RunSettings) -> dict[str, Any]:
    """The settings that a first round depends on."""
    training = replace(settings.training, steps=settings.training.steps_of(1), checkpoint_every=1, log_every=1)
    return {"seed": settings.seed, "network": settings.network, "sampler": settings.sampler, "training": training,
            "delta": settings.loop.schedule()[0][1], "number of samples": settings.loop.samples}  # fmt: skip


def _read_settings(folder: Path) -> tuple[RunSettings, str]:
    """Settings of a run folder and the digest of its data."""
    held = json.loads((folder / "settings.json").read_text())
    return RunSettings.from_dict(held["settings"]), held["data"]["digest"]


def _identity(held: dict[str, Any]) -> tuple[str, str]:
    return held["digest"], held["data"]["digest"]


class _Keeper:
    """The folder of a run: lock, settings, log, checkpoints, finished rounds; does nothing without a folder."""

    def __init__(self, source: Source, settings: RunSettings, folder: Path | None, accelerator: Any) -> None:
        self.source, self.settings, self.accelerator = source, settings, accelerator
        self.root, self.kept, self.loss = folder or Path(), folder is not None, float("nan")
        self.writes = self.kept and accelerator.is_main_process
        self.done: list[int] = []

    def __enter__(self) -> _Keeper:
        if not self.kept:
            return self
        self._lock, self._log = RunLock(self.root), RecordLog(self.root / "log.jsonl")
        if self.writes:
            self._lock.acquire()
            self._claim()
        self.accelerator.wait_for_everyone()
        self.done = finished_rounds(self.root)
        return self

    def __exit__(self, *_: object) -> None:
        if self.writes:
            self._log.close()
            self._lock.release()

    def log(self, entry: dict[str, Any]) -> None:
        if self.writes:
            self._log.append(entry)

    def save(self, training: RoundTraining, seconds: float, loss: float) -> None:
        """A checkpoint of the round under way, and where the log stands."""
        if not self.writes:
            return
        tensors, meta = training.state()
        meta |= {"seconds": seconds, "loss": loss, "log": self._log.position()}
        before = sum(self.settings.training.steps_of(k) for k in range(1, training.number))
        save_checkpoint(self.root / "checkpoints", before + training.step, tensors, meta)

    def restore(self, training: RoundTraining) -> float:
        """Go on from the last whole checkpoint, if it is of this round; returns the seconds spent before."""
        if not self.kept:
            return 0.0
        self.accelerator.wait_for_everyone()
        found = load_latest_checkpoint(self.root / "checkpoints")
        seconds = 0.0
        if found is not None and found[1]["round"] == training.number:
            tensors, meta, _ = found
            training.load(tensors, meta)
            seconds, self.loss, position = meta["seconds"], meta["loss"], meta["log"]
        elif self.done_before(training.number):
            position = load_checkpoint(self.root / "rounds" / f"step-{training.number - 1:010d}")[1]["log"]
        else:
            position = 0
        if self.writes:
            self._log.rewind(position)
        return seconds

    def done_before(self, number: int) -> bool:
        return number > 1

    def finish(self, record: RoundRecord) -> None:
        """Keep the samples and the model of a finished round, then say so in the log."""
        if not self.writes:
            return
        numbers = {"loss": record.loss, "images_per_second": record.images_per_second, "seconds": record.seconds}
        origin = provenance(record.seconds, self.accelerator.num_processes, self.accelerator.device)
        self.log({"event": "round", "round": record.number, "alpha": record.alpha, "delta": record.delta, **numbers,
                  "samples": len(record.samples), "provenance": origin})  # fmt: skip
        tensors = {"samples": record.samples} | {f"model.{k}": v.cpu() for k, v in record.model.state_dict().items()}
        meta = {"settings": self.settings.as_dict(), "shape": list(self.source.shape), "record": numbers,
                "log": self._log.position()}  # fmt: skip
        save_checkpoint(self.root / "rounds", record.number, tensors, meta, keep=self.settings.loop.rounds)

    def _claim(self) -> None:
        """Write the settings of a new run, or refuse the folder of another one."""
        path = self.root / "settings.json"
        mine = {
            "settings": self.settings.as_dict(),
            "digest": self.settings.digest(),
            "data": {"name": self.source.name, "provenance": self.source.provenance, "digest": self.source.digest},
        }
        if not path.exists():
            write_json(path, mine)
        elif _identity(json.loads(path.read_text())) != _identity(mine):
            raise ValueError(
                f"folder {self.root} holds another run (other settings or data, see {path}): take another folder"
            )
