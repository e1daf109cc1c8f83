"""Where a run trains: the accelerator, and a check that the launch started what it seems to have started.

One device needs no launcher.  Several devices, on one node or many, are started by `torchrun`; accelerate then finds
its peers in the environment.  Some launches look right and are not: they run one process where two were asked for, or
two separate jobs in one folder.  `make_accelerator` refuses them.  The appendix *Running at scale* has the commands.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch

from echolimit._checks import check_choice, check_count

if TYPE_CHECKING:
    from accelerate import Accelerator

TORCHRUN = "torchrun --nproc_per_node N -m echolimit.learning run CONFIG.toml"
WORLD_SIZES = ("WORLD_SIZE", "PMI_SIZE", "OMPI_COMM_WORLD_SIZE", "MV2_COMM_WORLD_SIZE")
LAUNCHER = (
    *WORLD_SIZES,
    "RANK",
    "LOCAL_RANK",
    "LOCAL_WORLD_SIZE",
    "MASTER_ADDR",
    "MASTER_PORT",
    "SLURM_STEP_NUM_TASKS",
)
AMPERE = (8, 0)  # compute capability from which on a CUDA device multiplies bfloat16 itself


def make_accelerator(precision: str = "no", **options: Any) -> Accelerator:
    """An `accelerate.Accelerator` for this process: its GPU where there is one, else the CPU.

    precision: "no" (float32), "bf16" or "fp16".  options: further arguments of `Accelerator`.  May be called again in
    one interpreter with another precision.  Raises RuntimeError for a launch that does not do what it says (see
    `check_launch`), ValueError for a precision that the device lacks.
    """
    from accelerate import Accelerator
    from accelerate.state import AcceleratorState

    check_choice(precision, "precision", ("no", "bf16", "fp16"))
    launched_processes()
    if AcceleratorState._shared_state and AcceleratorState().mixed_precision != precision:
        AcceleratorState._reset_state()  # else accelerate refuses the second precision; the process group stays
    accelerator = Accelerator(cpu=on_cpu(), mixed_precision=precision, **options)
    check_launch(accelerator)
    check_precision(precision, accelerator.device)
    return accelerator


def on_cpu() -> bool:
    """Whether a run trains on the CPU: the `cpu` argument without which accelerate starts separate jobs there.

    False where torch sees a CUDA or other accelerator.  Apple's MPS takes part in no process group: False for one
    process alone.
    """
    device = torch.accelerator.current_accelerator(check_available=True) if hasattr(torch, "accelerator") else None
    if device is None:
        return not torch.cuda.is_available()
    return device.type == "mps" and launched_processes() > 1


def launched_processes(environ: Mapping[str, str] | None = None) -> int:
    """Number of processes that the launcher says it started, from its environment variables; 1 without a launcher.

    environ: the variables, by default those of this process.  Raises RuntimeError for a launcher that meant several
    processes and left each of them alone.
    """
    given = os.environ if environ is None else environ
    world = next((_whole(given, name) for name in WORLD_SIZES if given.get(name)), None)
    if world is None:
        _refuse_lonely(given)
        return 1
    if world > 1 and given.get("WORLD_SIZE") and not given.get("RANK"):
        raise RuntimeError(
            f"WORLD_SIZE is {world} but RANK is not set: this process would wait for peers that nobody started; start "
            f"them with '{TORCHRUN}', or unset WORLD_SIZE to train with one process"
        )
    return world


def check_launch(accelerator: Any, environ: Mapping[str, str] | None = None) -> int:
    """The number of processes of a run, if launcher and accelerator agree on it.

    accelerator: an `accelerate.Accelerator` (its num_processes and device are read).  environ: the launcher's
    variables, by default those of this process.  Raises RuntimeError, naming both numbers and the launch that works, if
    they disagree or if processes of one node would share a GPU.
    """
    given = os.environ if environ is None else environ
    world, found = launched_processes(given), int(accelerator.num_processes)
    if world != found:
        raise RuntimeError(
            f"the launcher started {world} processes (WORLD_SIZE) but accelerate runs with num_processes = {found}: "
            f"there would be {world} separate jobs in one folder; use '{TORCHRUN}' and an accelerator from "
            "echolimit.learning.devices.make_accelerator, which sets cpu=True where there is no GPU"
        )
    local = _whole(given, "LOCAL_WORLD_SIZE") if given.get("LOCAL_WORLD_SIZE") else 1
    if accelerator.device.type == "cuda" and local > torch.cuda.device_count():
        raise RuntimeError(
            f"the launcher started {local} processes on a node with {torch.cuda.device_count()} visible GPUs: two "
            "would share one; lower --nproc_per_node, or make more GPUs visible"
        )
    return found


def check_precision(precision: str, device: torch.device) -> None:
    """Refuses a precision that `device` lacks, with the one to use: ValueError.

    fp16 needs a GPU (its gradients are scaled there); bf16 needs a CPU or a CUDA device of the Ampere generation or
    later: older ones, such as a T4, only emulate it.
    """
    if precision == "fp16" and device.type == "cpu":
        raise ValueError("training.precision is 'fp16', which needs a GPU: use 'bf16' or 'no' on a CPU")
    if precision == "bf16" and device.type == "cuda" and torch.cuda.get_device_capability(device) < AMPERE:
        name = torch.cuda.get_device_name(device)
        raise ValueError(f"training.precision is 'bf16', which {name} only emulates: use 'fp16' there")


def best_precision(device: torch.device) -> str:
    """The precision to train in: "bf16" where the device has it, "fp16" on older GPUs such as a T4, else "no"."""
    if device.type == "cuda":
        return "bf16" if torch.cuda.get_device_capability(device) >= AMPERE else "fp16"
    return "bf16" if device.type == "cpu" else "no"


def share_of_batch(batch: int, processes: int, process: int) -> slice:
    """Rows of the global batch that a process trains on: equal shares in order, so that the mean of the processes'
    losses is the loss of the global batch.

    batch: rows over all processes.  processes: their number, >= 1, a divisor of batch.  process: 0, ..., processes - 1.
    Raises ValueError if the shares were unequal.
    """
    batch, processes = check_count(batch, "batch", least=1), check_count(processes, "processes", least=1)
    process = check_count(process, "process", most=processes - 1)
    if batch % processes:
        raise ValueError(
            f"training.batch = {batch} cannot be shared by {processes} processes: it counts the points of a step over "
            f"all of them, so choose a multiple, such as {-(-batch // processes) * processes}"
        )
    share = batch // processes
    return slice(process * share, (process + 1) * share)


def _refuse_lonely(given: Mapping[str, str]) -> None:
    """Launches that started several processes, or meant to, and told none of them."""
    if given.get("ACCELERATE_MIXED_PRECISION") and given.get("MASTER_ADDR"):
        raise RuntimeError(
            "accelerate launch was asked for several processes and started one (MASTER_ADDR is set, WORLD_SIZE is not)"
            f": this is what --cpu --num_processes does; use '{TORCHRUN}'"
        )
    tasks = _whole(given, "SLURM_STEP_NUM_TASKS") if given.get("SLURM_STEP_NUM_TASKS") else 1
    if tasks > 1:
        raise RuntimeError(
            f"srun started {tasks} tasks that do not know of each other (WORLD_SIZE is not set): start one task a node "
            "with 'srun --ntasks-per-node=1 torchrun --nnodes ...', and let torchrun start the rest"
        )


def _whole(given: Mapping[str, str], name: str) -> int:
    try:
        value = int(given[name])
    except ValueError:
        value = 0
    if value < 1:
        raise RuntimeError(
            f"{name} must be a whole number of at least 1, got {given[name]!r}: launch with '{TORCHRUN}'"
        )
    return value
