"""Finite samples in the loop: refitted means, kernel estimates, smoothing, data regimes, a score network."""

from echolimit.finite_sample.kernel_loop import fourier_transfer, kernel_loop_mise
from echolimit.finite_sample.network import ScoreNetwork, fit_exact_score, fit_score_network
from echolimit.finite_sample.refit import RefitPeak, expected_location_tv, refit_peak, refit_variance
from echolimit.finite_sample.regimes import location_variance
from echolimit.finite_sample.simulation import RegimeRun, fit_gaussian, fit_kernel_density, simulate_regime
from echolimit.finite_sample.smoothing import (
    BestTruncation,
    best_truncation,
    hermite_variance,
    smoother_risk,
    wiener_gain,
)

__all__ = [
    "BestTruncation",
    "RefitPeak",
    "RegimeRun",
    "ScoreNetwork",
    "best_truncation",
    "expected_location_tv",
    "fit_exact_score",
    "fit_gaussian",
    "fit_kernel_density",
    "fit_score_network",
    "fourier_transfer",
    "hermite_variance",
    "kernel_loop_mise",
    "location_variance",
    "refit_peak",
    "refit_variance",
    "simulate_regime",
    "smoother_risk",
    "wiener_gain",
]
