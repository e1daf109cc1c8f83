"""One loop for every way to feed it: data, a fit function, a measurement, and records over seeds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from echolimit._arrays import to_numpy
from echolimit._checks import check_count, check_positive
from echolimit._law import Law, check_law
from echolimit.cloud import PointCloud
from echolimit.finite_sample.regimes import check_regime, check_subsample
from echolimit.mixtures import GaussianMixture
from echolimit.process import VarianceExploding

Fit = Callable[[np.ndarray, np.random.Generator], Any]


class RegimeRun(NamedTuple):
    """Records of a simulated loop: values (seeds, rounds + 1, ...), whatever `measure` returned for each model."""

    values: np.ndarray

    @property
    def mean(self) -> np.ndarray:
        """Average over the seeds, shape (rounds + 1, ...)."""
        return self.values.mean(axis=0)

    @property
    def standard_error(self) -> np.ndarray:
        """Standard error of that average, shape (rounds + 1, ...): the sample deviation over sqrt(seeds)."""
        return self.values.std(axis=0, ddof=1) / np.sqrt(len(self.values))


def simulate_regime(
    regime: str,
    data: Law,
    fit: Fit,
    measure: Callable[[Any], Any],
    rounds: int,
    real: int,
    synthetic: int,
    seeds: int | Sequence[int],
    subsample: int | None = None,
) -> RegimeRun:
    """Run the loop once for every seed and record a measurement of every model.

    regime: "replace", "reused", "fresh", "accumulate" or "subsample", as in `location_variance`.
    data: the law of real points.  fit: fit(x, rng) -> model, x (N, d); a model has sample(n, rng) -> (n, d), as every
    law has.  measure: measure(model) -> a number or an array of fixed shape.  rounds: integer >= 0; round 0 is the
    model of `real` points.  synthetic: points that each model gives, >= 1.  seeds: a number (0 .. seeds - 1) or a
    sequence of integers, at least two; one seed always gives the same run, alone or beside others.
    subsample: size of the training sets under "subsample", at most `real`.
    Returns a RegimeRun.  Raises ValueError outside these ranges, TypeError for a fit or measure that cannot be called.
    See chapter 8, prop-regimes; Kazdan et al. (2024) for replace, accumulate and subsample.
    """
    check_regime(regime)
    check_law(data, "data")
    rounds, n = check_count(rounds, "rounds"), check_count(real, "real", least=1)
    m, size = check_count(synthetic, "synthetic", least=1), check_subsample(regime, subsample, n)
    for name, function in (("fit", fit), ("measure", measure)):
        if not callable(function):
            raise TypeError(f"{name} must be a function, got {function!r}: see fit_gaussian for an example of a fit")
    runs = []
    for seed in _seeds(seeds):
        rng = np.random.default_rng(seed)
        runs.append([measure(model) for model in _models(regime, data, fit, rounds, n, m, size, rng)])
    try:
        return RegimeRun(np.asarray(runs, dtype=np.float64))
    except (TypeError, ValueError) as error:
        raise ValueError(f"measure must return numbers of one shape for every model, got others: {error}") from None


def _models(regime: str, data: Law, fit: Fit, rounds: int, n: int, m: int, size: int, rng: np.random.Generator) -> Any:
    """The models of rounds 0 .. rounds, one after the other."""
    pool = to_numpy(data.sample(n, rng))
    train = _drawn(pool, size, rng) if regime == "subsample" else pool
    model = fit(train, rng)
    if not callable(getattr(model, "sample", None)):
        raise TypeError(f"fit must return a model with sample(n, rng), got {type(model).__name__}: see fit_gaussian")
    yield model
    for _ in range(rounds):
        new = to_numpy(model.sample(m, rng))
        if regime == "replace":
            train = new
        elif regime == "reused":
            train = np.concatenate([pool, new])
        elif regime == "fresh":
            train = np.concatenate([to_numpy(data.sample(n, rng)), new])
        else:
            train = pool = np.concatenate([pool, new])
            if regime == "subsample":
                train = _drawn(pool, size, rng)
        model = fit(train, rng)
        yield model


def _drawn(pool: np.ndarray, size: int, rng: np.random.Generator) -> np.ndarray:
    return pool[rng.choice(len(pool), size, replace=False)]


def _seeds(seeds: int | Sequence[int]) -> list[int]:
    if isinstance(seeds, Iterable):
        values = [check_count(s, "seeds") for s in seeds]
    else:
        values = list(range(check_count(seeds, "seeds")))
    if len(values) < 2:
        raise ValueError(f"seeds must give at least 2 runs, got {seeds!r}: one run has no error bar")
    return values


def fit_gaussian(variance: float | None = None) -> Fit:
    """A fit function for `simulate_regime`: the normal law with the mean of the points and a known or fitted spread.

    variance: the known variance v > 0 of every coordinate, or None for the covariance of the points (divisor N, maximum
    likelihood).  Returns fit(x, rng) -> GaussianMixture with one component.  Raises ValueError for variance <= 0.
    """
    if variance is not None:
        check_positive(variance, "variance", "pass None to fit it")

    def fit(x: np.ndarray, rng: np.random.Generator) -> GaussianMixture:
        x = np.asarray(PointCloud(x).points)
        if variance is not None:
            return GaussianMixture([1.0], x.mean(axis=0)[None], [variance])
        return GaussianMixture([1.0], x.mean(axis=0)[None], np.cov(x.T, bias=True).reshape(1, x.shape[1], -1))

    return fit


def fit_kernel_density(constant: float = 1.06) -> Fit:
    """A fit function for `simulate_regime`: the Gaussian kernel density estimate with bandwidth h = constant N^(-1/5).

    constant: > 0, in the unit of the data.  Returns fit(x, rng) -> PointCloud diffused to the variance h^2.
    Raises ValueError for constant <= 0.  Its loop on the line is solved in chapter 8, thm-kernel-loop.
    """
    check_positive(constant, "constant", "without a kernel there is no density")

    def fit(x: np.ndarray, rng: np.random.Generator) -> PointCloud:
        return PointCloud(x).diffuse((constant * len(x) ** -0.2) ** 2, VarianceExploding())

    return fit
