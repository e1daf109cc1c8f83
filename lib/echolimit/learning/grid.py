"""The points of a sweep: a run's config, and lists of alpha, delta, schedule and seed that replace its own."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from echolimit._checks import check_choice, check_count
from echolimit.learning._entries import read_toml
from echolimit.learning.settings import RunSettings
from echolimit.schedules import constant_schedule, geometric_schedule, polynomial_schedule

AXES = ("alpha", "delta", "schedule", "seed")
SHAPES: dict[str, tuple[Callable[..., np.ndarray], str | None]] = {
    "constant": (constant_schedule, None),
    "geometric": (geometric_schedule, "ratio"),
    "polynomial": (polynomial_schedule, "power"),
}


@dataclass(frozen=True)
class Point:
    """One run of a sweep: its name, which is also its folder's, its place in the grid, and its settings."""

    name: str
    place: dict[str, Any]
    settings: RunSettings


@dataclass(frozen=True)
class ClusterSettings:
    """Who does the work.

    kind: a class of `dask.distributed` ("LocalCluster"), or the dotted path of another one that has `scale`, such as
    "dask_jobqueue.SLURMCluster" or "dask_kubernetes.operator.KubeCluster"; in TOML its key is `class`.  workers: how
    many, each running one point at a time.  processes: of each point, started by torchrun where there are several.
    threads: of each process (OMP_NUM_THREADS); bits depend on it.  retries: how often a point is begun again after its
    worker died, from its last checkpoint.  options: arguments of the class.
    """

    kind: str = "LocalCluster"
    workers: int = 2
    processes: int = 1
    threads: int = 1
    retries: int = 3
    options: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not isinstance(self.kind, str) or not all(part.isidentifier() for part in self.kind.split(".")):
            raise ValueError(f"cluster.class must be a class such as 'LocalCluster', got {self.kind!r}")
        for name, least in (("workers", 1), ("processes", 1), ("threads", 1), ("retries", 0)):
            check_count(getattr(self, name), f"cluster.{name}", least=least)
        _table(self.options, "cluster.options")


@dataclass(frozen=True)
class SweepSettings:
    """A sweep: `name`, the cluster, and all its points, each with settings that were checked."""

    name: str
    points: tuple[Point, ...]
    cluster: ClusterSettings = field(default_factory=ClusterSettings)

    @classmethod
    def from_toml(cls, path: str | Path) -> SweepSettings:
        """Read a sweep: top-level `name` and `base` (a run's config, its path relative to this file), and the tables
        `grid` (lists alpha, delta, schedule, seed; any may be missing) and `cluster` (see `ClusterSettings`).

        A schedule is {shape = "constant"}, {shape = "geometric", ratio = r} or {shape = "polynomial", power = p}; the
        delta of the point is its first truncation time.  Raises ValueError or TypeError, naming the entry, or the point
        whose settings are out of range.
        """
        file = Path(path)
        entries = read_toml(file)
        _known(entries, ("name", "base", "grid", "cluster"), "sweep")
        name, base = entries.get("name", file.stem), entries.get("base")
        if not isinstance(base, str):
            raise ValueError(f"base must be the path of a run's config, got {base!r}: for example base = 'digits.toml'")
        grid = _table(entries.get("grid", {}), "grid")
        _known(grid, AXES, "grid")
        cluster = dict(_table(entries.get("cluster", {}), "cluster"))
        _known(cluster, ("class", "workers", "processes", "threads", "retries", "options"), "cluster")
        if "class" in cluster:
            cluster["kind"] = cluster.pop("class")
        return cls(name, grid_points(read_toml(file.parent / base), grid, name), ClusterSettings(**cluster))


def grid_points(base: dict[str, Any], grid: dict[str, list[Any]], name: str = "sweep") -> tuple[Point, ...]:
    """All combinations of the grid's values, each put into the config `base` (nested dictionaries) and checked.

    Raises ValueError for an axis that is no list or is empty or says the same twice, and for a point out of range.
    """
    for axis, values in grid.items():
        if not isinstance(values, list | tuple) or not values:
            raise ValueError(f"grid.{axis} must be a list of values, got {values!r}: for one value write [{values!r}]")
    places = [dict(zip(grid, values, strict=True)) for values in itertools.product(*grid.values())]
    points = tuple(_point(base, place, name) for place in places)
    twice = [entry for entry, count in Counter(point.name for point in points).items() if count > 1]
    if twice:
        raise ValueError(f"grid: two points are called {twice[0]!r}: values must differ in their first six digits")
    return points


def _point(base: dict[str, Any], place: dict[str, Any], name: str) -> Point:
    label = "_".join(f"{axis}-{_words(value)}" for axis, value in place.items()) or "base"
    entries = json.loads(json.dumps(base)) | {"name": f"{name}_{label}"}
    loop = entries.setdefault("loop", {})
    try:
        if "seed" in place:
            entries["seed"] = place["seed"]
        loop |= {axis: place[axis] for axis in ("alpha", "delta") if axis in place}
        if "schedule" in place:
            rounds = loop.get("rounds", RunSettings().loop.rounds)
            loop["delta"] = _truncation_times(place["schedule"], rounds, loop.get("delta", RunSettings().loop.delta))
        return Point(label, place, RunSettings.from_dict(entries))
    except (ValueError, TypeError) as error:
        raise type(error)(f"point {label}: {error}") from None


def _truncation_times(schedule: Any, rounds: int, first: Any) -> list[float]:
    entries = _table(schedule, "schedule")
    shape = check_choice(entries.get("shape"), "schedule.shape", SHAPES)
    function, parameter = SHAPES[shape]
    _known(entries, ("shape",) if parameter is None else ("shape", parameter), f"schedule {shape!r}")
    if parameter is not None and parameter not in entries:
        raise ValueError(f"schedule {shape!r} needs {parameter}: {{shape = '{shape}', {parameter} = 0.5}}")
    arguments = () if parameter is None else (entries[parameter],)
    return [float(delta) for delta in function(rounds, first, *arguments)]


def _words(value: Any) -> str:
    """A value of an axis as a part of a folder's name."""
    if isinstance(value, dict):
        return "-".join(_words(entry) for entry in value.values())
    if isinstance(value, list):
        return "-".join(_words(entry) for entry in value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _table(value: Any, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError(f"{name} must be a table, got {value!r}")
    return value


def _known(entries: dict[str, Any], names: tuple[str, ...], where: str) -> None:
    unknown = sorted(set(entries) - set(names))
    if unknown:
        raise ValueError(f"{where}: unknown entry {unknown[0]!r}; known are {', '.join(names)}")
