"""A learned run beside its exact law: the numbers that a record keeps of each round."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from echolimit.example_laws import LAW_NAMES
from echolimit.images.spectra import (
    ImageReference,
    compare_images,
    draw_images,
    draw_normal,
    draw_resampled,
    loop_ages,
    tail_powers,
)
from echolimit.learning._held_out import flat_rows, mixed_rows
from echolimit.learning.energy import energy_gap
from echolimit.learning.keeping import RoundRecord
from echolimit.learning.networks import ScoreModel
from echolimit.learning.runs import PASSED, Run, open_data
from echolimit.learning.sources import open_held_out
from echolimit.learning.training import generator, training_moments

GAP_ROWS, GAP_STEPS, BLOCK, CONTROLS, TAIL_BINS = 400, 12, 200, 4, 60


def has_images(run: Run) -> bool:
    """Whether the run's data are images that can be opened by name."""
    return run.data["name"] not in (*PASSED, *LAW_NAMES)


def has_law(run: Run) -> bool:
    """Whether the run's data are a named law of vectors."""
    return run.settings.data.name in LAW_NAMES and run.data["name"] not in PASSED


class ImageComparison:
    """The rounds of a run on images beside what is exact for its data set: metrics, draws, and the best linear score.

    run: with images that its settings name.  Opens the data set, and the other split as held-out images.
    Raises ValueError where the data set is not the one that the run was trained on.
    """

    def __init__(self, run: Run) -> None:
        self.run, self.schedule = run, run.settings.loop.schedule()
        images = open_data(run).points()
        self.rows = torch.from_numpy(images).flatten(1)
        self.held_out = open_held_out(run.settings.data).points()
        self.reference = ImageReference(images, held_out=self.held_out)

    def metrics(self, record: RoundRecord) -> list[dict[str, Any]]:
        """Rows of `compare_images`, with their round; the control is the loop without a network on as many points."""
        samples, rng = self.reference.pixels_of(record.samples.numpy()), self._rng(record.number, 0)
        alphas, deltas = self._schedule(record.number)
        controls = [draw_resampled(self.reference, alphas, deltas, len(samples), rng) for _ in range(CONTROLS)]
        rows = compare_images(samples, self.reference, self._ages(record.number), controls=controls, rng=rng)
        return [{"round": record.number} | row.as_dict() for row in rows]

    def tail_powers(self, record: RoundRecord) -> dict[str, Any]:
        """Histograms of `tail_powers`, which show the ages of single images: network, exact draws, normal law.

        Counts of as many images each, in TAIL_BINS equal bins over the range of all three.
        """
        ages, rng, n = self._ages(record.number), self._rng(record.number, 2), len(record.samples)
        drawn = {
            "network": record.samples.numpy(),
            "exact": draw_images(self.reference, ages, n, rng),
            "normal": draw_normal(self.reference, ages, n, rng),
        }
        powers = {name: tail_powers(rows, self.reference) for name, rows in drawn.items()}
        ends = min(map(np.min, powers.values())), max(map(np.max, powers.values()))
        edges = np.linspace(*ends, TAIL_BINS + 1)
        counts = {name: np.histogram(values, edges)[0] for name, values in powers.items()}
        return {"round": record.number, "edges": edges, **counts}

    def draws(self, number: int, n: int) -> np.ndarray:
        """n exact draws (n, c, h, w) of the law of round `number`, 0 for the data."""
        drawn = draw_images(self.reference, self._ages(number), n, self._rng(number, 1))
        return self.reference.pixels_of(drawn)

    def gain(self, record: RoundRecord, before: RoundRecord | None) -> dict[str, Any]:
        """How much path energy the network saves against the best linear score, of the normal law with q's moments.

        q = alpha p* + (1 - alpha) p_before is the round's training law; real rows are held-out ones.  Positive: the
        network is better.  See `energy_gap`; rate is its integrand at `times`.
        """
        alpha = 1.0 if before is None else record.alpha
        synthetic = None if before is None else before.samples
        normal = _normal_law(self.rows, synthetic, alpha)
        rng = generator("sample", self.run.settings.seed, record.number, 1)
        mix = mixed_rows(flat_rows(self.held_out), synthetic, alpha, min(GAP_ROWS, len(self.held_out)), rng)
        sampler = self.run.settings.sampler
        gap = energy_gap(
            normal.normal_score, record.model.score, mix, sampler.T, record.delta, rng, steps=GAP_STEPS, rows=BLOCK
        )
        return {
            "round": record.number, "energy": gap.energy, "standard_error": gap.standard_error,
            "times": gap.times, "rate": gap.rate, "rate_error": gap.rate_error,
        }  # fmt: skip

    def _ages(self, number: int) -> Any:
        return loop_ages(number, *self._schedule(number)) if number else loop_ages(0, 1.0, 1.0)

    def _schedule(self, number: int) -> tuple[list[float], list[float]]:
        """The alphas and the deltas of the first rounds."""
        alphas, deltas = zip(*self.schedule[:number], strict=True)
        return list(alphas), list(deltas)

    def _rng(self, number: int, purpose: int) -> np.random.Generator:
        return np.random.default_rng([self.run.settings.seed, number, purpose])


def compare_rounds(
    comparison: ImageComparison,
) -> Iterator[tuple[list[dict[str, Any]], dict[str, Any], dict[str, Any]]]:
    """Metrics, gain and tail powers of each finished round, one at a time."""
    before = None
    for record in comparison.run.rounds():
        yield comparison.metrics(record), comparison.gain(record, before), comparison.tail_powers(record)
        before = record


def _normal_law(real: Tensor, synthetic: Tensor | None, alpha: float) -> ScoreModel:
    """A model whose `normal_score` is that of the normal law with the mean and covariance of the training law."""
    model = ScoreModel(nn.Identity(), real.shape[1], "covariance")
    model.fit_moments(*training_moments(real, synthetic, alpha))
    return model
