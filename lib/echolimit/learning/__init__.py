"""Score networks in the loop: the learned recursion, its run folders and sweeps, and what score errors cost.

Chapters 10 and 11.  Commands: `python -m echolimit.learning --help`.
"""

try:
    import accelerate as _accelerate  # noqa: F401
    import torch as _torch  # noqa: F401
except ImportError as error:
    raise ImportError(
        f"echolimit.learning needs {error.name}, which is not installed: pip install 'echolimit[images]'"
    ) from error

from echolimit.learning.cost import RunCost, run_cost, training_speed
from echolimit.learning.energy import PathEnergy, energy_gap, mixture_score, numpy_score, path_energy
from echolimit.learning.grid import SweepSettings
from echolimit.learning.keeping import RoundRecord, finished_rounds, load_round
from echolimit.learning.networks import ScoreModel
from echolimit.learning.observability import (
    PathObservability,
    SamplerObservability,
    observe_paths,
    observe_sampler,
)
from echolimit.learning.pushing import RoundError, gronwall_bound, round_error
from echolimit.learning.recursion import learned_recursion
from echolimit.learning.runs import Run, read_run
from echolimit.learning.settings import (
    DataSettings,
    LoopSettings,
    NetworkSettings,
    RunSettings,
    SamplerSettings,
    TrainingSettings,
)
from echolimit.learning.sweep import run_sweep

__all__ = [
    "DataSettings",
    "LoopSettings",
    "NetworkSettings",
    "PathEnergy",
    "PathObservability",
    "RoundError",
    "RoundRecord",
    "Run",
    "RunCost",
    "RunSettings",
    "SamplerObservability",
    "SamplerSettings",
    "ScoreModel",
    "SweepSettings",
    "TrainingSettings",
    "energy_gap",
    "finished_rounds",
    "gronwall_bound",
    "learned_recursion",
    "load_round",
    "mixture_score",
    "numpy_score",
    "observe_paths",
    "observe_sampler",
    "path_energy",
    "read_run",
    "round_error",
    "run_cost",
    "run_sweep",
    "training_speed",
]
