"""How a reverse chain forgets its start: drift, minorisation, Harris' bound, exact kernels on the line, the flow."""

from echolimit.forgetting.curves import forgetting_curves, frozen_weights
from echolimit.forgetting.drift import (
    LyapunovDrift,
    ReverseBridge,
    bounded_lyapunov,
    doeblin_mass,
    gaussian_forgetting,
    gaussian_lyapunov,
    reverse_bridge,
)
from echolimit.forgetting.flow import flow_map
from echolimit.forgetting.harris import HarrisBound, harris_contraction
from echolimit.forgetting.kernels import reverse_kernel, sampler_kernel
from echolimit.forgetting.variation import dobrushin_coefficient, weighted_variation

__all__ = [
    "HarrisBound",
    "LyapunovDrift",
    "ReverseBridge",
    "bounded_lyapunov",
    "dobrushin_coefficient",
    "doeblin_mass",
    "flow_map",
    "forgetting_curves",
    "frozen_weights",
    "gaussian_forgetting",
    "gaussian_lyapunov",
    "harris_contraction",
    "reverse_bridge",
    "reverse_kernel",
    "sampler_kernel",
    "weighted_variation",
]
