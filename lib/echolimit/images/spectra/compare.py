"""One table for a set of images: each metric measured, by the exact law, by exact draws, and by real images."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from echolimit._arrays import check_rng
from echolimit._checks import check_choice, check_count
from echolimit.images.spectra.ages import DATA_ITSELF, Ages, check_ages
from echolimit.images.spectra.draws import draw_images, draw_normal
from echolimit.images.spectra.estimates import Estimate
from echolimit.images.spectra.families import FAMILIES, family_law, measure_family
from echolimit.images.spectra.gaps import MMD, ConvFrechet, Gap, SlicedW2
from echolimit.images.spectra.reference import ImageReference

GAPS: dict[str, Callable[[ImageReference], Gap]] = {"conv_frechet": ConvFrechet, "sliced_w2": SlicedW2, "mmd": MMD}
MOMENTS = tuple(name for family in FAMILIES.values() for name in family)
METRICS = (*MOMENTS, *GAPS, *(f"{name}_to_law" for name in GAPS))
PIXELS = (*FAMILIES["spectrum"], "conv_frechet", "conv_frechet_to_law")  # they need images, not rows
UNKNOWN = Estimate(math.nan, math.nan)


@dataclass(frozen=True)
class MetricRow:
    """One metric of one set of n images.

    measured, standard_error: of the images given.  theory, theory_error: of the exact law (closed form: error 0;
    distances: in the limit of many draws).  control, control_spread: mean over sets of n exact draws, and the standard
    deviation of one set.  normal: of n draws of the normal law with the round's mean and covariance, what a linear
    score makes.  floor, floor_spread: as the control, of n real images (for "_to_law": the control itself).
    data: the value of the data set itself.  nan where there are no ages to predict from.
    """

    metric: str
    measured: float
    standard_error: float
    theory: float
    theory_error: float
    control: float
    control_spread: float
    normal: float
    floor: float
    floor_spread: float
    data: float

    @property
    def z(self) -> float:
        """How many standard errors the images are from the exact law.

        A mean (variance, spectrum, Hermite ratio) is compared with theory; a distance, whose value at finite n is too
        large, with the control.  The unit is the larger of the standard error and the spread of a control set.
        """
        expected = self.theory if self.metric in MOMENTS else self.control
        return (self.measured - expected) / max(self.standard_error, self.control_spread)

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
    controls: Sequence[Any] | None = None,
    *,
    rng: np.random.Generator,
) -> list[MetricRow]:
    """The metrics of a set of images beside the exact law of their round, exact draws of the same n, and real images.

    samples: (n, c, h, w) or rows (n, d), in random order.  reference: ImageReference (make one for all rounds: it keeps
    what it computed), or the images of the data set.  ages: `loop_ages(...)` or an EchoLaw of the round, or None where
    there is no exact law; then the distances to it are left out.  metrics: some of METRICS, None for all that the
    reference allows (rows without pixels have no spectrum).  repeats: sets of exact draws and, where there are enough,
    of real images; >= 2.  controls: sets to take as controls in place of exact draws, for instance some of
    `draw_resampled`; >= 2.
    Raises ValueError for wrong shapes, an unknown metric, or one that needs pixels on rows.
    """
    reference = reference if isinstance(reference, ImageReference) else ImageReference(reference)
    rows = reference.rows_of(samples)
    ages = None if ages is None else check_ages(ages)
    repeats = check_count(repeats, "repeats", least=2)
    check_rng(rng, rows)
    chosen = _chosen(metrics, reference)
    if controls is not None and (ages is None or len(controls) < 2):
        raise ValueError(f"controls must be at least 2 sets of images of a round with ages, got {len(controls)}")
    sets = _Sets(rows, [], None, [], repeats)
    if ages is not None:
        drawn = [draw_images(reference, ages, len(rows), rng) for _ in range(repeats + 1)]
        given = drawn[:repeats] if controls is None else [reference.rows_of(x, "controls") for x in controls]
        sets = _Sets(rows, given, draw_normal(reference, ages, len(rows), rng), drawn, repeats)
    found: list[MetricRow] = []
    for family, names in FAMILIES.items():
        if set(names) & set(chosen):
            found += _family_rows(family, reference, ages, sets)
    for name in GAPS:
        if {name, f"{name}_to_law"} & set(chosen):
            found += _gap_rows(name, reference, ages, sets, rng)
    return sorted((row for row in found if row.metric in chosen), key=lambda row: chosen.index(row.metric))


class _Sets(NamedTuple):
    """The images measured, the control sets, normal draws, and independent exact draws, one set more than repeats."""

    rows: np.ndarray
    controls: list[np.ndarray]
    normal: np.ndarray | None
    drawn: list[np.ndarray]
    repeats: int


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


def _family_rows(family: str, reference: ImageReference, ages: Ages | None, sets: _Sets) -> list[MetricRow]:
    def measure(rows: np.ndarray, standard: Ages | None) -> list[Estimate]:
        return measure_family(family, rows, reference, DATA_ITSELF if standard is None else standard)

    def over(many: list[np.ndarray], standard: Ages | None) -> list[Estimate]:
        found = zip(*(measure(x, standard) for x in many), strict=True)
        return [_spread([x.value for x in each], each[0].error) for each in found]

    n, unknown = len(sets.rows), [UNKNOWN] * len(FAMILIES[family])
    floor = reference.remember(
        ("floor", family, n, sets.repeats), lambda: over(_real_sets(reference, n, sets.repeats), None)
    )
    theory, control, normal = unknown, unknown, unknown
    if ages is not None and sets.normal is not None:
        theory = [Estimate(value, 0.0) for value in family_law(family, reference, ages)]
        control, normal = over(sets.controls, ages), measure(sets.normal, ages)
    data = family_law(family, reference, DATA_ITSELF)
    columns = (FAMILIES[family], measure(sets.rows, ages), theory, control, normal, floor, data)
    return [
        _row(name, found, law, exact, gauss.value, real, own)
        for name, found, law, exact, gauss, real, own in zip(*columns, strict=True)
    ]


def _gap_rows(
    name: str, reference: ImageReference, ages: Ages | None, sets: _Sets, rng: np.random.Generator
) -> list[MetricRow]:
    gap, n = reference.remember(("gap", name), partial(GAPS[name], reference)), len(sets.rows)

    def real_floor() -> Estimate:
        real = [gap.describe(x) for x in _real_sets(reference, n, sets.repeats)]
        return _spread([gap.to_data(x) for x in real], gap.error(real[0], gap.data))

    floor = reference.remember(("floor", name, n, sets.repeats), real_floor)
    sample = gap.describe(sets.rows)
    measured = Estimate(gap.to_data(sample), gap.error(sample, gap.data))
    if ages is None or sets.normal is None:
        return [_row(name, measured, UNKNOWN, UNKNOWN, math.nan, floor, 0.0)]
    *pool, apart = [gap.describe(x) for x in sets.drawn]
    theory, law = gap.law_to_data(ages, np.concatenate(pool), rng), gap.law(ages, apart, rng)
    controls = pool if sets.controls[0] is sets.drawn[0] else [gap.describe(x) for x in sets.controls]
    normal = gap.describe(sets.normal)
    control, between = (_spread([f(x) for x in controls]) for f in (gap.to_data, lambda x: gap.between(x, law)))
    to_law = Estimate(gap.between(sample, law), gap.error(sample, law))
    return [
        _row(name, measured, theory, control, gap.to_data(normal), floor, 0.0),
        _row(f"{name}_to_law", to_law, Estimate(0.0, 0.0), between, gap.between(normal, law), between, theory.value),
    ]


def _spread(values: list[float], error_of_one: float = math.nan) -> Estimate:
    """Mean over sets and the standard deviation of one; of a single set, its own standard error."""
    if len(values) == 1:
        return Estimate(float(values[0]), error_of_one)
    return Estimate(float(np.mean(values)), float(np.std(values, ddof=1)))


def _row(
    name: str, measured: Estimate, theory: Estimate, control: Estimate, normal: float, floor: Estimate, data: float
) -> MetricRow:
    numbers = (*measured, *theory, *control, normal, *floor, data)
    return MetricRow(name, *(float(x) for x in numbers))


def metric_table(rows: Sequence[MetricRow]) -> str:
    """The rows as text, at most 80 columns: measured, its standard error, theory, control, normal, floor, z."""
    heads = ("measured", "error", "theory", "control", "normal", "floor")
    lines = [f"{'metric':<21}" + "".join(f"{head:>9}" for head in heads) + f"{'z':>5}"]
    for row in rows:
        numbers = (row.measured, row.standard_error, row.theory, row.control, row.normal, row.floor)
        z = f"{row.z:>5.1f}" if abs(row.z) < 9.95 else f"{row.z:>5.0f}"
        lines.append(f"{row.metric:<21}" + "".join(f"{_short(x):>9}" for x in numbers) + z)
    return "\n".join(lines)


def _short(value: float) -> str:
    """Three significant digits, at most eight characters."""
    if not math.isfinite(value):
        return "-"
    return f"{value:.1e}" if 0 < abs(value) < 1e-3 or abs(value) >= 1e4 else f"{value:.3g}"
