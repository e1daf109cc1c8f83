"""The configs of the repository are valid, and the page *Running at scale* says what they say."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("accelerate")

from echolimit.learning.grid import SweepSettings
from echolimit.learning.settings import RunSettings
from echolimit.results import load_record

ROOT = Path(__file__).parents[1]
CONFIGS = ROOT / "configs"
PAGE = (ROOT / "appendices" / "scale.md").read_text(encoding="utf-8")
RUNS = sorted(path for path in CONFIGS.glob("*.toml") if not path.name.startswith("sweep"))
RECORDED = sorted((ROOT / "results").glob("*/config.toml"))
SWEEPS = sorted(CONFIGS.glob("sweep-*.toml"))


@pytest.mark.parametrize("path", RUNS, ids=lambda path: path.stem)
def test_run_configs_are_valid_and_named_after_their_files(path):
    assert RunSettings.from_toml(path).name == path.stem


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.parent.name)
def test_configs_of_recorded_runs_are_valid_and_named_after_their_folders(path):
    settings = RunSettings.from_toml(path)
    assert settings.name == path.parent.name
    record = load_record(settings.name)
    assert record is None or record["settings_digest"] == settings.digest()


@pytest.mark.parametrize("path", SWEEPS, ids=lambda path: path.stem)
def test_sweep_configs_are_valid(path):
    sweep = SweepSettings.from_toml(path)
    assert len(sweep.points) == (12 if path.stem == "sweep-local" else 36)


def test_slurm_and_kubernetes_run_the_same_protocol():
    slurm, kubernetes = (SweepSettings.from_toml(CONFIGS / f"sweep-{kind}.toml") for kind in ("slurm", "kubernetes"))
    assert slurm.points == kubernetes.points
    assert (slurm.cluster.workers, slurm.cluster.threads) == (kubernetes.cluster.workers, kubernetes.cluster.threads)


def test_the_page_shows_the_sweeps_as_they_are():
    shown = [tomllib.loads(block) for block in re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)]
    local, slurm, kubernetes = shown
    assert local == tomllib.loads((CONFIGS / "sweep-local.toml").read_text())
    for block, kind in ((slurm, "slurm"), (kubernetes, "kubernetes")):
        real = tomllib.loads((CONFIGS / f"sweep-{kind}.toml").read_text())["cluster"]
        assert block["cluster"].items() <= real.items()


@pytest.mark.parametrize(("variable", "name"), [("one_gpu", "cifar10-t4"), ("full", "cifar10-full")])
def test_the_page_counts_the_runs_of_the_configs(variable, name):
    """What the cost depends on is the same in the page's cell and in the file."""
    entries = ast.literal_eval(re.search(rf"\n{variable} = RunSettings.from_dict\((\{{.*?\n\}})\)", PAGE, re.DOTALL)[1])
    real = tomllib.loads((CONFIGS / f"{name}.toml").read_text())
    for table, values in entries.items():
        assert values.items() <= real[table].items()


def test_the_page_counts_the_points_of_the_full_grid():
    grid = ast.literal_eval(re.search(r"\ngrid = (\{.*?\n\})", PAGE, re.DOTALL)[1])
    assert grid == tomllib.loads((CONFIGS / "sweep-slurm.toml").read_text())["grid"]


def test_the_page_names_files_that_exist():
    for name in set(re.findall(r"configs/([\w.-]+\.(?:toml|yaml))", PAGE)):
        assert (CONFIGS / name).is_file(), name
