"""Score errors of a finished run, by round: path energy and observability against references that one can have."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from tqdm.auto import tqdm

from echolimit._checks import check_count
from echolimit.cloud import PointCloud
from echolimit.learning.devices import make_accelerator
from echolimit.learning.energy import energy_gap, path_energy
from echolimit.learning.keeping import RoundRecord, load_round
from echolimit.learning.networks import ScoreModel, make_model
from echolimit.learning.observability import observe_paths, observe_sampler
from echolimit.learning.records import write_json
from echolimit.learning.recursion import draw_samples
from echolimit.learning.settings import DataSettings, RunSettings
from echolimit.learning.sources import open_source
from echolimit.learning.training import RoundTraining
from echolimit.process import OrnsteinUhlenbeck
from echolimit.recursion import score_of
from echolimit.samplers import time_grid

NEW_SEED = 1_000_003  # added to the run's seed: nothing here repeats its batches or its samples


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
    Its true score is not known.  Two stand-ins:

    "longer": the round's network, trained on for `reference_steps` on real data and new draws of p.  `gap` is the
    energy of the network minus that of the longer trained one, on rows that neither has seen: an unbiased lower bound
    of the true energy.  `pair` is the energy of one against the other; were the longer trained one perfect, both would
    agree.  `observability` is that of the pair, a lower bound by regression, and `twin` the estimate by forward
    branches, along the ancestral sampler that runs with the longer trained score.
    "memoriser" (if asked for): the exact score of the points that the round was trained on, real and synthetic.  It
    returns those points again, so the energy is how far the network is from memory, not how wrong it is.

    folder, number: of a finished round.  real: the real rows (n, d) or images that the run was trained on; held_out:
    real rows that it was not.  ends: paths.  steps: cells of time.  branches: paths from an end, >= 2.
    Raises ValueError for a round that needs one before it and has none, CheckpointError for a damaged one.
    Chapter 11, section on paper P1.
    """
    check_count(reference_steps, "reference_steps", least=1)
    began, folder = time.perf_counter(), Path(folder)
    settings = RunSettings.from_dict(json.loads((folder / "settings.json").read_text())["settings"])
    if settings.training.threads:
        torch.set_num_threads(settings.training.threads)
    record, before = load_round(folder, number), load_round(folder, number - 1) if number > 1 else None
    alpha = record.alpha if before else 1.0
    real, held_out = _rows(real), _rows(held_out)
    fresh = _new_draws(before, ends, settings) if before else None
    pool, unseen = (None, None) if fresh is None else (fresh[ends:], fresh[:ends])
    reference = _trained_on(record.model, settings, number, real, pool, reference_steps, progress)
    rng = torch.Generator().manual_seed(settings.seed + NEW_SEED)
    rows = _mixed(held_out, unseen, alpha, ends, rng)
    T, delta, block = settings.sampler.T, record.delta, settings.sampler.block
    times = time_grid(T, delta, steps)
    shared: dict[str, Any] = {"steps": steps, "rows": block}
    gap = energy_gap(record.model.score, reference.score, rows, T, delta, rng, **shared)
    pair = path_energy(record.model.score, reference.score, rows, T, delta, rng, **shared)
    start = OrnsteinUhlenbeck().perturb(rows, T, rng)
    seen = observe_sampler(
        record.model.score, reference.score, start, times, rng, sampler="ancestral", branches=branches, rows=block
    )
    result: dict[str, Any] = {
        "round": number, "alpha": record.alpha, "delta": delta, "T": T, "ends": ends, "cells": steps,
        "reference_steps": reference_steps, "branches": branches,
        "gap": gap.energy, "gap_error": gap.standard_error,
        "pair": pair.energy, "pair_error": pair.standard_error,
        "chain": seen.energy, "chain_error": seen.energy_error,
        "observability": seen.observability, "observability_error": seen.observability_error,
        "twin": seen.twin, "twin_error": seen.twin_error,
        "times": gap.times.tolist(), "gap_rate": gap.rate.tolist(), "gap_rate_error": gap.rate_error.tolist(),
        "pair_rate": pair.rate.tolist(),
    }  # fmt: skip
    if memoriser:
        trained_on = None if before is None else before.samples
        result |= _against_memory(record, real, trained_on, alpha, T, ends, branches, shared, rng)
    return result | {"seconds": round(time.perf_counter() - began, 1)}


def _against_memory(
    record: RoundRecord,
    real: Tensor,
    synthetic: Tensor | None,
    alpha: float,
    T: float,
    ends: int,
    branches: int,
    shared: dict[str, Any],
    rng: torch.Generator,
) -> dict[str, float]:
    weights = None
    points = real
    if synthetic is not None:
        points = torch.cat([real, synthetic])
        shares = (alpha / len(real), (1 - alpha) / len(synthetic))
        weights = torch.cat([torch.full((len(p),), s) for p, s in zip((real, synthetic), shares, strict=True)])
    cloud = PointCloud(points, weights)
    rows = _mixed(real, synthetic, alpha, ends, rng)
    found = observe_paths(
        record.model.score, score_of(cloud), rows, T, record.delta, rng, branches=max(2, branches), **shared
    )
    return {
        "memoriser": found.energy,
        "memoriser_error": found.energy_error,
        "memoriser_observability": found.observability,
        "memoriser_observability_error": found.observability_error,
    }


def _trained_on(
    model: ScoreModel,
    settings: RunSettings,
    number: int,
    real: Tensor,
    synthetic: Tensor | None,
    steps: int,
    progress: bool,
) -> ScoreModel:
    """The model, trained for `steps` more; the given one is left as it is."""
    longer = replace(settings, seed=settings.seed + NEW_SEED, training=replace(settings.training, steps=steps))
    copy = make_model(settings.network, _shape_of(model), settings.training.precision, 0)
    copy.load_state_dict(model.state_dict())
    training = RoundTraining(copy, make_accelerator(settings.training.precision), longer, number, real, synthetic)
    for _ in tqdm(range(steps), unit="step", desc=f"reference of round {number}", disable=not progress):
        training.advance()
    longer_trained = training.result().cpu()
    longer_trained.precision = "no"  # measured in float32, as rounds are loaded
    return longer_trained


def _shape_of(model: ScoreModel) -> tuple[int, ...]:
    return tuple(getattr(model.network, "shape", None) or (len(model.mean),))


def _new_draws(before: RoundRecord, ends: int, settings: RunSettings) -> Tensor:
    """Draws of the model of the round before that no network has seen: `ends` to measure on, the rest to train on."""
    other = replace(settings, seed=settings.seed + NEW_SEED)
    accelerator = make_accelerator(settings.training.precision)
    count = ends + settings.loop.samples
    return draw_samples(before.model, count, before.delta, other, before.number, accelerator)


def _mixed(real: Tensor, synthetic: Tensor | None, alpha: float, n: int, rng: torch.Generator) -> Tensor:
    """n rows, each real with probability alpha, without repeats where there are enough."""
    fresh = _some(real, n, rng)
    if synthetic is None:
        return fresh
    is_fresh = torch.rand(n, generator=rng) < alpha
    return torch.where(is_fresh[:, None], fresh, _some(synthetic, n, rng))


def _some(rows: Tensor, n: int, rng: torch.Generator) -> Tensor:
    if len(rows) >= n:
        return rows[torch.randperm(len(rows), generator=rng)[:n]]
    return rows[torch.randint(len(rows), (n,), generator=rng)]


def _rows(points: Any) -> Tensor:
    array = np.ascontiguousarray(points, dtype=np.float32)
    return torch.from_numpy(array.reshape(len(array), -1))


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
    options = parser.parse_args(arguments)
    target = Path(options.to)
    rows = json.loads(target.read_text())["rows"] if target.is_file() else []
    for folder in options.folders:
        settings = RunSettings.from_dict(json.loads((Path(folder) / "settings.json").read_text())["settings"])
        real, held_out, provenance = _data(settings, options.data)
        for number in options.rounds:
            if any((row["run"], row["round"]) == (settings.name, number) for row in rows):
                continue
            row = measure_round(
                folder, number, real, held_out, reference_steps=options.reference_steps, ends=options.ends,
                steps=options.steps, branches=options.branches,
            )  # fmt: skip
            rows.append({"run": settings.name, "data": provenance} | row)
            write_json(target, {"rows": rows})
    return 0


def _data(settings: RunSettings, place: str | None) -> tuple[Any, Any, str]:
    """Real rows for training and others that are held out: the test split, or new draws of a law."""
    data: DataSettings = replace(settings.data, name=place) if place else settings.data
    source = open_source(data)
    if source.rows is None:
        return source.draw(settings.seed, 1), source.draw(settings.seed + NEW_SEED, 1), source.provenance
    test = open_source(replace(data, split="test", count=0))
    assert test.rows is not None
    return source.rows, test.rows, source.provenance


if __name__ == "__main__":
    raise SystemExit(main())
