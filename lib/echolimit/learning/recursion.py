"""The learned recursion: train, sample, mix with real data, train again; one record a round, resumable."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from accelerate.utils import gather_object
from torch import Tensor
from tqdm.auto import tqdm

import echolimit.samplers as samplers
from echolimit.learning.devices import make_accelerator, share_of_batch
from echolimit.learning.keeping import Keeper, RoundRecord, check_first_round, finished_rounds, load_round, take_over
from echolimit.learning.networks import ScoreModel, make_model
from echolimit.learning.settings import RunSettings
from echolimit.learning.sources import LAW_POINTS, Source, array_source, law_source, open_source
from echolimit.learning.training import RoundTraining, generator


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
    Raises ValueError or RuntimeError, before any work, for settings or data out of range, a folder of another run, or a
    launch in which the processes do not see each other; RunLockedError if another process writes to the folder.
    Chapter 10; the loop is that of chapter 2.
    """
    settings = settings or RunSettings()
    if not isinstance(settings, RunSettings):
        raise TypeError(f"settings must be a RunSettings, got {type(settings).__name__}: RunSettings.from_toml(path)")
    source = _source(data, settings)
    accelerator = make_accelerator(settings.training.precision)
    share_of_batch(settings.training.batch, accelerator.num_processes, accelerator.process_index)
    make_model(settings.network, source.shape, settings.training.precision, 0)  # a misfit is found before any work
    place = None if folder is None else Path(folder)
    if settings.loop.first_round and (place is None or 1 not in finished_rounds(place)):
        check_first_round(settings, source)
    keeper = Keeper(source, settings, place, accelerator)
    return _rounds(source, settings, keeper, progress)


def draw_samples(
    model: ScoreModel, n: int, delta: float, settings: RunSettings, number: int, accelerator: Any
) -> Tensor:
    """n draws (n, d) of a model by the settings' sampler, stopped at delta: a function of seed, round and model."""
    chosen = settings.sampler
    times = samplers.time_grid(chosen.T, delta, chosen.steps, chosen.spacing)
    sampler = getattr(samplers, chosen.name)
    drawn: list[tuple[int, Tensor]] = []
    for block in range(accelerator.process_index, -(-n // chosen.block), accelerator.num_processes):
        rng = generator("sample", settings.seed, number, block)
        start = model.start(min(chosen.block, n - block * chosen.block), chosen.T, rng)
        noise = torch.Generator(start.device).manual_seed(rng.initial_seed())
        drawn.append((block, sampler(model.score, start, times, noise).cpu()))
    if accelerator.num_processes > 1:
        drawn = gather_object(drawn)
    return torch.cat([rows for _, rows in sorted(drawn, key=lambda pair: pair[0])])


def _source(data: Any, settings: RunSettings) -> Source:
    if data is None:
        return open_source(settings.data)
    if isinstance(data, Source):
        return data
    if hasattr(data, "sample"):
        return law_source(data, count=settings.data.count or LAW_POINTS)
    return array_source(data)


def _rounds(source: Source, settings: RunSettings, keeper: Keeper, progress: bool) -> Iterator[RoundRecord]:
    if settings.training.threads and keeper.accelerator.device.type == "cpu":
        torch.set_num_threads(settings.training.threads)
    record: RoundRecord | None = None
    with keeper:
        for number in range(1, settings.loop.rounds + 1):
            if number in keeper.done:
                record = load_round(keeper.root, number)
            elif number == 1 and settings.loop.first_round:
                record = take_over(settings, source)
                keeper.finish(record)
            else:
                record = _one_round(source, settings, keeper, record, number, progress)
            yield record


def _one_round(
    source: Source, settings: RunSettings, keeper: Keeper, before: RoundRecord | None, number: int, progress: bool
) -> RoundRecord:
    began, accelerator = time.perf_counter(), keeper.accelerator
    weights = generator("weights", settings.seed).initial_seed()
    model = make_model(settings.network, source.shape, settings.training.precision, weights)
    if before is not None:
        model.load_state_dict(before.model.state_dict())
    synthetic = None if before is None else before.samples
    training = RoundTraining(model, accelerator, settings, number, source.draw(settings.seed, number), synthetic)
    state = keeper.restore(training)
    earlier = state["seconds"]
    loss, speed = _train(training, settings, keeper, state, lambda: earlier + time.perf_counter() - began, progress)
    alpha, delta = settings.loop.schedule()[number - 1]
    samples = draw_samples(training.result(), settings.loop.samples, delta, settings, number, accelerator)
    seconds = earlier + time.perf_counter() - began
    record = RoundRecord(number, alpha, delta, samples, training.result(), loss, speed, seconds)
    keeper.finish(record)
    return record


def _train(
    training: RoundTraining, settings: RunSettings, keeper: Keeper, state: dict[str, Any], clock: Any, progress: bool
) -> tuple[float, float]:
    """All steps of a round that are left; returns the last logged loss, and points a second."""
    accelerator, every = keeper.accelerator, settings.training.log_every
    loss, speed = state["loss"], state["images_per_second"]
    total, first, start = torch.zeros((), device=accelerator.device), training.step, time.perf_counter()
    title = f"round {training.number} of {settings.loop.rounds}"
    shown = progress and accelerator.is_main_process
    with tqdm(total=training.steps, initial=first, unit="step", desc=title, disable=not shown) as bar:
        while training.step < training.steps:
            total += training.advance()
            bar.update()
            last = training.step == training.steps
            if training.step % every and not last:
                continue
            loss = float(accelerator.reduce(total, "mean")) / ((training.step - 1) % every + 1)
            total.zero_()
            speed = settings.training.batch * (training.step - first) / (time.perf_counter() - start)
            bar.set_postfix(loss=f"{loss:.4f}")
            keeper.log({"event": "step", "round": training.number, "step": training.step, "steps": training.steps,
                        "loss": loss, "images_per_second": round(speed, 1)})  # fmt: skip
            if last or training.step % settings.training.checkpoint_every == 0:
                keeper.save(training, clock(), loss, speed)
    return loss, speed
