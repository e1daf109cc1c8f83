"""Exact draws of a round's images, and of their projections, straight from the data set."""

from __future__ import annotations

import numpy as np

from echolimit._arrays import check_rng
from echolimit._checks import check_count
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
