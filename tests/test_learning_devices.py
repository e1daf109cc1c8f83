"""Launches that do not do what they say are refused, before anything is trained."""

from types import SimpleNamespace

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("accelerate")

from echolimit.learning import devices  # noqa: E402
from echolimit.learning.devices import (  # noqa: E402
    best_precision,
    check_launch,
    check_precision,
    launched_processes,
    share_of_batch,
)

# What the launchers set, as read off torch 2.13 and accelerate 1.15.
TORCHRUN = {"WORLD_SIZE": "2", "RANK": "1", "LOCAL_RANK": "1", "LOCAL_WORLD_SIZE": "2", "MASTER_ADDR": "localhost"}
ACCELERATE_CPU_TWO = {"ACCELERATE_MIXED_PRECISION": "no", "ACCELERATE_USE_CPU": "True", "MASTER_ADDR": "127.0.0.1"}


def accelerator(processes, device="cpu"):
    return SimpleNamespace(num_processes=processes, device=torch.device(device))


@pytest.mark.parametrize(
    ("environ", "processes"),
    [
        ({}, 1),
        (TORCHRUN, 2),
        ({"OMPI_COMM_WORLD_SIZE": "3"}, 3),
        ({"ACCELERATE_MIXED_PRECISION": "no", "ACCELERATE_USE_CPU": "True"}, 1),  # accelerate launch --cpu
        ({"SLURM_STEP_NUM_TASKS": "1", "SLURM_NTASKS": "8"}, 1),  # a batch script, before any srun
        (TORCHRUN | {"SLURM_STEP_NUM_TASKS": "2"}, 2),  # srun started one torchrun a node
        (TORCHRUN | ACCELERATE_CPU_TWO, 2),
        ({"MASTER_ADDR": "node1"}, 1),  # exported by a script, used by nobody
    ],
)
def test_launched_processes_reads_what_the_launcher_says(environ, processes):
    assert launched_processes(environ) == processes
    assert check_launch(accelerator(processes), environ) == processes


@pytest.mark.parametrize(
    ("environ", "says"),
    [
        (ACCELERATE_CPU_TWO, "asked for several processes and started one.*use 'torchrun"),
        ({"SLURM_STEP_NUM_TASKS": "4"}, "srun started 4 tasks that do not know of each other"),
        ({"WORLD_SIZE": "2"}, "WORLD_SIZE is 2 but RANK is not set.*unset WORLD_SIZE"),
        ({"WORLD_SIZE": "two", "RANK": "0"}, "WORLD_SIZE must be a whole number of at least 1, got 'two'"),
        ({"WORLD_SIZE": "0", "RANK": "0"}, "WORLD_SIZE must be a whole number of at least 1, got '0'"),
    ],
)
def test_lonely_and_broken_launches_are_refused(environ, says):
    with pytest.raises(RuntimeError, match=says):
        launched_processes(environ)


def test_a_launcher_and_an_accelerator_that_disagree_are_refused():
    with pytest.raises(RuntimeError, match=r"started 2 processes .* num_processes = 1: .* 2 separate jobs"):
        check_launch(accelerator(1), TORCHRUN)
    with pytest.raises(RuntimeError, match=r"started 1 processes .* num_processes = 2"):
        check_launch(accelerator(2), {})


def test_two_processes_may_not_share_a_gpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    with pytest.raises(RuntimeError, match="2 processes on a node with 1 visible GPUs"):
        check_launch(accelerator(2, "cuda"), TORCHRUN)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert check_launch(accelerator(2, "cuda"), TORCHRUN) == 2


def test_a_precision_that_the_device_lacks_is_refused(monkeypatch):
    cpu, gpu = torch.device("cpu"), torch.device("cuda")
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: "Tesla T4")
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: (7, 5))
    with pytest.raises(ValueError, match="'bf16', which Tesla T4 only emulates: use 'fp16'"):
        check_precision("bf16", gpu)
    with pytest.raises(ValueError, match="'fp16', which needs a GPU: use 'bf16' or 'no'"):
        check_precision("fp16", cpu)
    for precision, device in (("no", cpu), ("bf16", cpu), ("no", gpu), ("fp16", gpu)):
        check_precision(precision, device)
    assert [best_precision(torch.device(kind)) for kind in ("cpu", "cuda", "mps")] == ["bf16", "fp16", "no"]
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: (8, 0))
    check_precision("bf16", gpu)
    assert best_precision(gpu) == "bf16"


@pytest.mark.parametrize(("gpu", "processes", "cpu"), [(None, 1, True), ("cuda", 2, False), ("mps", 1, False)])
def test_the_cpu_is_used_where_there_is_nothing_better(monkeypatch, gpu, processes, cpu):
    found = None if gpu is None else torch.device(gpu)
    monkeypatch.setattr(torch.accelerator, "current_accelerator", lambda check_available: found)
    monkeypatch.setattr(devices, "launched_processes", lambda: processes)
    assert devices.on_cpu() is cpu


def test_several_processes_on_apple_use_the_cpu(monkeypatch):
    monkeypatch.setattr(torch.accelerator, "current_accelerator", lambda check_available: torch.device("mps"))
    monkeypatch.setattr(devices, "launched_processes", lambda: 2)
    assert devices.on_cpu()


def test_make_accelerator_again_with_another_precision():
    if torch.cuda.is_available():
        pytest.skip("the CPU's precisions")
    assert devices.make_accelerator("no").mixed_precision == "no"
    again = devices.make_accelerator("bf16")
    assert (again.mixed_precision, again.num_processes, again.device.type) == ("bf16", 1, "cpu")
    assert devices.make_accelerator("no").mixed_precision == "no"
    with pytest.raises(ValueError, match="precision must be one of no, bf16, fp16, got 'fp8'"):
        devices.make_accelerator("fp8")


def test_shares_of_a_batch_are_equal_and_cover_it():
    rows = list(range(12))
    for processes in (1, 2, 3, 4, 6, 12):
        parts = [rows[share_of_batch(12, processes, k)] for k in range(processes)]
        assert [row for part in parts for row in part] == rows
        assert {len(part) for part in parts} == {12 // processes}
    with pytest.raises(ValueError, match=r"training.batch = 100 cannot be shared by 3 processes.*such as 102"):
        share_of_batch(100, 3, 0)
    with pytest.raises(ValueError, match="process must be at least 0 and at most 1, got 2"):
        share_of_batch(4, 2, 2)
