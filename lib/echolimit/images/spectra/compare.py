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
from echolimit.images.spectra.gaps import MMD, ConvFrechet, Gap, SlicedW2
from echolimit.images.spectra.modes import hermite_ratios
from echolimit.images.spectra.reference import ImageReference
from echolimit.images.spectra.second_order import (
    radial_power_law,
    reference_power,
    slope_of_power,
    spectral_contraction,
    spectral_slope,
    tail_variance,
    tail_variance_law,
)

DEGREES = 4
SPECTRAL = ("spectral_slope", "spectral_contraction")
MODES = tuple(f"hermite_{n}" for n in range(1, DEGREES + 1))
MOMENTS = ("tail_variance", *SPECTRAL, *MODES)
GAPS: dict[str, Callable[[ImageReference], Gap]] = {"conv_frechet": ConvFrechet, "sliced_w2": SlicedW2, "mmd": MMD}
METRICS = (*MOMENTS, *GAPS, *(f"{name}_to_law" for name in GAPS))
PIXELS = (*SPECTRAL, "conv_frechet", "conv_frechet_to_law")  # metrics that need images, not rows
NO_AGES = Estimate(math.nan, math.nan)


@dataclass(frozen=True)
class MetricRow:
    """One metric of one set of images.

    measured, standard_error: of the images given, of n of them.  theory, theory_error: of the exact law (closed form:
    error 0; distances: extrapolated or from many draws).  control, control_spread: mean over sets of n exact draws, and
    the standard deviation of one set.  floor, floor_spread: the same of n real images (for "_to_law": the control).
    data: of the data set itself.  nan where there are no ages to predict from.
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
            return (self.measured - self.theory) / math.hypot(self.standard_error, self.theory_error)
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

    samples: (n, c, h, w) or rows (n, d), in random order.  reference: ImageReference (make one for all rounds), or the
    images of the data set.  ages: `loop_ages(...)` or an EchoLaw of the round, or None where there is no exact law.
    metrics: some of METRICS, None for all that the reference allows (rows without pixels have no spectrum).
    repeats: sets of exact draws and, where there are enough, of real images; >= 2.
    Raises ValueError for wrong shapes, an unknown metric, or one that needs pixels on rows.
    """
    reference = reference if isinstance(reference, ImageReference) else ImageReference(reference)
    rows = reference.rows_of(samples)
    ages = None if ages is None else check_ages(ages)
    repeats = check_count(repeats, "repeats", least=2)
    check_rng(rng, rows)
    names = _chosen(metrics, reference)
    controls = [] if ages is None else [draw_images(reference, ages, len(rows), rng) for _ in range(repeats)]
    floors = _real_sets(reference, len(rows), repeats, rng)
    sets = (rows, controls, floors)
    found = {row.metric: row for row in _moment_rows(reference, ages, names, sets)}
    for name in GAPS:
        if name in names or f"{name}_to_law" in names:
            found |= {row.metric: row for row in _gap_rows(name, reference, ages, sets, rng)}
    return [found[name] for name in names if name in found]


def _chosen(metrics: Sequence[str] | None, reference: ImageReference) -> list[str]:
    if metrics is None:
        return [name for name in METRICS if reference.has_pixels or name not in PIXELS]
    names = [check_choice(name, "metrics", METRICS) for name in metrics]
    for name in names:
        if name in PIXELS and not reference.has_pixels:
            raise ValueError(f"metrics must do without pixels for rows (n, d), got {name!r}: pass images (n, c, h, w)")
    return names


def _real_sets(reference: ImageReference, n: int, repeats: int, rng: np.random.Generator) -> list[np.ndarray]:
    """Sets of n real images: disjoint ones of the held-out images (at least one), or draws of the data set."""
    held_out = reference.held_out
    if held_out is None:
        return [reference.rows[rng.integers(len(reference.rows), size=n)] for _ in range(repeats)]
    order = rng.permutation(len(held_out))
    count = max(1, min(repeats, len(held_out) // n))
    return [held_out[order[k * n : (k + 1) * n]] for k in range(count)]


def _moment_rows(
    reference: ImageReference, ages: Ages | None, names: list[str], sets: tuple[Any, list, list]
) -> list[MetricRow]:
    rows, controls, floors = sets
    measured = _moments(rows, reference, names)
    of_controls = [_moments(x, reference, names) for x in controls]
    of_floors = [_moments(x, reference, names) for x in floors]
    data = _moment_laws(reference, Ages(np.zeros(1), np.ones(1)), names)
    theory = {} if ages is None else _moment_laws(reference, ages, names)
    return [
        _row(
            name,
            measured[name],
            Estimate(theory[name], 0.0) if theory else NO_AGES,
            _over_sets([x[name] for x in of_controls]),
            _over_sets([x[name] for x in of_floors]),
            data[name],
        )
        for name in measured
    ]


def _moments(rows: np.ndarray, reference: ImageReference, names: list[str]) -> dict[str, Estimate]:
    found: dict[str, Estimate] = {}
    if "tail_variance" in names:
        found["tail_variance"] = tail_variance(rows, reference)
    if "spectral_slope" in names:
        found["spectral_slope"] = spectral_slope(reference.pixels_of(rows))
    if "spectral_contraction" in names:
        found["spectral_contraction"] = spectral_contraction(reference.pixels_of(rows), reference_power(reference))
    if set(MODES) & set(names):
        values, errors = hermite_ratios(rows, reference, DEGREES)
        found |= {name: Estimate(*pair) for name, *pair in zip(MODES, values, errors, strict=True)}
    return found


def _moment_laws(reference: ImageReference, ages: Ages, names: list[str]) -> dict[str, float]:
    found = {name: ages.kept(n) for n, name in enumerate(MODES, start=1)}
    found |= {"tail_variance": tail_variance_law(reference, ages), "spectral_contraction": ages.kept(2)}
    if "spectral_slope" in names:
        found["spectral_slope"] = slope_of_power(radial_power_law(reference, ages))
    return found


def _gap_rows(
    name: str,
    reference: ImageReference,
    ages: Ages | None,
    sets: tuple[Any, list, list],
    rng: np.random.Generator,
) -> list[MetricRow]:
    gap = GAPS[name](reference)
    rows, controls, floors = sets
    sample, drawn = gap.describe(rows), [gap.describe(x) for x in controls]
    floor = _over_sets([gap.to_data(gap.describe(x)) for x in floors])
    if ages is None:
        return [_row(name, gap.to_data(sample), NO_AGES, NO_AGES, floor, 0.0)]
    theory = gap.law_to_data(ages, np.concatenate(drawn), rng)
    to_data = _row(name, gap.to_data(sample), theory, _over_sets([gap.to_data(x) for x in drawn]), floor, 0.0)
    law = gap.law(ages, np.concatenate([gap.describe(draw_images(reference, ages, len(rows), rng))]), rng)
    control = _over_sets([gap.between(x, law) for x in drawn])
    away = gap.law_to_data(ages, np.concatenate(drawn), rng).value
    to_law = _row(f"{name}_to_law", gap.between(sample, law), Estimate(0.0, 0.0), control, control, away)
    return [to_data, to_law]


def _over_sets(found: list[Estimate]) -> Estimate:
    """Mean over sets and the standard deviation of one; of a single set, its own standard error."""
    if not found:
        return NO_AGES
    values = np.array([x.value for x in found])
    if len(found) == 1:
        return Estimate(float(values[0]), float(found[0].error))
    return Estimate(float(values.mean()), float(values.std(ddof=1)))


def _row(
    name: str, measured: Estimate, theory: Estimate, control: Estimate, floor: Estimate, data: float
) -> MetricRow:
    numbers = (*measured, *theory, *control, *floor, data)
    return MetricRow(name, *(float(x) for x in numbers))


def metric_table(rows: Sequence[MetricRow]) -> str:
    """The rows as text, at most 80 columns: metric, measured +- error, theory, control, floor, z."""
    lines = [f"{'metric':<22}{'measured':>10}{'error':>9}{'theory':>10}{'control':>10}{'floor':>10}{'z':>7}"]
    for row in rows:
        numbers = f"{row.measured:>10.4g}{row.standard_error:>9.1g}{row.theory:>10.4g}{row.control:>10.4g}"
        lines.append(f"{row.metric:<22}{numbers}{row.floor:>10.4g}{row.z:>7.1f}")
    return "\n".join(lines)
