"""A learned loop on vectors beside the exact one: the numbers of chapter 10, a row a round."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
import torch

import echolimit.samplers as samplers
from echolimit._law import Law
from echolimit.cloud import PointCloud
from echolimit.distances import sliced_wasserstein
from echolimit.example_laws import RingLaw, named_law
from echolimit.hermite.ratios import mode_ratios
from echolimit.images.spectra import loop_ages
from echolimit.learning.energy import mixture_score, numpy_score, path_energy
from echolimit.learning.keeping import RoundRecord
from echolimit.learning.pushing import round_error
from echolimit.learning.settings import RunSettings
from echolimit.process import OrnsteinUhlenbeck
from echolimit.recursion import score_of

DEGREE, PROJECTIONS, REPEATS = 4, 32, 4
ENERGY_ROWS, ENERGY_STEPS = 600, 24
LONG = 400  # rounds after which a constant loop is taken to be at its limit
BINS, EDGE = 48, 3.2  # of the histogram of the first two coordinates


def vector_rows(rounds: Iterable[RoundRecord], settings: RunSettings, seed: int = 0) -> dict[str, Any]:
    """What a record keeps of a run on a named law: network, exact sampling with as many points, exact law.

    rounds: the finished rounds, first round first (`read_run(folder).rounds()`).  settings: of the run; its data must
    be one of the named laws.  seed: of the exact draws that the rounds are compared with.
    Returns a dictionary for JSON: "samples", "degree", and "rounds", a list with an entry a round:
      modes, modes_error, control_modes   shares of the target's modes left, degree 1 .. 4 (`mode_ratios`)
      sliced      sliced W2 of the network's draws to exact draws of round i ("theory"), of the limit of a constant loop
                  ("limit") and of the data ("data"); "control": of the loop without network to theory; "floor": exact
                  draws against exact draws, with "floor_spread", their standard deviation over repeats
      one_round   `round_error` of this round: sliced W2 to P_delta q of its own training law
      energy      path energy of the score's error against the score of the training law, in the first round and, in
                  the plane, the last
      paired      round 1: root mean square distance of network and exact score driven from one start
      histogram   counts of the first two coordinates, a text of numbers a line; radial, for the ring: see `ring_row`
    Raises ValueError for data that are no named law.  Chapter 10.
    """
    target, rng = named_law(settings.data.name), np.random.default_rng([seed, settings.seed])
    size = settings.loop.samples
    rows: list[dict[str, Any]] = []
    before = pool = None
    schedule: list[tuple[float, float]] = []
    for record in rounds:
        schedule.append((record.alpha, record.delta))
        samples = record.samples.double().numpy()
        mix = _mixed(target, before, record.alpha, size, rng)
        pool = OrnsteinUhlenbeck().perturb(_mixed(target, pool, record.alpha, size, rng), record.delta, rng)
        row: dict[str, Any] = {"round": record.number, "alpha": record.alpha, "delta": record.delta}
        row["sliced"] = _sliced(target, samples, pool, schedule, rng)
        error = round_error(samples, mix, record.delta, rng, projections=PROJECTIONS, repeats=REPEATS)
        row["one_round"] = {"distance": error.distance, "floor": error.floor, "excess": error.excess}
        if isinstance(target, RingLaw):
            row["radial"] = ring_row(target, record) | {"control": _radial(pool, target.radius)}
        else:
            found = mode_ratios(samples, target, DEGREE)
            row["modes"], row["modes_error"] = found.ratios, found.standard_errors
            row["control_modes"] = mode_ratios(pool, target, DEGREE).ratios
            if record.number == 1 or (samples.shape[1] <= 2 and record.number == settings.loop.rounds):
                row["energy"] = _energy(target, before, record, settings, mix, rng)
            if record.number == 1:
                row["paired"] = _paired(target, record, settings)
        counts = np.histogram2d(samples[:, 0], samples[:, 1], bins=BINS, range=[[-EDGE, EDGE]] * 2)[0]
        row["histogram"] = [" ".join(str(int(count)) for count in line) for line in counts]
        rows.append(_plain(row))
        before = samples
    return {"data": settings.data.name, "samples": size, "degree": DEGREE, "edge": EDGE, "rounds": rows}


def exact_draws(target: Any, n: int, alpha: Any, delta: Any, rng: np.random.Generator) -> np.ndarray:
    """n exact draws (n, d) of round N of the loop for anything with `sample(n, rng)`, also a law without a density.

    alpha, delta: one entry a round, first round first.  p_0 = p*.  Chapter 2, thm-genealogy.
    """
    times = loop_ages(len(delta), np.asarray(alpha), np.asarray(delta)).draw(n, rng)
    return OrnsteinUhlenbeck().perturb(target.sample(n, rng), times, rng)


def ring_row(target: RingLaw, record: RoundRecord) -> dict[str, Any]:
    """The radial part of a round on the ring of radius R.

    thickness: sqrt(E(|X| - R)^2), the W2 distance to the ring of a law that is uniform in angle; quantiles: of
    ||X| - R| at the levels .5, .9, .99; hole: share of points with |X| < R / 2; slopes: of the learned score across the
    ring a_t R, inwards, at times t from delta up, where the exact score of the data has 1 / s_t^2.
    """
    times = record.delta * 4.0 ** np.arange(6)
    slopes = [_slope(record, target.radius, float(t)) for t in times]
    return _radial(record.samples.double().numpy(), target.radius) | {"times": times, "slopes": slopes}


def _radial(points: np.ndarray, radius: float) -> dict[str, Any]:
    length = np.linalg.norm(points, axis=1)
    gap = np.abs(length - radius)
    return {
        "thickness": float(np.sqrt(np.mean(gap**2))),
        "quantiles": np.quantile(gap, [0.5, 0.9, 0.99]),
        "hole": float(np.mean(length < radius / 2)),
    }


def _slope(record: RoundRecord, radius: float, t: float) -> float:
    """Minus the mean normal derivative of the learned score on the circle of radius a_t R."""
    angle = torch.linspace(0, 2 * math.pi, 257)[:-1]
    normal = torch.stack([torch.cos(angle), torch.sin(angle)], dim=1)
    noise = math.sqrt(-math.expm1(-2 * t))
    step, centre = 0.05 * noise, math.exp(-t) * radius
    out, into = (record.model.score((centre + side * step) * normal, t) for side in (1, -1))
    return -float(((out - into) * normal).sum(dim=1).mean()) / (2 * step)


def _mixed(target: Any, before: np.ndarray | None, alpha: float, n: int, rng: np.random.Generator) -> np.ndarray:
    """n independent draws of alpha p* + (1 - alpha) p^, p^ the empirical law of `before`; of p* where there is none."""
    fresh = target.sample(n, rng)
    if before is None:
        return fresh
    return np.where(rng.random((n, 1)) < alpha, fresh, before[rng.integers(len(before), size=n)])


def _sliced(
    target: Any, samples: np.ndarray, pool: np.ndarray, schedule: list[tuple[float, float]], rng: np.random.Generator
) -> dict[str, float]:
    n, (alphas, deltas) = len(samples), zip(*schedule, strict=True)
    squares: dict[str, list[float]] = {"theory": [], "control": [], "floor": []}
    for _ in range(REPEATS):
        one, two = (exact_draws(target, n, alphas, deltas, rng) for _ in range(2))
        for name, (x, y) in {"theory": (samples, one), "control": (pool, one), "floor": (two, one)}.items():
            squares[name].append(sliced_wasserstein(x, y, PROJECTIONS, rng) ** 2)
    out = {name: math.sqrt(np.mean(values)) for name, values in squares.items()}
    limit = exact_draws(target, n, (alphas[-1],) * LONG, (deltas[-1],) * LONG, rng)
    for name, y in {"limit": limit, "data": target.sample(n, rng)}.items():
        out[name] = sliced_wasserstein(samples, y, 2 * PROJECTIONS, rng)
    out["floor_spread"] = float(np.std(np.sqrt(squares["floor"]), ddof=1))
    return out


def _energy(
    target: Law, before: np.ndarray | None, record: RoundRecord, settings: RunSettings, mix: np.ndarray, rng: Any
) -> dict[str, Any]:
    if before is None:
        reference = score_of(target)
    else:
        reference = mixture_score((target, PointCloud(before)), (record.alpha, 1 - record.alpha))
    found = path_energy(
        numpy_score(record.model.score), reference, mix[:ENERGY_ROWS], settings.sampler.T, record.delta, rng,
        steps=ENERGY_STEPS, rows=500,
    )  # fmt: skip
    return {"energy": found.energy, "standard_error": found.standard_error, "times": found.times, "rate": found.rate}


def _paired(target: Law, record: RoundRecord, settings: RunSettings) -> dict[str, float]:
    """The sampler run twice from one start and with one noise: with the network and with the exact score."""
    chosen = settings.sampler
    times = samplers.time_grid(chosen.T, record.delta, chosen.steps, chosen.spacing)
    step, exact = getattr(samplers, chosen.name), score_of(target)
    start = record.model.start(5000, chosen.T, torch.Generator().manual_seed(settings.seed))
    learned = step(record.model.score, start, times, torch.Generator().manual_seed(0)).double().numpy()
    perfect = step(
        lambda x, t: torch.from_numpy(exact(x.double().numpy(), t)).float(), start, times,
        torch.Generator().manual_seed(0),
    ).double().numpy()  # fmt: skip
    return {"distance": float(np.sqrt(np.mean(np.sum((learned - perfect) ** 2, axis=1))))}


def _plain(value: Any) -> Any:
    """Numbers for JSON, seven digits."""
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, np.ndarray | list | tuple):
        return [_plain(entry) for entry in value]
    if isinstance(value, float | np.floating):
        return float(f"{value:.7g}") if math.isfinite(value) else None
    return int(value) if isinstance(value, np.integer) else value
