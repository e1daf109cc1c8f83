"""Nothing is lost: a run killed at any moment, resumed, ends bit for bit as if it had not been killed."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
import warnings
from hashlib import sha256 as digest_of

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("accelerate")

from echolimit.learning import learned_recursion  # noqa: E402
from echolimit.learning.__main__ import main  # noqa: E402
from echolimit.learning.checkpoints import list_checkpoints, load_latest_checkpoint  # noqa: E402
from echolimit.learning.records import read_records  # noqa: E402
from echolimit.learning.runs import read_run, settings_as_toml  # noqa: E402
from echolimit.learning.settings import RunSettings  # noqa: E402
from killing import kill_after, kill_at_call, needs_kill, run_until_killed  # noqa: E402

SETTINGS = RunSettings.from_dict(
    {
        "name": "small",
        "seed": 7,
        "data": {"count": 400},
        "loop": {"alpha": [0.5, 0.2, 0.5], "delta": [0.1, 0.05, 0.02], "rounds": 3, "samples": 200},
        "network": {"width": 16, "depth": 2},
        "training": {"steps": [20, 10], "batch": 16, "checkpoint_every": 6, "log_every": 3, "threads": 1},
        "sampler": {"steps": 4, "block": 100},
    }
)
TIMES = ("seconds", "images_per_second", "provenance")


def train(folder):
    for _ in learned_recursion(None, SETTINGS, folder, progress=False):
        pass


def train_and_die_at_call(folder, number, name):
    kill_at_call(number, os, name)
    train(folder)


def train_in_spite_of_warnings(folder):
    warnings.simplefilter("ignore", RuntimeWarning)
    train(folder)


def harm(path):
    """Turn one bit."""
    data = bytearray(path.read_bytes())
    data[-1] ^= 128
    path.write_bytes(bytes(data))


def untimed(value):
    if isinstance(value, dict):
        return {key: untimed(item) for key, item in value.items() if key not in TIMES}
    return value


def what_a_run_left(folder):
    """Every bit that does not say how long something took: rounds, the last checkpoint, the log."""
    _, meta, newest = load_latest_checkpoint(folder / "checkpoints")
    places = [*list_checkpoints(folder / "rounds"), newest]
    return {
        "tensors": {path.name: digest_of((path / "tensors.safetensors").read_bytes()).hexdigest() for path in places},
        "meta": {key: value for key, value in untimed(meta).items() if key != "log"},
        "log": [untimed(line) for line in read_records(folder / "log.jsonl")],
    }


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
    """What the run leaves when nobody kills it, and the seconds that it takes.

    It runs here, so that the processes forked from here find everything imported.
    """
    first, second = (tmp_path_factory.mktemp(name) / "run" for name in ("first", "second"))
    train(first)
    began = time.perf_counter()
    train(second)
    assert what_a_run_left(second) == what_a_run_left(first)
    return what_a_run_left(second), time.perf_counter() - began


@needs_kill
@pytest.mark.slow
def test_killed_at_a_dozen_random_moments(unbroken, tmp_path):
    moments = random.Random(11)
    for _ in range(12):
        if kill_after(moments.uniform(0.05, 0.7) * unbroken[1], train, tmp_path / "run"):
            shutil.rmtree(tmp_path / "run")  # it was through: from the start again, so that a dozen kills are a dozen
    assert kill_after(300, train, tmp_path / "run")
    assert what_a_run_left(tmp_path / "run") == unbroken[0]


@needs_kill
@pytest.mark.slow
@pytest.mark.parametrize(("name", "stride"), [("fsync", 7), ("replace", 2)])
def test_killed_in_the_middle_of_writing_checkpoints_and_rounds(unbroken, tmp_path, name, stride):
    """It dies at another place each time: within a file, before a manifest, between the two moves, in a round's."""
    folder, kills = tmp_path / "run", 0
    while not run_until_killed(train_and_die_at_call, folder, 3 + stride * kills, name):
        kills += 1
        assert kills < 20
    assert kills >= 3
    assert what_a_run_left(folder) == unbroken[0]


@needs_kill
def test_a_damaged_checkpoint_costs_only_the_steps_since_the_one_before(unbroken, tmp_path):
    run_until_killed(train_and_die_at_call, tmp_path / "run", 40, "fsync")
    *_, before, newest = list_checkpoints(tmp_path / "run" / "checkpoints")
    harm(newest / "tensors.safetensors")
    with pytest.warns(RuntimeWarning, match=f"{newest.name} is damaged"):
        assert load_latest_checkpoint(tmp_path / "run" / "checkpoints")[2] == before
    assert kill_after(300, train_in_spite_of_warnings, tmp_path / "run")
    assert what_a_run_left(tmp_path / "run") == unbroken[0]


def test_a_damaged_round_is_run_again_with_those_after_it(unbroken, tmp_path):
    train(tmp_path / "run")
    harm(tmp_path / "run" / "rounds" / "step-0000000002" / "tensors.safetensors")
    with pytest.warns(RuntimeWarning, match=r"step-0000000002 is damaged.*round 2 is run again"):
        train(tmp_path / "run")
    assert what_a_run_left(tmp_path / "run") == unbroken[0]


@needs_kill
@pytest.mark.slow
def test_the_command_is_killed_and_resumed(unbroken, tmp_path, capsys):
    (tmp_path / "small.toml").write_text(settings_as_toml(SETTINGS))
    folder = tmp_path / "runs" / "small"
    command = [sys.executable, "-m", "echolimit.learning", "run", "small.toml", "--quiet"]
    with subprocess.Popen(command, cwd=tmp_path, env=os.environ | {"OMP_NUM_THREADS": "1"}) as process:
        for _ in range(1200):
            if len(list_checkpoints(folder / "checkpoints")) == 2 or process.poll() is not None:
                break
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
    assert not read_run(folder).complete
    assert kill_after(300, resume_by_command, folder)
    assert what_a_run_left(folder) == unbroken[0]
    assert main(["run", str(tmp_path / "small.toml"), "--folder", str(folder)]) == 0
    assert capsys.readouterr().out == f"{folder} is finished: 3 rounds\n"


def resume_by_command(folder):
    assert main(["resume", str(folder), "--quiet"]) == 0
