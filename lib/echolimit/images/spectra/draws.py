"""Exact draws of a round's images, and of their projections, straight from the data set."""

from __future__ import annotations

from typing import Any

import numpy as np

from echolimit._arrays import check_rng
from echolimit._checks import check_count, check_schedule
from echolimit.images.spectra.ages import Ages
from echolimit.images.spectra.reference import ImageReference
from echolimit.process import OrnsteinUhlenbeck


def draw_images(reference: ImageReference, ages: Ages, n: int, rng: np.random.Generator) -> np.ndarray:
    """n independent draws of the round's exact law as float32 rows (n, d): an image, an age, the noise of that age.

    `sample_round` and `sample_limit` draw the same law from a PointCloud; this needs no cloud.  `reference.pixels_of`
    makes images of the rows.  Derived in chapter 2, thm-genealogy.
    """
    n = check_count(n, "n", least=1)
    check_rng(rng, reference.rows)
    rows = reference.rows[rng.integers(len(reference.rows), size=n)]
    return OrnsteinUhlenbeck().perturb(rows, ages.draw(n, rng), rng)


def draw_normal(reference: ImageReference, ages: Ages, n: int, rng: np.random.Generator) -> np.ndarray:
    """n draws (n, d) of the normal law with the mean and covariance of the round's exact law.

    What a loop with the best linear score makes, whatever the data.  Mean E[a] m, covariance
    E[a^2] C + (E[a^2] - E[a]^2) m m^T + E[1 - a^2] I, with m and C of the data set and a = exp(-T).
    """
    n = check_count(n, "n", least=1)
    check_rng(rng, reference.rows)
    once, twice = ages.kept(1), ages.kept(2)
    spread = np.sqrt(twice * reference.variances + ages.added())
    root = (reference.principal_axes * spread).T.astype(np.float32)
    share = once + np.sqrt(max(twice - once**2, 0.0)) * rng.standard_normal((n, 1))
    rows = rng.standard_normal((n, reference.dimension), dtype=np.float32) @ root
    rows += (share * reference.mean).astype(np.float32)
    return rows


def draw_resampled(reference: ImageReference, alpha: Any, delta: Any, n: int, rng: np.random.Generator) -> np.ndarray:
    """The images (n, d) of the last round of a loop that keeps only n images a round, and samples without error.

    Each round draws n images from P_delta(alpha p* + (1 - alpha) p^), p^ the empirical law of the round before; the
    first round's synthetic images are images of the data.  The finite-sample control of a learned run: its means are
    those of the exact law, its fluctuations pass from round to round.
    alpha, delta: sequences with one entry a round, first round first.
    """
    n, rounds = check_count(n, "n", least=1), len(delta)
    alphas, deltas = check_schedule(alpha, "alpha", rounds), check_schedule(delta, "delta", rounds)
    check_rng(rng, reference.rows)
    pool = reference.rows
    for fresh, time in zip(alphas, deltas, strict=True):
        drawn = pool[rng.integers(len(pool), size=n)]
        real = np.flatnonzero(rng.random(n) < fresh)
        drawn[real] = reference.rows[rng.integers(len(reference.rows), size=len(real))]
        pool = OrnsteinUhlenbeck().perturb(drawn, float(time), rng)
    return pool


def directions(reference: ImageReference) -> np.ndarray:
    """The reference's directions for sliced distances: unit vectors as columns (d, projections), float32."""
    rng = np.random.default_rng([reference.seed, 1])
    vectors = rng.standard_normal((reference.dimension, reference.projections))
    return (vectors / np.linalg.norm(vectors, axis=0)).astype(np.float32)


def project(reference: ImageReference, rows: np.ndarray) -> np.ndarray:
    """Projections (n, projections) of rows on the reference's directions."""
    return rows @ directions(reference)


def draw_projections(reference: ImageReference, ages: Ages, least: int, rng: np.random.Generator) -> np.ndarray:
    """At least `least` draws of the projected exact law, (n, projections): every image of the data equally often.

    Each column is noised by itself, so that columns have the right law one by one, which is all that slices ask.
    """
    copies = max(1, -(-least // len(reference.rows)))
    projected = np.tile(project(reference, reference.rows), (copies, 1))
    times = ages.draw(len(projected), rng)
    return OrnsteinUhlenbeck().perturb(projected, times, rng)
