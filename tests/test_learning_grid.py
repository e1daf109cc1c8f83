"""The points of a sweep, and the sweeps that are refused before anything starts."""

import tomllib

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("accelerate")

from echolimit.learning.grid import ClusterSettings, SweepSettings, grid_points
from echolimit.learning.runs import settings_as_toml
from echolimit.learning.settings import RunSettings

BASE = {"data": {"name": "plane"}, "loop": {"alpha": 0.3, "delta": 0.2, "rounds": 3}, "training": {"steps": [20, 10]}}
BASE_TOML = settings_as_toml(RunSettings.from_dict(BASE))
SWEEP = """
name = "small"
base = "base.toml"
[grid]
alpha = [0.1, 0.5]
seed = [0, 1, 2]
[cluster]
class = "dask_jobqueue.SLURMCluster"
workers = 8
[cluster.options]
queue = "gpu"
"""


def test_a_sweep_file_becomes_all_combinations_of_its_lists(tmp_path):
    (tmp_path / "base.toml").write_text(BASE_TOML)
    (tmp_path / "sweep.toml").write_text(SWEEP)
    sweep = SweepSettings.from_toml(tmp_path / "sweep.toml")
    assert sweep.name == "small"
    assert sweep.cluster == ClusterSettings("dask_jobqueue.SLURMCluster", workers=8, options={"queue": "gpu"})
    assert [point.name for point in sweep.points[:2]] == ["alpha-0.1_seed-0", "alpha-0.1_seed-1"]
    assert {(p.settings.loop.alpha, p.settings.seed) for p in sweep.points} == {
        (a, s) for a in (0.1, 0.5) for s in range(3)
    }
    assert {p.settings.loop.delta for p in sweep.points} == {0.2}
    assert {p.settings.training.steps for p in sweep.points} == {(20, 10)}
    assert len({p.settings.digest() for p in sweep.points}) == 6


def test_schedules_start_at_the_delta_of_the_point():
    shapes = [{"shape": "constant"}, {"shape": "geometric", "ratio": 0.5}, {"shape": "polynomial", "power": 1}]
    points = grid_points(BASE, {"delta": [0.1, 0.4], "schedule": shapes})
    assert [p.name for p in points[:3]] == [
        "delta-0.1_schedule-constant",
        "delta-0.1_schedule-geometric-0.5",
        "delta-0.1_schedule-polynomial-1",
    ]
    deltas = [[delta for _, delta in p.settings.loop.schedule()] for p in points]
    for first, of_first in ((0.1, deltas[:3]), (0.4, deltas[3:])):
        np.testing.assert_allclose(of_first, first * np.array([[1, 1, 1], [1, 1 / 2, 1 / 4], [1, 1 / 2, 1 / 3]]))


def test_a_config_survives_toml():
    points = grid_points(BASE, {"schedule": [{"shape": "geometric", "ratio": 0.7}], "alpha": [0.25]})
    settings = points[0].settings
    assert RunSettings.from_dict(tomllib.loads(settings_as_toml(settings))) == settings


def test_an_empty_grid_is_the_base_alone():
    (point,) = grid_points(BASE, {})
    assert (point.name, point.place) == ("base", {})


@pytest.mark.parametrize(
    ("grid", "says"),
    [
        ({"alpha": 0.1}, r"grid.alpha must be a list of values, got 0.1: for one value write \[0.1\]"),
        ({"alpha": []}, r"grid.alpha must be a list of values, got \[\]"),
        ({"alpha": [0.1, 2.0]}, "point alpha-2: alpha must be in .0, 1., got 2.0"),
        ({"delta": [0.1, -1.0]}, "point delta--1: delta must be greater than 0"),
        ({"seed": [1, 1]}, "two points are called 'seed-1'"),
        ({"seed": [-1]}, "point seed--1: seed must be at least 0"),
        (
            {"schedule": [{"shape": "linear"}]},
            "schedule.shape must be one of constant, geometric, polynomial, got 'linear'",
        ),
        ({"schedule": [{"shape": "geometric"}]}, "schedule 'geometric' needs ratio"),
        ({"schedule": [{"shape": "constant", "ratio": 1}]}, "schedule 'constant': unknown entry 'ratio'"),
        ({"schedule": [{"shape": "geometric", "ratio": 30.0}]}, "sampler.T must lie well above every delta"),
    ],
)
def test_points_out_of_range_are_found_before_any_is_run(grid, says):
    with pytest.raises(ValueError, match=says):
        grid_points(BASE, grid)


@pytest.mark.parametrize(
    ("text", "kind", "says"),
    [
        ("name = 'x'", ValueError, "base must be the path of a run's config, got None"),
        ("base = 'missing.toml'", ValueError, "missing.toml' does not exist"),
        ("base = 'base.toml'\n[grid]\nwidth = [1]", ValueError, "grid: unknown entry 'width'; known are alpha, delta"),
        ("base = 'base.toml'\ncolour = 1", ValueError, "sweep: unknown entry 'colour'"),
        ("base = 'base.toml'\ngrid = 3", TypeError, "grid must be a table, got 3"),
        ("base = 'base.toml'\n[cluster]\nnodes = 2", ValueError, "cluster: unknown entry 'nodes'; known are class"),
        ("base = 'base.toml'\n[cluster]\nworkers = 0", ValueError, "cluster.workers must be at least 1, got 0"),
        ("base = 'base.toml'\n[cluster]\nclass = 'a b'", ValueError, "cluster.class must be a class such as"),
        ("base = ", ValueError, "is not TOML"),
    ],
)
def test_a_bad_sweep_file_is_refused(tmp_path, text, kind, says):
    (tmp_path / "base.toml").write_text(BASE_TOML)
    (tmp_path / "sweep.toml").write_text(text)
    with pytest.raises(kind, match=says):
        SweepSettings.from_toml(tmp_path / "sweep.toml")
