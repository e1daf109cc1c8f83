"""The Echo Limit: recursively trained diffusion models in closed form.

The recursion p_{i+1} = P_delta(alpha p* + (1 - alpha) p_i), its limit law, and what both do to Hermite modes (chapters
1 to 4); reverse-time samplers; annealed schedules, errors, drift, finite samples and forgetting (chapters 5 to 9).
Figures live in `echolimit.figures`, which alone imports matplotlib and ipywidgets; torch is never imported here.
"""

from echolimit._law import Law
from echolimit.cloud import PointCloud
from echolimit.distances import chi2_divergence, kl_divergence, sliced_wasserstein, total_variation, wasserstein
from echolimit.drift import (
    ScoreErrorEffect,
    accumulated_drift,
    chi2_onset,
    component_moments,
    drift_ceiling,
    drift_floor,
    error_gain,
    invisible_error,
    kernel_loop_law,
    observe_score_error,
    sample_kernel_loop,
    shift_loop_chi2,
    shift_loop_law,
)
from echolimit.echo_law import EchoLaw
from echolimit.finite_sample import (
    BestTruncation,
    RefitPeak,
    RegimeRun,
    ScoreNetwork,
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
    wiener_gain,
)
from echolimit.forgetting import (
    HarrisBound,
    LyapunovDrift,
    ReverseBridge,
    bounded_lyapunov,
    dobrushin_coefficient,
    doeblin_mass,
    flow_map,
    forgetting_curves,
    frozen_weights,
    gaussian_forgetting,
    gaussian_lyapunov,
    harris_contraction,
    reverse_bridge,
    reverse_kernel,
    sampler_kernel,
    weighted_variation,
)
from echolimit.hermite import (
    HermiteEstimate,
    HermiteTable,
    HermiteTableEstimate,
    compounding_factor,
    cutoff_degree,
    degree_energies,
    density_from_hermite,
    estimate_hermite_coefficients,
    hermite_coefficients,
    transfer,
)
from echolimit.mixtures import GaussianMixture, standard_gaussian
from echolimit.process import (
    OrnsteinUhlenbeck,
    VarianceExploding,
    alpha_bar_to_delta,
    delta_to_alpha_bar,
    delta_to_sigma,
    sigma_to_delta,
)
from echolimit.recursion import (
    age_law,
    limit_law,
    one_round,
    round_law,
    sample_limit,
    sample_round,
    score_of,
)
from echolimit.robustness import (
    GAUSSIAN_SAMPLERS,
    FixedPoint,
    ball_radius,
    contraction_factor,
    covariance_defect,
    displacement_radius,
    error_bound,
    gaussian_fixed_points,
    gaussian_limit,
    gaussian_loop,
    gaussian_pass,
    initialisation_bound,
    noise_gain,
)
from echolimit.samplers import (
    StepCoefficients,
    ancestral,
    ddim,
    dpmpp_2m,
    euler_maruyama,
    exponential_integrator,
    heun,
    score_from_diffusers,
    score_from_edm,
    score_from_epsilon,
    score_from_x0,
    step_coefficients,
    time_grid,
)
from echolimit.schedules import (
    best_constant,
    budget_schedule,
    constant_schedule,
    forgetting_weights,
    geometric_schedule,
    mean_noising_times,
    mode_amplitudes,
    mode_rms_error,
    noise_objective,
    noise_schedule,
    polynomial_schedule,
    scale_to_budget,
    schedule_cost,
)

__all__ = [
    "GAUSSIAN_SAMPLERS", "BestTruncation", "EchoLaw", "FixedPoint", "GaussianMixture", "HarrisBound",
    "HermiteEstimate", "HermiteTable", "HermiteTableEstimate", "Law", "LyapunovDrift", "OrnsteinUhlenbeck",
    "PointCloud", "RefitPeak", "RegimeRun", "ReverseBridge", "ScoreErrorEffect", "ScoreNetwork", "StepCoefficients",
    "VarianceExploding", "accumulated_drift", "age_law", "alpha_bar_to_delta", "ancestral", "ball_radius",
    "best_constant", "best_truncation", "bounded_lyapunov", "budget_schedule", "chi2_divergence", "chi2_onset",
    "component_moments", "compounding_factor", "constant_schedule", "contraction_factor", "covariance_defect",
    "cutoff_degree", "ddim", "degree_energies", "delta_to_alpha_bar", "delta_to_sigma", "density_from_hermite",
    "displacement_radius", "dobrushin_coefficient", "doeblin_mass", "dpmpp_2m", "drift_ceiling", "drift_floor",
    "error_bound", "error_gain", "estimate_hermite_coefficients", "euler_maruyama", "expected_location_tv",
    "exponential_integrator", "fit_exact_score", "fit_gaussian", "fit_kernel_density", "fit_score_network",
    "flow_map", "forgetting_curves", "forgetting_weights", "fourier_transfer", "frozen_weights",
    "gaussian_fixed_points", "gaussian_forgetting", "gaussian_limit", "gaussian_loop", "gaussian_lyapunov",
    "gaussian_pass", "geometric_schedule", "harris_contraction", "hermite_coefficients", "hermite_variance", "heun",
    "initialisation_bound", "invisible_error", "kernel_loop_law", "kernel_loop_mise", "kl_divergence", "limit_law",
    "location_variance", "mean_noising_times", "mode_amplitudes", "mode_rms_error", "noise_gain", "noise_objective",
    "noise_schedule", "observe_score_error", "one_round", "polynomial_schedule", "refit_peak", "refit_variance",
    "reverse_bridge", "reverse_kernel", "round_law", "sample_kernel_loop", "sample_limit", "sample_round",
    "sampler_kernel", "scale_to_budget", "schedule_cost", "score_from_diffusers", "score_from_edm",
    "score_from_epsilon", "score_from_x0", "score_of", "shift_loop_chi2", "shift_loop_law", "sigma_to_delta",
    "simulate_regime", "sliced_wasserstein", "smoother_risk", "standard_gaussian", "step_coefficients", "time_grid",
    "total_variation", "transfer", "wasserstein", "weighted_variation", "wiener_gain",
]  # fmt: skip
