"""Score errors in the loop: what of them can be seen, how they add up over rounds, and where chi2 explodes."""

from echolimit.drift.accumulation import accumulated_drift, drift_ceiling, drift_floor
from echolimit.drift.components import component_moments, kernel_loop_law, sample_kernel_loop
from echolimit.drift.observability import ScoreErrorEffect, error_gain, invisible_error, observe_score_error
from echolimit.drift.shift_loop import chi2_onset, shift_loop_chi2, shift_loop_law

__all__ = [
    "ScoreErrorEffect",
    "accumulated_drift",
    "chi2_onset",
    "component_moments",
    "drift_ceiling",
    "drift_floor",
    "error_gain",
    "invisible_error",
    "kernel_loop_law",
    "observe_score_error",
    "sample_kernel_loop",
    "shift_loop_chi2",
    "shift_loop_law",
]
