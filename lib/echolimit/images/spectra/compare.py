"""One table for a set of images: each metric measured, by the exact law, by exact draws, and by real images."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from echolimit._arrays import check_rng
from echolimit._checks import check_choice, check_count
from echolimit.images.spectra.ages import Ages, check_ages
from echolimit.images.spectra.draws import draw_images
from echolimit.images.spectra.estimates import Estimate
from echolimit.images.spectra.families import FAMILIES, family_law, measure_family
from echolimit.images.spectra.gaps import MMD, ConvFrechet, Gap, SlicedW2
from echolimit.images.spectra.reference import ImageReference

GAPS: dict[str, Callable[[ImageReference], Gap]] = {"conv_frechet": ConvFrechet, "sliced_w2": SlicedW2, "mmd": MMD}
MOMENTS = tuple(name for family in FAMILIES.values() for name in family)
METRICS = (*MOMENTS, *GAPS, *(f"{name}_to_law" for name in GAPS))
PIXELS = (*FAMILIES["spectrum"], "conv_frechet", "conv_frechet_to_law")  # they need images, not rows
UNKNOWN = Estimate(math.nan, math.nan)
DATA = Ages(np.zeros(1), np.ones(1))


@dataclass(frozen=True)
class MetricRow:
    """One metric of one set of n images.

    measured, standard_error: of the images given.  theory, theory_error: of the exact law (closed form: error 0;
    distances: in the limit of many draws).  control, control_spread: mean over sets of n exact draws, and the standard
    deviation of one set.  floor, floor_spread: the same of n real images (for "_to_law": the control).
    data: the value of the data set itself.  nan where there are no ages to predict from.
    """

    metric: str
    measured: float
    standard_error: float
    theory: float
    theory_error: float
    control: float
    control_spread: float
    floor: float
    floor_spread: float
    data: float

    @property
    def z(self) -> float:
        """How many standard errors the images are from the exact law.

        A mean (variance, spectrum, Hermite ratio) is compared with theory; a distance, whose value at finite n is too
        large, with the control, in units of the larger of its standard error and the spread of a control set.
        """
        if self.metric in MOMENTS:
            return (self.measured - self.theory) / self.standard_error
        return (self.measured - self.control) / max(self.standard_error, self.control_spread)

    def as_dict(self) -> dict[str, Any]:
        """Plain numbers by name, with z, for JSON; nan becomes None."""
        named = {**asdict(self), "z": self.z}
        return {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in named.items()}


def compare_images(
    samples: Any,
    reference: Any,
    ages: Any = None,
    metrics: Sequence[str] | None = None,
    repeats: int = 4,
    *,
    rng: np.random.Generator,
) -> list[MetricRow]:
    """The metrics of a set of images beside the exact law of their round, exact draws of the same n, and real images.

    samples: (n, c, h, w) or rows (n, d), in random order.  reference: ImageReference (make one for all rounds: it keeps
    what it computed), or the images of the data set.  ages: `loop_ages(...)` or an EchoLaw of the round, or None where
    there is no exact law; then the distances to it are left out.  metrics: some of METRICS, None for all that the
    reference allows (rows without pixels have no spectrum).  repeats: sets of exact draws and, where there are enough,
    of real images; >= 2.
    Raises ValueError for wrong shapes, an unknown metric, or one that needs pixels on rows.
    """
    reference = reference if isinstance(reference, ImageReference) else ImageReference(reference)
    rows = reference.rows_of(samples)
    ages = None if ages is None else check_ages(ages)
    repeats = check_count(repeats, "repeats", least=2)
    check_rng(rng, rows)
    chosen = _chosen(metrics, reference)
    controls = [] if ages is None else [draw_images(reference, ages, len(rows), rng) for _ in range(repeats + 1)]
    found: list[MetricRow] = []
    for family, names in FAMILIES.items():
        if set(names) & set(chosen):
            found += _family_rows(family, reference, ages, rows, controls[:repeats], repeats)
    for name in GAPS:
        if {name, f"{name}_to_law"} & set(chosen):
            found += _gap_rows(name, reference, ages, rows, controls, repeats, rng)
    return sorted((row for row in found if row.metric in chosen), key=lambda row: chosen.index(row.metric))


def _chosen(metrics: Sequence[str] | None, reference: ImageReference) -> list[str]:
    if metrics is None:
        return [name for name in METRICS if reference.has_pixels or name not in PIXELS]
    names = [check_choice(name, "metrics", METRICS) for name in metrics]
    for name in names:
        if name in PIXELS and not reference.has_pixels:
            raise ValueError(f"metrics must do without pixels for rows (n, d), got {name!r}: pass images (n, c, h, w)")
    return names


def _real_sets(reference: ImageReference, n: int, repeats: int) -> list[np.ndarray]:
    """Sets of n real images: disjoint ones of the held-out images (at least one), or draws of the data set."""
    rng = np.random.default_rng([reference.seed, 3])
    held_out = reference.held_out
    if held_out is None:
        return [reference.rows[rng.integers(len(reference.rows), size=n)] for _ in range(repeats)]
    order = rng.permutation(len(held_out))
    count = max(1, min(repeats, len(held_out) // n))
    return [held_out[order[k * n : (k + 1) * n]] for k in range(count)]


def _family_rows(
    family: str,
    reference: ImageReference,
    ages: Ages | None,
    rows: np.ndarray,
    controls: list[np.ndarray],
    repeats: int,
) -> list[MetricRow]:
    def over_sets(sets: list[np.ndarray]) -> list[Estimate]:
        found = zip(*(measure_family(family, x, reference) for x in sets), strict=True)
        return [_spread([x.value for x in each], each[0].error) for each in found]

    names = FAMILIES[family]
    floor = reference.remember(
        ("floor", family, len(rows), repeats), lambda: over_sets(_real_sets(reference, len(rows), repeats))
    )
    theory = [UNKNOWN] * len(names)
    if ages is not None:
        theory = [Estimate(value, 0.0) for value in family_law(family, reference, ages)]
    control = over_sets(controls) if controls else theory
    data = family_law(family, reference, DATA)
    columns = (names, measure_family(family, rows, reference), theory, control, floor, data)
    return [_row(*each) for each in zip(*columns, strict=True)]


def _gap_rows(
    name: str,
    reference: ImageReference,
    ages: Ages | None,
    rows: np.ndarray,
    controls: list[np.ndarray],
    repeats: int,
    rng: np.random.Generator,
) -> list[MetricRow]:
    gap = reference.remember(("gap", name), lambda: GAPS[name](reference))

    def real_floor() -> Estimate:
        sets = [gap.describe(x) for x in _real_sets(reference, len(rows), repeats)]
        return _spread([gap.to_data(x) for x in sets], gap.error(sets[0], gap.data))

    floor = reference.remember(("floor", name, len(rows), repeats), real_floor)
    sample = gap.describe(rows)
    measured = Estimate(gap.to_data(sample), gap.error(sample, gap.data))
    if ages is None:
        return [_row(name, measured, UNKNOWN, UNKNOWN, floor, 0.0)]
    *drawn, apart = [gap.describe(x) for x in controls]  # the last set stands for the law
    _, theory = gap.law(ages, np.concatenate(drawn), rng)
    law, _ = gap.law(ages, apart, rng)
    control = _spread([gap.to_data(x) for x in drawn])
    between = _spread([gap.between(x, law) for x in drawn])
    to_law = Estimate(gap.between(sample, law), gap.error(sample, law))
    return [
        _row(name, measured, theory, control, floor, 0.0),
        _row(f"{name}_to_law", to_law, Estimate(0.0, 0.0), between, between, theory.value),
    ]


def _spread(values: list[float], error_of_one: float = math.nan) -> Estimate:
    """Mean over sets and the standard deviation of one; of a single set, its own standard error."""
    if len(values) == 1:
        return Estimate(float(values[0]), error_of_one)
    return Estimate(float(np.mean(values)), float(np.std(values, ddof=1)))


def _row(name: str, measured: Estimate, theory: Estimate, control: Estimate, floor: Estimate, data: float) -> MetricRow:
    numbers = (*measured, *theory, *control, *floor, data)
    return MetricRow(name, *(float(x) for x in numbers))


def metric_table(rows: Sequence[MetricRow]) -> str:
    """The rows as text, at most 80 columns: metric, measured, its standard error, theory, control, floor, z."""
    lines = [f"{'metric':<20}{'measured':>10}{'error':>9}{'theory':>10}{'control':>10}{'floor':>10}{'z':>8}"]
    for row in rows:
        numbers = f"{row.measured:>10.4g}{row.standard_error:>9.1e}{row.theory:>10.4g}{row.control:>10.4g}"
        lines.append(f"{row.metric:<20}{numbers}{row.floor:>10.4g}{row.z:>8.1f}")
    return "\n".join(lines)
