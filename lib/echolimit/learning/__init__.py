"""Score networks in the loop: the learned recursion, its checkpoints, records and sweeps (chapters 10 and 11)."""

try:
    import accelerate as _accelerate  # noqa: F401
    import torch as _torch  # noqa: F401
except ImportError as error:
    raise ImportError(
        f"echolimit.learning needs {error.name}, which is not installed: pip install 'echolimit[images]'"
    ) from error

from echolimit.learning.keeping import RoundRecord, finished_rounds, load_round
from echolimit.learning.networks import ScoreModel
from echolimit.learning.recursion import learned_recursion
from echolimit.learning.settings import (
    DataSettings,
    LoopSettings,
    NetworkSettings,
    RunSettings,
    SamplerSettings,
    TrainingSettings,
)

__all__ = [
    "DataSettings",
    "LoopSettings",
    "NetworkSettings",
    "RoundRecord",
    "RunSettings",
    "SamplerSettings",
    "ScoreModel",
    "TrainingSettings",
    "finished_rounds",
    "learned_recursion",
    "load_round",
]
