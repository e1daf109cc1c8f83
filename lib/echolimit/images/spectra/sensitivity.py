"""How soon each metric sees noise: z-scores of noised data against the data themselves."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from echolimit._arrays import check_rng
from echolimit._checks import check_count, check_time
from echolimit.images.spectra.ages import DATA_ITSELF
from echolimit.images.spectra.compare import GAPS, PIXELS
from echolimit.images.spectra.families import FAMILIES, measure_family
from echolimit.images.spectra.reference import ImageReference
from echolimit.process import OrnsteinUhlenbeck


def noise_sensitivity(
    reference: ImageReference, times: Sequence[float], n: int, rng: np.random.Generator, repeats: int = 8
) -> dict[str, np.ndarray]:
    """For each metric the z-scores, one a time, of n images noised for that time.

    z = (mean over `repeats` sets of the metric of noised images - the same of these images) / (standard deviation over
    the sets of real images).  A metric sees a round with n images where |z| is well above 2; what it sees is only the
    noise that is added.
    times: each >= 0.  n: images a set, at most as many as the reference has.  repeats: >= 2; the deviation is known to
    about 1 / sqrt(2 (repeats - 1)).
    """
    times = [check_time(t, "times") for t in times]
    n = check_count(n, "n", least=2, most=len(reference.rows))
    repeats = check_count(repeats, "repeats", least=2)
    check_rng(rng, reference.rows)
    values: dict[str, list[list[float]]] = {}
    for _ in range(repeats):
        rows = reference.rows[rng.choice(len(reference.rows), n, replace=False)]
        for k, t in enumerate([0.0, *times]):
            noised = OrnsteinUhlenbeck().perturb(rows, t, rng) if t else rows
            for name, value in _measure(noised, reference).items():
                values.setdefault(name, [[] for _ in range(1 + len(times))])[k].append(value)
    return {name: _scores(np.array(found)) for name, found in values.items()}


def _scores(values: np.ndarray) -> np.ndarray:
    """z of each later row of values (1 + times, repeats) against the first."""
    real, noised = values[0], values[1:]
    return (noised - real).mean(axis=1) / real.std(ddof=1)


def _measure(rows: np.ndarray, reference: ImageReference) -> dict[str, float]:
    found: dict[str, float] = {}
    for family, names in FAMILIES.items():
        if reference.has_pixels or names[0] not in PIXELS:
            estimates = measure_family(family, rows, reference, DATA_ITSELF)
            found |= {name: x.value for name, x in zip(names, estimates, strict=True)}
    for name, make in GAPS.items():
        if reference.has_pixels or name not in PIXELS:
            gap = reference.remember(("gap", name), partial(make, reference))
            found[name] = gap.to_data(gap.describe(rows))
    return found
