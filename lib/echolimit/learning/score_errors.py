"""Score errors of a finished run, by round: path energy and observability against references that one can have."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor
from tqdm.auto import tqdm

from echolimit._checks import check_count
from echolimit.cloud import PointCloud
from echolimit.learning._held_out import NEW_SEED, flat_rows, mixed_rows, new_draws
from echolimit.learning._targets import training_points
from echolimit.learning.devices import make_accelerator
from echolimit.learning.energy import energy_gap, path_energy
from echolimit.learning.keeping import load_round, read_claim
from echolimit.learning.networks import ScoreModel, make_model
from echolimit.learning.observability import observe_paths, observe_sampler
from echolimit.learning.records import provenance as records_provenance
from echolimit.learning.records import write_json
from echolimit.learning.runs import Run, open_data, read_run
from echolimit.learning.settings import RunSettings
from echolimit.learning.sources import open_held_out
from echolimit.learning.training import RoundTraining
from echolimit.process import OrnsteinUhlenbeck
from echolimit.recursion import score_of
from echolimit.samplers import time_grid


def measure_round(
    folder: str | Path,
    number: int,
    real: Any,
    held_out: Any,
    *,
    reference_steps: int = 2000,
    ends: int = 400,
    steps: int = 32,
    branches: int = 2,
    memoriser: bool = True,
    progress: bool = True,
) -> dict[str, Any]:
    """Path energy and observability of the score error of round `number` of a run, as a dictionary for JSON.

    The round's training law is q = alpha p* + (1 - alpha) p, p the law that the model of the round before draws from.
    Its true score is not known.  What stands in for it:

    "normal": `normal_gap` is the energy of the normal law that the network's preconditioning starts from, minus that of
    the network, on rows that it has not seen: what the network has learned, the scale for its error.
    "longer": the round's network, trained on for `reference_steps` (0: left out) on the points of its round.
    `gap` is the energy of the network minus that of the longer trained one, on rows that neither has seen: an unbiased
    lower bound of the true energy.  `pair` is the energy of one against the other; were the longer trained one perfect,
    both would agree.  `observability` is that of the pair, a lower bound by regression, and `twin` the estimate by
    forward branches, along the ancestral sampler that runs with the longer trained score.
    "memoriser" (if asked for): the exact score of the points that the round was trained on, real and synthetic.  It
    returns those points again, so the energy is how far the network is from memory, not how wrong it is.

    folder, number: of a finished round.  real: the real rows (n, d) or images that the run was trained on; held_out:
    real rows that it was not.  ends: paths.  steps: cells of time.  branches: paths from an end, >= 2.
    Raises ValueError for a round that needs one before it and has none, CheckpointError for a damaged one.
    Chapter 11, section on paper P1.
    """
    check_count(reference_steps, "reference_steps")
    check_count(branches, "branches", least=2)
    began, folder = time.perf_counter(), Path(folder)
    settings, _ = read_claim(folder)
    if settings.training.threads:
        torch.set_num_threads(settings.training.threads)
    record, before = load_round(folder, number), load_round(folder, number - 1) if number > 1 else None
    alpha = record.alpha if before else 1.0
    real, held_out = flat_rows(real), flat_rows(held_out)
    synthetic = None if before is None else before.samples
    unseen = None if before is None else new_draws(before, ends, settings)
    device = make_accelerator(settings.training.precision).device
    choice, rng = (torch.Generator(place).manual_seed(settings.seed + NEW_SEED) for place in ("cpu", device))
    rows = mixed_rows(held_out, unseen, alpha, ends, choice).to(device)
    task = _Task(
        record.model.to(device), settings.sampler.T, record.delta, steps, branches, settings.sampler.block, rng
    )
    result: dict[str, Any] = {
        "round": number, "alpha": record.alpha, "delta": record.delta, "T": task.T, "ends": ends, "cells": steps,
        "branches": branches, "reference_steps": reference_steps,
    }  # fmt: skip
    result |= _against_normal(task, rows)
    if reference_steps:
        model = make_model(settings.network, _shape_of(record.model), settings.training.precision, 0)
        model.load_state_dict(record.model.state_dict())
        longer = _trained_on(model, settings, number, real, synthetic, reference_steps, progress).to(device)
        result |= _against_longer(task, longer, rows)
    if memoriser:
        points, weights = (
            None if part is None else part.to(device) for part in training_points(real, synthetic, alpha)
        )
        own = mixed_rows(real, synthetic, alpha, ends, choice).to(device)
        result |= _against_memory(task, PointCloud(points, weights), own)
    return result | {"seconds": round(time.perf_counter() - began, 1)}


class _Task(NamedTuple):
    """The score to be measured, and how."""

    model: ScoreModel
    T: float
    delta: float
    steps: int
    branches: int
    block: int
    rng: torch.Generator


def _against_normal(task: _Task, rows: Tensor) -> dict[str, Any]:
    model = task.model
    found = energy_gap(
        model.normal_score, model.score, rows, task.T, task.delta, task.rng, steps=task.steps, rows=task.block
    )
    return {"normal_gap": found.energy, "normal_gap_error": found.standard_error}


def _against_longer(task: _Task, longer: ScoreModel, rows: Tensor) -> dict[str, Any]:
    scores, span = (task.model.score, longer.score), (task.T, task.delta)
    shared: dict[str, Any] = {"steps": task.steps, "rows": task.block}
    gap = energy_gap(*scores, rows, *span, task.rng, **shared)
    pair = path_energy(*scores, rows, *span, task.rng, **shared)
    start, times = OrnsteinUhlenbeck().perturb(rows, task.T, task.rng), time_grid(*span, task.steps)
    seen = observe_sampler(
        *scores, start, times, task.rng, sampler="ancestral", branches=task.branches, rows=task.block
    )
    return {
        "gap": gap.energy, "gap_error": gap.standard_error,
        "pair": pair.energy, "pair_error": pair.standard_error,
        "chain": seen.energy, "chain_error": seen.energy_error,
        "observability": seen.observability, "observability_error": seen.observability_error,
        "twin": seen.twin, "twin_error": seen.twin_error,
        "times": gap.times.tolist(), "gap_rate": gap.rate.tolist(), "gap_rate_error": gap.rate_error.tolist(),
        "pair_rate": pair.rate.tolist(),
    }  # fmt: skip


def _against_memory(task: _Task, cloud: PointCloud, rows: Tensor) -> dict[str, Any]:
    found = observe_paths(
        task.model.score, score_of(cloud), rows, task.T, task.delta, task.rng,
        steps=task.steps, branches=task.branches, rows=task.block,
    )  # fmt: skip
    return {
        "memoriser": found.energy, "memoriser_error": found.energy_error,
        "memoriser_observability": found.observability,
        "memoriser_observability_error": found.observability_error,
    }  # fmt: skip


def _trained_on(
    model: ScoreModel,
    settings: RunSettings,
    number: int,
    real: Tensor,
    synthetic: Tensor | None,
    steps: int,
    progress: bool,
) -> ScoreModel:
    """The model, trained for `steps` more."""
    longer = replace(settings, seed=settings.seed + NEW_SEED, training=replace(settings.training, steps=steps))
    training = RoundTraining(model, make_accelerator(settings.training.precision), longer, number, real, synthetic)
    for _ in tqdm(range(steps), unit="step", desc=f"reference of round {number}", disable=not progress):
        training.advance()
    longer_trained = training.result()
    longer_trained.precision = "no"  # measured in float32, as rounds are loaded
    return longer_trained


def _shape_of(model: ScoreModel) -> tuple[int, ...]:
    return tuple(getattr(model.network, "shape", None) or (len(model.mean),))


def main(arguments: Sequence[str] | None = None) -> int:
    """python -m echolimit.learning.score_errors FOLDER ... --rounds 2 --to FILE.json"""
    parser = argparse.ArgumentParser(prog="python -m echolimit.learning.score_errors", description=__doc__)
    parser.add_argument("folders", nargs="+", help="folders of finished runs")
    parser.add_argument("--rounds", type=int, nargs="+", default=[1], help="which rounds (default: 1)")
    parser.add_argument("--reference-steps", type=int, default=2000, help="further training of the reference")
    parser.add_argument("--ends", type=int, default=400, help="paths (default: 400)")
    parser.add_argument("--steps", type=int, default=32, help="cells of time (default: 32)")
    parser.add_argument("--branches", type=int, default=2, help="paths from an end (default: 2)")
    parser.add_argument("--data", help="where the images are, if not where the settings say")
    parser.add_argument("--to", required=True, help="the JSON file to write; rows that it holds are kept")
    words = list(sys.argv[1:] if arguments is None else arguments)
    options, command = parser.parse_args(words), " ".join([parser.prog, *words])
    try:
        _measure(options, command)
    except (ValueError, TypeError, OSError, RuntimeError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def _measure(options: argparse.Namespace, command: str) -> None:
    """Add the rows that are missing to the record; all runs, rounds and their data are looked at first."""
    target = Path(options.to)
    rows = _kept_rows(target)
    runs = [read_run(folder) for folder in options.folders]
    for run in runs:
        lacking = sorted(set(options.rounds) - set(run.finished))
        if lacking:
            raise ValueError(f"--rounds must be finished ones of {run.folder}, {run.finished}, got {lacking[0]}")
    for run in runs:
        name = run.settings.name
        left = [k for k in options.rounds if (name, k) not in {(row["run"], row["round"]) for row in rows}]
        if not left:
            continue
        real, held_out, provenance = _data(run, options.data)
        for number in left:
            row = measure_round(
                run.folder, number, real, held_out, reference_steps=options.reference_steps, ends=options.ends,
                steps=options.steps, branches=options.branches,
            )  # fmt: skip
            rows.append({"run": name, "data": provenance} | row)
            spent = sum(row["seconds"] for row in rows)
            write_json(target, {"command": command, "provenance": records_provenance(spent), "rows": rows})


def _kept_rows(target: Path) -> list[dict[str, Any]]:
    if not target.is_file():
        return []
    try:
        return list(json.loads(target.read_text(encoding="utf-8"))["rows"])
    except (ValueError, KeyError, TypeError):
        raise ValueError(f"--to {target} holds no rows of this command: restore it or name another file") from None


def _data(run: Run, place: str | None) -> tuple[Tensor, Tensor, str]:
    """Rows that the run was trained on and others that are held out: the other split, or new draws of a law."""
    source, seed = open_data(run, place), run.settings.seed
    if source.law is not None:
        return source.draw(seed, 1), source.draw(seed + NEW_SEED, 1), source.provenance
    data = run.settings.data if place is None else replace(run.settings.data, name=place)
    return source.draw(seed, 1), open_held_out(data).draw(seed, 1), source.provenance


if __name__ == "__main__":
    raise SystemExit(main())
