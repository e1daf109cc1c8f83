"""Sweeps over a Dask cluster: all points end, failed ones are named, finished ones are not run again."""

import json
import os
import signal
import threading
import time
import tomllib

import psutil
import pytest

pytest.importorskip("torch")
pytest.importorskip("accelerate")
pytest.importorskip("distributed")

from echolimit.learning import finished_rounds, load_round
from echolimit.learning import sweep as sweeping
from echolimit.learning.grid import ClusterSettings, SweepSettings, grid_points
from echolimit.learning.lock import RunLock
from echolimit.learning.runs import settings_as_toml
from echolimit.learning.settings import RunSettings
from echolimit.learning.sweep import PointError, make_cluster, run_sweep, sweep_command

TINY = {
    "data": {"name": "plane", "count": 200},
    "loop": {"alpha": 0.5, "delta": 0.2, "rounds": 2, "samples": 100},
    "network": {"kind": "mlp", "width": 16, "depth": 1},
    "training": {"steps": 20, "batch": 32, "checkpoint_every": 10, "log_every": 10, "threads": 1},
    "sampler": {"steps": 4},
}
IN_THREADS = ClusterSettings(workers=2, options={"processes": False})


@pytest.mark.slow
def test_a_sweep_on_two_workers_reports_a_failed_point_and_is_taken_up_again(tmp_path, capsys):
    (tmp_path / "tiny.toml").write_text(settings_as_toml(RunSettings.from_dict(TINY)))
    (tmp_path / "sweep.toml").write_text('base = "tiny.toml"\n[grid]\nalpha = [0.2, 0.5, 0.8]\n')
    folder = tmp_path / "runs"
    with RunLock(folder / "alpha-0.5"):  # as if another process wrote there
        assert sweep_command(tmp_path / "sweep.toml", folder) == 1
    assert "2 of 3 points are finished" in capsys.readouterr().out
    rows = json.loads((folder / "sweep.json").read_text())["points"]
    assert [row["status"] for row in rows] == ["finished", "failed", "finished"]
    assert "is being written by process" in rows[1]["error"]
    assert finished_rounds(folder / "alpha-0.2") == finished_rounds(folder / "alpha-0.8") == [1, 2]
    assert rows[0]["loss"] != rows[2]["loss"]

    written = (folder / "alpha-0.2" / "log.jsonl").stat().st_mtime_ns
    again = run_sweep(SweepSettings.from_toml(tmp_path / "sweep.toml"), folder, progress=False)
    assert [row["status"] for row in again] == ["skipped", "finished", "skipped"]
    assert again[0]["loss"] == rows[0]["loss"]
    assert (folder / "alpha-0.2" / "log.jsonl").stat().st_mtime_ns == written

    fewer = grid_points(TINY | {"sampler": {"steps": 5}}, {"alpha": [0.2]}, "sweep")
    with pytest.raises(ValueError, match="holds a run with other settings: take another folder for the sweep"):
        run_sweep(SweepSettings("sweep", fewer), folder, progress=False)


@pytest.mark.slow
def test_a_point_whose_worker_is_killed_goes_on_in_another_one(tmp_path):
    slow = TINY | {"training": TINY["training"] | {"steps": 400, "checkpoint_every": 20}}
    points = grid_points(slow, {"seed": [3]}, "killed")
    killed = []

    def kill_once():
        checkpoints = tmp_path / "runs" / "seed-3" / "checkpoints"
        while not (checkpoints.exists() and any(checkpoints.glob("step-*"))):
            time.sleep(0.02)
        owner = RunLock(tmp_path / "runs" / "seed-3").owner()["pid"]
        worker = psutil.Process(owner).ppid()
        os.kill(worker, signal.SIGKILL)
        killed.append((owner, worker))

    killer = threading.Thread(target=kill_once, daemon=True)
    killer.start()
    (row,) = run_sweep(SweepSettings("killed", points, ClusterSettings(workers=1)), tmp_path / "runs", progress=False)
    assert killed
    assert row["status"] == "finished"
    assert RunLock(tmp_path / "runs" / "seed-3").owner()["pid"] != killed[0][0]
    undisturbed = run_sweep(SweepSettings("killed", points, IN_THREADS), tmp_path / "other", progress=False)
    assert undisturbed[0]["loss"] == row["loss"]
    ends = [load_round(tmp_path / place / "seed-3", 2).samples for place in ("runs", "other")]
    assert ends[0].equal(ends[1])


def test_failed_points_stop_no_other_and_rows_keep_the_order_of_the_grid(tmp_path):
    def work(job):
        if "alpha-0.5" in job.folder:
            raise PointError("the last lines")
        return 0.25

    points = grid_points(TINY, {"alpha": [0.1, 0.5, 0.9]})
    rows = run_sweep(SweepSettings("three", points, IN_THREADS), tmp_path, work, progress=False)
    assert [(row["alpha"], row["status"], row["loss"]) for row in rows] == [
        (0.1, "finished", 0.25),
        (0.5, "failed", None),
        (0.9, "finished", 0.25),
    ]
    assert rows[1]["error"] == "the last lines"
    assert json.loads((tmp_path / "sweep.json").read_text()) == {"name": "three", "points": rows}


def test_a_worker_gets_the_whole_config_and_no_launcher_of_its_own(tmp_path, monkeypatch):
    def work(job):
        (tmp_path / "job.json").write_text(json.dumps([job.folder, job.config, job.processes, job.threads]))
        return 1.0

    (point,) = grid_points(TINY, {"delta": [0.1]})
    cluster = ClusterSettings(workers=1, processes=2, threads=3, options={"processes": False})
    run_sweep(SweepSettings("one", (point,), cluster), tmp_path, work, progress=False)
    folder, config, processes, threads = json.loads((tmp_path / "job.json").read_text())
    assert (folder, processes, threads) == (str(tmp_path / "delta-0.1"), 2, 3)
    assert RunSettings.from_dict(tomllib.loads(config)) == point.settings
    monkeypatch.setenv("WORLD_SIZE", "4")
    monkeypatch.setenv("SLURM_STEP_NUM_TASKS", "4")
    environment = sweeping._environment(3)
    assert environment["OMP_NUM_THREADS"] == "3"
    assert not {"WORLD_SIZE", "SLURM_STEP_NUM_TASKS"} & set(environment)


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("no_such_package.SLURMCluster", "needs a package that is missing: pip install no-such-package"),
        ("GalaxyCluster", "must name a class, got 'GalaxyCluster': distributed has none"),
    ],
)
def test_a_missing_cluster_class_is_named(kind, says):
    with pytest.raises(ValueError, match=says):
        make_cluster(ClusterSettings(kind))


def test_any_class_with_scale_is_a_cluster(monkeypatch):
    class Elsewhere:
        def __init__(self, **options):
            self.options, self.workers = options, 0

        def scale(self, workers):
            self.workers = workers

    monkeypatch.setattr(sweeping, "_cluster_class", lambda kind: Elsewhere)
    cluster = make_cluster(ClusterSettings("elsewhere.Elsewhere", workers=7, options={"queue": "gpu"}))
    assert (cluster.workers, cluster.options) == (7, {"queue": "gpu"})
