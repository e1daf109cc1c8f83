"""The log of a run, the lock of its folder, and where numbers come from."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("filelock")

from echolimit.learning.lock import RunLock, RunLockedError  # noqa: E402
from echolimit.learning.records import RecordLog, provenance, read_records, write_json  # noqa: E402


def test_lines_can_be_read_while_they_are_written(tmp_path):
    path = tmp_path / "runs" / "log.jsonl"
    log = RecordLog(path)
    log.append(
        {"round": 1, "loss": np.float32(0.5), "grid": torch.ones(2), "name": "naïve", "all": (1, 2.5, None, True)}
    )
    assert read_records(path) == [
        {"round": 1, "loss": 0.5, "grid": [1.0, 1.0], "name": "naïve", "all": [1, 2.5, None, True]}
    ]
    log.append({"loss": float("nan"), "best": [float("inf")]})
    assert read_records(path)[1] == {"loss": None, "best": [None]}
    assert b"NaN" not in path.read_bytes()


def test_a_log_is_wound_back_to_what_the_checkpoint_knew(tmp_path):
    log = RecordLog(tmp_path / "log.jsonl")
    log.append({"step": 1})
    position = log.position()
    log.append({"step": 2})
    log.rewind(position)
    log.append({"step": "two"})
    assert [line["step"] for line in read_records(log.path)] == [1, "two"]
    RecordLog(log.path).rewind(0)
    assert read_records(log.path) == []


def test_a_half_written_line_is_left_out_and_cut_off(tmp_path):
    path = tmp_path / "log.jsonl"
    path.write_bytes(b'{"step": 1}\n{"step": 2, "lo')
    assert read_records(path) == [{"step": 1}]
    log = RecordLog(path)
    assert log.position() == len(b'{"step": 1}\n')
    log.append({"step": 2})
    assert [line["step"] for line in read_records(path)] == [1, 2]


def test_a_log_that_does_not_fit_the_checkpoint_is_named(tmp_path):
    log = RecordLog(tmp_path / "log.jsonl")
    log.append({"step": 1})
    with pytest.raises(ValueError, match="position must be the end of a line"):
        log.rewind(5)
    with pytest.warns(RuntimeWarning, match="ends at byte 12, before the checkpoint's 99"):
        log.rewind(99)
    assert read_records(log.path) == [{"step": 1}]
    log.path.write_bytes(b'{"step": 1}\nhello\n{}\n')
    with pytest.raises(ValueError, match="line 2 is no JSON"):
        read_records(log.path)
    log.path.write_bytes(b"[1]\n")
    with pytest.raises(ValueError, match="line 1 must be a JSON object"):
        read_records(log.path)
    with pytest.raises(TypeError, match="convert it first"):
        log.append({"model": object()})


def test_a_file_is_whole_or_not_there(tmp_path, monkeypatch):
    path = tmp_path / "settings.json"
    write_json(path, {"seed": 1})

    def full(*_):
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="disk full"):
        write_json(path, {"seed": 2})
    assert json.loads(path.read_text()) == {"seed": 1}


def test_provenance_says_what_the_bits_depend_on_and_names_no_one(monkeypatch):
    found = provenance(seconds=90.0, processes=2)
    assert found["minutes"] == 1.5
    assert found["processes"] == 2
    assert found["threads"] == torch.get_num_threads()
    assert found["versions"]["torch"] == torch.__version__
    assert found["device"] == "cpu"
    assert os.uname().nodename not in json.dumps({key: found[key] for key in ("machine", "device")})
    assert json.loads(json.dumps(found)) == found
    with pytest.raises(ValueError, match="seconds must be at least 0"):
        provenance(seconds=-1.0)
    with pytest.raises(ValueError, match="processes must be at least 1"):
        provenance(processes=0)


def test_a_folder_has_one_writer(tmp_path):
    with RunLock(tmp_path / "run") as lock:
        assert lock.owner()["pid"] == os.getpid()
        with pytest.raises(RunLockedError, match=rf"being written by process {os.getpid()} .* then start again"):
            RunLock(tmp_path / "run").acquire()
    with RunLock(tmp_path / "run"):
        pass
    with pytest.raises(KeyError), RunLock(tmp_path / "run"):
        raise KeyError
    with RunLock(tmp_path / "run"):
        pass


LAUNCHER = """
import subprocess, sys, time
worker = '''
import sys, time
from echolimit.learning.lock import RunLock
with RunLock(sys.argv[1]):
    print("locked", flush=True)
    time.sleep(60)
'''
subprocess.run([sys.executable, "-c", worker, sys.argv[1]])
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="needs kill -9")
def test_a_worker_that_outlives_its_launcher_keeps_the_lock_until_it_ends(tmp_path):
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", LAUNCHER, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as launcher:
        assert launcher.stdout.readline() == b"locked\n"
        launcher.send_signal(signal.SIGKILL)
        launcher.wait()
        worker = RunLock(tmp_path).owner()["pid"]
        assert worker != launcher.pid
        with pytest.raises(RunLockedError, match=f"process {worker}"):
            RunLock(tmp_path).acquire()
        os.kill(worker, signal.SIGKILL)  # no stale lock stays
    for _ in range(100):
        try:
            RunLock(tmp_path).acquire()
            break
        except RunLockedError:
            time.sleep(0.05)
    else:
        pytest.fail("the lock outlived its owner")
