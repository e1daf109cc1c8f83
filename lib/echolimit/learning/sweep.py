"""Many runs of the learned recursion, over a grid of settings, on one machine or a cluster, through Dask.

Each point is an ordinary run folder, written by a process of its own: a point that fails, or a worker that dies, takes
no other one with it.  Finished points are left alone when a sweep is started again, broken ones go on.  The folder of
the sweep must be one that all workers see.
"""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tqdm.auto import tqdm

from echolimit.learning.devices import LAUNCHER
from echolimit.learning.grid import ClusterSettings, Point, SweepSettings
from echolimit.learning.records import read_records, write_json
from echolimit.learning.runs import read_run, settings_as_toml

OUTPUT = "output.txt"  # what a point printed
TAIL = 12  # lines of it that an error repeats


class PointError(RuntimeError):
    """A point of a sweep ended with an error; the message ends with its last lines."""


@dataclass(frozen=True)
class Job:
    """What a worker is sent: a point's folder, its config as TOML, and how to start it."""

    folder: str
    config: str
    processes: int = 1
    threads: int = 1


def run_point(job: Job) -> float | None:
    """Run or go on with one point in a process of its own, and return its last loss, if it logged one.

    The process ends when this one does.  Raises PointError if it fails.
    """
    folder = Path(job.folder)
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "config.toml"
    config.write_text(job.config, encoding="utf-8")
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node", str(job.processes)]
    run = ["-m", "echolimit.learning._point", "run", str(config), "--folder", str(folder), "--quiet"]
    command = [sys.executable, *(launcher if job.processes > 1 else []), *run]
    with (folder / OUTPUT).open("ab") as output:
        # standard input stays open, and empty, as long as this process lives: see _point
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=output, stderr=subprocess.STDOUT, env=_environment(job.threads)
        )
        code = process.wait()
        if process.stdin is not None:
            process.stdin.close()
    if code:
        lines = deque((folder / OUTPUT).read_text(errors="replace").splitlines(), maxlen=TAIL)
        raise PointError(
            f"{folder.name} ended with code {code}; the last lines of {folder / OUTPUT}:\n" + "\n".join(lines)
        )
    return _last_loss(folder)


def run_sweep(
    sweep: SweepSettings,
    folder: str | Path,
    work: Callable[[Job], float | None] = run_point,
    progress: bool = True,
) -> list[dict[str, Any]]:
    """Run all points of a sweep that are not finished, and return one row a point, in the order of the grid.

    folder: of the sweep; point NAME lives in folder/NAME, and the rows in folder/sweep.json, written after each point.
    work: what a worker does with a `Job`.  progress: show a bar with the time left.
    A row has name, the point's place in the grid, status ("finished", "skipped": finished before, "failed"), loss,
    folder and, for a failed one, error.  A failed point stops no other.
    Raises ValueError, before any cluster is started, if the folder holds a point with other settings.
    """
    root = Path(folder).resolve()
    done = {point.name: is_finished(root / point.name, point) for point in sweep.points}
    rows = {p.name: _row(p, root, "skipped", _last_loss(root / p.name)) for p in sweep.points if done[p.name]}
    left = [point for point in sweep.points if not done[point.name]]

    def ordered() -> list[dict[str, Any]]:
        return [rows[point.name] for point in sweep.points if point.name in rows]

    with tqdm(total=len(sweep.points), initial=len(rows), unit="point", desc=sweep.name, disable=not progress) as bar:
        for point, loss, error in _work_through(left, sweep.cluster, root, work) if left else ():
            rows[point.name] = _row(point, root, "failed" if error else "finished", loss, error)
            write_json(root / "sweep.json", {"name": sweep.name, "points": ordered()})
            bar.update()
            if error:
                bar.write(f"failed: {point.name}: {error}")
    if not left:
        write_json(root / "sweep.json", {"name": sweep.name, "points": ordered()})
    return ordered()


def sweep_command(path: str | Path, folder: str | Path | None = None) -> int:
    """`python -m echolimit.learning sweep PATH [--folder FOLDER]`: run the sweep of a TOML file and print its rows.

    folder: by default runs/NAME.  Returns the exit code: 0, or 1 if a point failed.
    """
    sweep = SweepSettings.from_toml(path)
    root = Path("runs") / sweep.name if folder is None else Path(folder)
    rows = run_sweep(sweep, root)
    width = max(len(row["name"]) for row in rows)
    for row in rows:
        print(
            f"{row['name']:{width}}  {row['status']:8}"
            + (f"  loss {row['loss']:.5f}" if row["loss"] is not None else "")
        )
    failed = [row for row in rows if row["status"] == "failed"]
    print(f"{len(rows) - len(failed)} of {len(rows)} points are finished; their folders are in {root}")
    return 1 if failed else 0


def is_finished(folder: Path, point: Point) -> bool:
    """Whether a point's folder holds all its rounds.  Raises ValueError if it holds a run with other settings."""
    if not (folder / "settings.json").exists():
        return False
    found = read_run(folder)
    if found.settings.digest() != point.settings.digest():
        raise ValueError(f"folder {folder} holds a run with other settings: take another folder for the sweep")
    return found.complete


def make_cluster(settings: ClusterSettings) -> Any:
    """The Dask cluster that the settings name, with its workers asked for; a context manager that closes it.

    Raises ValueError if there is no such class, naming the package to install where one is missing.
    """
    kind = _cluster_class(settings.kind)
    options = dict(settings.options)
    if settings.kind == "LocalCluster":
        options = {"n_workers": 0, "threads_per_worker": 1, "dashboard_address": ":0"} | options
    cluster = kind(**options)
    _ask_for(cluster, settings.workers)
    return cluster


def _work_through(
    points: list[Point], settings: ClusterSettings, root: Path, work: Callable[[Job], float | None]
) -> Iterator[tuple[Point, float | None, str | None]]:
    """(point, loss, error) of each point, as they end."""
    _dask()
    import dask
    from distributed import Client, as_completed

    root.mkdir(parents=True, exist_ok=True)
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": settings.retries}),
        make_cluster(settings) as cluster,
        Client(cluster) as client,
    ):
        jobs = [
            Job(str(root / p.name), settings_as_toml(p.settings), settings.processes, settings.threads) for p in points
        ]
        futures = {client.submit(work, job, pure=False): p for job, p in zip(jobs, points, strict=True)}
        for ended, future in enumerate(as_completed(futures), start=1):
            if 0 < len(points) - ended < settings.workers and _replaces_workers(cluster):
                _ask_for(cluster, len(points) - ended)  # a machine that has no point left is given back
            error = future.exception()
            yield futures[future], None if error else future.result(), str(error) if error else None


def _replaces_workers(cluster: Any) -> bool:
    """Whether lost workers must be asked for again here, as on a batch system; others restart them themselves."""
    from distributed import LocalCluster, SpecCluster

    return isinstance(cluster, SpecCluster) and not isinstance(cluster, LocalCluster)


def _ask_for(cluster: Any, workers: int) -> None:
    if _replaces_workers(cluster):
        cluster.adapt(minimum=workers, maximum=workers)
    else:
        cluster.scale(workers)


def _cluster_class(kind: str) -> Any:
    _dask()
    module, _, name = kind.rpartition(".")
    try:
        return getattr(importlib.import_module(module or "distributed"), name)
    except ModuleNotFoundError as error:
        package = (error.name or module).split(".")[0].replace("_", "-")
        raise ValueError(f"cluster.class {kind!r} needs a package that is missing: pip install {package}") from None
    except AttributeError:
        raise ValueError(f"cluster.class must name a class, got {kind!r}: {module or 'distributed'} has none") from None


def _dask() -> None:
    try:
        import distributed  # noqa: F401
    except ImportError as error:
        raise ImportError("a sweep needs Dask, which is not installed: pip install 'echolimit[sweeps]'") from error


def _environment(threads: int) -> dict[str, str]:
    """This process's environment without what a launcher of the worker left there."""
    kept = {key: value for key, value in os.environ.items() if key not in LAUNCHER}
    return {"OMP_WAIT_POLICY": "passive"} | kept | {"OMP_NUM_THREADS": str(threads)}


def _last_loss(folder: Path) -> float | None:
    losses = [record["loss"] for record in read_records(folder / "log.jsonl") if record.get("loss") is not None]
    return float(losses[-1]) if losses else None


def _row(point: Point, root: Path, status: str, loss: float | None, error: str | None = None) -> dict[str, Any]:
    row = {"name": point.name, **point.place, "status": status, "loss": loss, "folder": str(root / point.name)}
    return row | ({"error": error} if error else {})
