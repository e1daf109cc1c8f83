"""Finite samples: bad input is refused with the argument, its value and a remedy."""

import numpy as np
import pytest

from echolimit import (
    GaussianMixture,
    PointCloud,
    best_truncation,
    expected_location_tv,
    fit_exact_score,
    fit_gaussian,
    fit_kernel_density,
    fit_score_network,
    fourier_transfer,
    hermite_variance,
    kernel_loop_mise,
    location_variance,
    refit_peak,
    refit_variance,
    simulate_regime,
    smoother_risk,
    standard_gaussian,
    wiener_gain,
)
from strategies import line_example, plane_example

LAW, RNG = line_example(), np.random.default_rng(0)


def simulate(
    regime="reused", data=LAW, fit=None, measure=float, rounds=1, real=5, synthetic=5, seeds=2, subsample=None
):
    return simulate_regime(regime, data, fit or fit_gaussian(1.0), measure, rounds, real, synthetic, seeds, subsample)


CASES = {
    "ratio below zero": (lambda: refit_variance(-1.0, 2), ValueError, "ratio must be finite and at least 0"),
    "ratio NaN": (lambda: refit_variance([1.0, np.nan], 2), ValueError, "ratio must be finite"),
    "ratio a word": (lambda: refit_variance("two", 2), ValueError, "ratio must be an array of numbers"),
    "another regime": (lambda: refit_variance(1.0, 2, "old"), ValueError, "regime must be one of reused, fresh"),
    "half a round": (lambda: refit_variance(1.0, 2.5), TypeError, "rounds must be an integer"),
    "no peak": (lambda: refit_peak(0), ValueError, "rounds must be at least 1"),
    "negative variance": (lambda: expected_location_tv(-1e-3), ValueError, "variance must be finite and at least 0"),
    "regime": (lambda: location_variance("keep", 3, 5, 5), ValueError, "regime must be one of replace, reused"),
    "no synthetic": (lambda: location_variance("replace", 3, 5, 0), ValueError, "synthetic must be at least 1"),
    "no subsample": (lambda: location_variance("subsample", 3, 5, 5), ValueError, "pass subsample=real"),
    "large subsample": (lambda: location_variance("subsample", 3, 5, 5, 6), ValueError, "subsample must be at least 1"),
    "stray subsample": (lambda: location_variance("replace", 3, 5, 5, 2), ValueError, "use regime='subsample'"),
    "simulated regime": (lambda: simulate("keep"), ValueError, "regime must be one of"),
    "data": (lambda: simulate(data=np.ones(3)), TypeError, "data must be a GaussianMixture"),
    "fit": (lambda: simulate(fit=3), TypeError, "fit must be a function"),
    "measure": (lambda: simulate(measure=3), TypeError, "measure must be a function"),
    "fit without a model": (
        lambda: simulate(fit=lambda x, rng: None), TypeError, "fit must return a model .* got NoneType",
    ),
    "measured words": (lambda: simulate(measure=lambda model: "wide"), ValueError, "measure must return numbers"),
    "no seeds": (lambda: simulate(seeds=None), TypeError, "seeds must be an integer, got None"),
    "flat points": (lambda: fit_gaussian()(np.zeros(3), RNG), ValueError, "points must have shape"),
    "one seed": (lambda: simulate(seeds=1), ValueError, "one run has no error bar"),
    "seeds": (lambda: simulate(seeds=[0.5, 1]), TypeError, "seeds must be an integer"),
    "spread": (lambda: fit_gaussian(0.0), ValueError, "variance must be greater than 0"),
    "no kernel": (lambda: fit_kernel_density(0.0), ValueError, "constant must be greater than 0"),
    "loop law": (lambda: kernel_loop_mise(PointCloud([[0.0]]), 10, 1.0, 1), TypeError, "law must be a GaussianMixture"),
    "loop plane": (lambda: kernel_loop_mise(plane_example(), 10, 1.0, 1), ValueError, "law must be on the line"),
    "loop atom": (
        lambda: kernel_loop_mise(GaussianMixture([1], [[0]], [0.0]), 10, 1.0, 1), ValueError, "positive variances",
    ),
    "loop start": (lambda: kernel_loop_mise(LAW, 10, 1.0, 1, start="no"), ValueError, "start must be one of matched"),
    "loop regime": (lambda: kernel_loop_mise(LAW, 10, 1.0, 1, regime="no"), ValueError, "regime must be one of reused"),
    "loop constant": (lambda: kernel_loop_mise(LAW, 10, 1.0, 1, 0.0), ValueError, "constant must be greater than 0"),
    "loop samples": (lambda: kernel_loop_mise(LAW, 0, 1.0, 1), ValueError, "samples must be at least 1"),
    "loop too narrow": (
        lambda: kernel_loop_mise(GaussianMixture([1], [[0]], [1e-20]), 10, 1.0, 1), ValueError, "rescale the law",
    ),
    "transfer frequency": (lambda: fourier_transfer(np.nan, 0.5, 1.0), ValueError, "frequency must be finite, got nan"),
    "transfer alpha": (lambda: fourier_transfer(1.0, 0.0, 1.0), ValueError, "alpha must be in"),
    "transfer bandwidth": (lambda: fourier_transfer(1.0, 0.5, 0.0), ValueError, "bandwidth must be greater than 0"),
    "degree": (lambda: hermite_variance(LAW, 401), ValueError, "degree must be at least 0 and at most 400"),
    "overflow": (
        lambda: hermite_variance(GaussianMixture([1], [[0]], [400.0]), 400), ValueError, "h_n\\^2 overflows",
    ),
    "risk delta": (lambda: smoother_risk(LAW, 10, 0.2, -0.1, 5), ValueError, "delta must be finite and at least 0"),
    "risk samples": (lambda: smoother_risk(LAW, 0, 0.2, 0.1, 5), ValueError, "samples must be at least 1"),
    "best alpha": (lambda: best_truncation(LAW, 10, 0.0, 5), ValueError, "alpha must be in"),
    "gain degree": (lambda: wiener_gain(LAW, 10, 0), ValueError, "degree must be at least 1"),
    "truncation": (lambda: fit_exact_score(0.0), ValueError, "delta must be greater than 0"),
    "truncation rule": (lambda: fit_exact_score(lambda n: -1.0)(np.ones((3, 1)), RNG), ValueError, "delta must be"),
    "ridge": (lambda: fit_score_network(0.1, ridge=0.0), ValueError, "ridge must be greater than 0"),
    "levels": (lambda: fit_score_network(0.1, levels=1), ValueError, "levels must be at least 2"),
    "T": (lambda: fit_score_network(0.1, T=0.05)(np.ones((3, 1)), RNG), ValueError, "T must be in"),
    "network plane": (lambda: fit_score_network(0.1)(np.ones((3, 2)), RNG), ValueError, "x must have shape"),
    "network NaN": (lambda: fit_score_network(0.1)(np.array([[np.nan]]), RNG), ValueError, "x must be finite"),
    "network scale": (lambda: fit_score_network(0.1)(np.array([[99.0]]), RNG), ValueError, "standardise it first"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_bad_input_names_argument_value_and_remedy(case):
    call, error, words = CASES[case]
    with pytest.raises(error, match=words):
        call()


def test_a_score_wants_points_of_the_line():
    model = fit_score_network(0.2, hidden=10, levels=4)(standard_gaussian(1).sample(20, RNG), RNG)
    with pytest.raises(ValueError, match=r"x must have shape \(n, 1\)"):
        model.score(np.ones(3), 0.5)
    with pytest.raises(ValueError, match="n must be at least 1"):
        model.sample(0, RNG)
