"""One run on two processes: there are two, they train one model, and launches that would not are refused."""

import os
import subprocess
import sys

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("accelerate")

from echolimit.learning import RunSettings, learned_recursion, load_round  # noqa: E402
from echolimit.learning.devices import LAUNCHER  # noqa: E402
from echolimit.learning.runs import read_run, settings_as_toml  # noqa: E402

if torch.cuda.is_available():
    pytest.skip("two processes on the CPU", allow_module_level=True)

SETTINGS = RunSettings.from_dict(
    {
        "name": "two",
        "data": {"name": "plane", "count": 500},
        "loop": {"alpha": 0.4, "delta": 0.2, "rounds": 2, "samples": 150},
        "network": {"kind": "mlp", "width": 24, "depth": 2},
        "training": {"steps": 30, "batch": 64, "log_every": 5, "checkpoint_every": 10, "threads": 1},
        "sampler": {"steps": 6, "block": 40},
    }
)
CLEAN = {key: value for key, value in os.environ.items() if key not in LAUNCHER} | {"OMP_NUM_THREADS": "1"}
TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
PLAIN_ACCELERATOR_FIRST = """
import sys
from accelerate import Accelerator
Accelerator()
from echolimit.learning.__main__ import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "two.toml"
    path.write_text(settings_as_toml(SETTINGS))
    return path


def launch(*command):
    return subprocess.run([str(word) for word in command], env=CLEAN, capture_output=True, text=True, timeout=900)


def losses(folder):
    return {(line["round"], line["step"]): line["loss"] for line in read_run(folder).log if line["event"] == "step"}


@pytest.mark.slow
def test_two_processes_have_the_loss_of_one_at_the_same_global_batch(tmp_path, config):
    done = launch(*TORCHRUN, "-m", "echolimit.learning", "run", config, "--folder", tmp_path / "two", "--quiet")
    assert done.returncode == 0, done.stderr
    for _ in learned_recursion(None, SETTINGS, tmp_path / "one", progress=False):
        pass
    assert [line["provenance"]["processes"] for line in read_run(tmp_path / "two").round_lines()] == [2, 2]
    assert [line["provenance"]["processes"] for line in read_run(tmp_path / "one").round_lines()] == [1, 1]
    one, two = losses(tmp_path / "one"), losses(tmp_path / "two")
    assert len(one) == 12
    assert two == pytest.approx(one, rel=1e-5)
    samples = [load_round(tmp_path / place, 2).samples for place in ("one", "two")]
    assert samples[0].shape == samples[1].shape == (150, 2)
    torch.testing.assert_close(*samples, rtol=0, atol=1e-2)  # the same blocks in the same order
    assert done.stdout.count("round 1 of 2") == 1  # one process reports


@pytest.mark.slow
def test_two_processes_that_do_not_see_each_other_are_refused(tmp_path, config):
    script = tmp_path / "script.py"
    script.write_text(PLAIN_ACCELERATOR_FIRST)
    done = launch(*TORCHRUN, script, "run", config, "--folder", tmp_path / "run", "--quiet")
    assert done.returncode != 0
    assert "the launcher started 2 processes (WORLD_SIZE) but accelerate runs with num_processes = 1" in done.stderr
    assert not (tmp_path / "run" / "log.jsonl").exists()


@pytest.mark.slow
def test_one_process_where_two_were_asked_for_is_refused(tmp_path, config):
    module = ("-m", "echolimit.learning", "run", config, "--folder", tmp_path / "run", "--quiet")
    accelerate = (sys.executable, "-m", "accelerate.commands.launch", "--cpu", "--num_processes", "2")
    done = launch(*accelerate, *module)
    assert done.returncode != 0
    assert "accelerate launch was asked for several processes and started one" in done.stderr
    assert not (tmp_path / "run" / "log.jsonl").exists()
