"""The wheel holds the library with its static files, and nothing of the house around it."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
STATIC = {".js", ".css"}


@pytest.fixture(scope="module")
def members(tmp_path_factory):
    """Names in a wheel built from a copy of the checkout, so that nothing is left behind here."""
    source = tmp_path_factory.mktemp("source")
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    left = shutil.ignore_patterns("__pycache__", "*.egg-info")
    shutil.copytree(ROOT / "lib", source / "lib", ignore=left)
    shutil.copytree(ROOT / "booktools", source / "booktools", ignore=left)
    for name in ("record.json", "config.toml", "grid.png", "log.jsonl"):
        (source / "results" / "kept").mkdir(parents=True, exist_ok=True)
        (source / "results" / "kept" / name).write_text("{}")
    (source / "results" / "waiting").mkdir()
    (source / "results" / "waiting" / "config.toml").touch()
    pip = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*pip, "-w", str(source / "dist"), "."], cwd=source, check=True, capture_output=True)
    (wheel,) = (source / "dist").glob("*.whl")
    return set(zipfile.ZipFile(wheel).namelist())


def test_only_the_library(members):
    assert {name.split("/")[0] for name in members} == {"echolimit", "echolimit-0.1.0.dist-info"}


def test_all_of_the_library(members):
    wanted = {
        path.relative_to(ROOT / "lib").as_posix()
        for path in (ROOT / "lib" / "echolimit").rglob("*")
        if path.suffix in STATIC | {".py"} or path.name == "py.typed"
    }
    assert wanted <= members
    assert {Path(name).suffix for name in members} >= STATIC


def test_the_records_of_recorded_runs(members):
    kept = {name for name in members if name.startswith("echolimit/recorded/")}
    assert kept == {f"echolimit/recorded/kept/{name}" for name in ("record.json", "config.toml", "grid.png")}
