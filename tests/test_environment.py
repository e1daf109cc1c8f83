"""The environment's set-up: which Pythons it takes, and that a half-made or outdated .venv is noticed."""

import subprocess
import sys
from pathlib import Path

import pytest

from booktools import environment

PROJECT = """\
[project]
name = "x"
dependencies = ["numpy>=2.0"]

[tool.ruff]
line-length = 110
"""


@pytest.fixture
def root(tmp_path):
    (tmp_path / "requirements.txt").write_text("# a comment\nnumpy==2.4.6\n")
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    return tmp_path


def fake_run(root, fail_at=None):
    """Stands in for subprocess.check_call: records commands, makes the interpreter, fails at one if told."""
    commands = []

    def run(command):
        commands.append(command)
        if fail_at is not None and len(commands) == fail_at:
            raise subprocess.CalledProcessError(1, command)
        inside = root / ".venv" / "bin"
        inside.mkdir(parents=True, exist_ok=True)
        (inside / "python").touch()

    run.commands = commands
    return run


def build(root, version="3.12", **fault):
    run = fake_run(root, **fault)
    environment.build(str(root), str(root / ".venv"), "python" + version, version, run=run)
    return run.commands


def reason(root, version=""):
    return environment.reason_to_build(str(root), str(root / ".venv"), version)


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
def test_supported(version):
    assert environment.supported(version)


@pytest.mark.parametrize("version", ["2.7", "3.6", "3.10", "3.14", "4.0", "", "pypy"])
def test_not_supported(version):
    assert not environment.supported(version)


def test_a_finished_environment_is_left_alone(root):
    assert "none yet" in reason(root)
    commands = build(root)
    steps = [["venv", str(root / ".venv")], ["pip", "install"], ["pip", "install"]]
    assert [command[3:5] for command in commands] == steps
    assert reason(root) == ""
    assert reason(root, "3.12") == ""


@pytest.mark.parametrize("step", [1, 2, 3])
def test_an_interrupted_installation_leaves_no_stamp_and_is_noticed(root, step):
    with pytest.raises(subprocess.CalledProcessError):
        build(root, fail_at=step)
    assert reason(root) in ("there is none yet", "the one that is there was left half-made")
    build(root)
    assert reason(root) == ""


def test_an_interrupted_rebuild_does_not_keep_the_old_stamp(root):
    build(root)
    with pytest.raises(subprocess.CalledProcessError):
        build(root, fail_at=2)
    assert "half-made" in reason(root)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [("requirements.txt", "2.4.6", "2.4.7"), ("pyproject.toml", "numpy>=2.0", "numpy>=2.1")],
)
def test_changed_requirements_are_noticed(root, name, old, new):
    build(root)
    path = root / name
    path.write_text(path.read_text().replace(old, new))
    assert reason(root) == "the requirements have changed"


def test_comments_and_tool_settings_do_not_rebuild(root):
    build(root)
    (root / "requirements.txt").write_text("# other words\n\nnumpy==2.4.6\n")
    (root / "pyproject.toml").write_text(PROJECT.replace("110", "100"))
    assert reason(root) == ""


def test_another_python_is_noticed_only_when_it_was_asked_for(root):
    build(root, "3.12")
    assert reason(root, "") == ""
    assert reason(root, "3.13") == "it was made with Python 3.12"


def test_a_vanished_interpreter_is_noticed(root):
    build(root)
    (root / ".venv" / "bin" / "python").unlink()
    assert reason(root) == "its Python is gone"


def test_an_unusable_stamp_counts_as_half_made(root):
    build(root)
    (root / ".venv" / environment.STAMP).write_text("nonsense")
    assert "half-made" in reason(root)


def test_a_supported_python_is_taken_as_it_is():
    assert environment.choose("", "3.12", find=lambda name: "3.12") == (sys.executable, "3.12")


def test_an_unsupported_default_finds_another_by_itself():
    there = {"python3.12": "3.12", "python3.11": "3.11"}
    assert environment.choose("", "3.14", find=lambda name: there.get(name, "")) == ("python3.12", "3.12")


def test_a_python_without_venv_finds_another_by_itself():
    there = {"python3.13": "3.13"}
    assert environment.choose("", "3.11", find=lambda name: there.get(name, "")) == ("python3.13", "3.13")


@pytest.mark.parametrize("running", ["3.10", "3.14"])
def test_refusal_names_what_was_found_and_the_remedy(running):
    with pytest.raises(environment.Refusal) as refusal:
        environment.choose("", running, find=lambda name: "")
    assert f"found only Python {running}" in str(refusal.value)
    assert "3.11 to 3.13" in str(refusal.value)
    assert "make PYTHON=python3.12 book" in str(refusal.value)


def test_an_unsupported_python_that_was_asked_for_is_refused_even_if_others_are_there():
    with pytest.raises(environment.Refusal, match=r"python3\.10 is Python 3\.10; try: make PYTHON="):
        environment.choose("python3.10", "3.10", find=lambda name: "3.12")


def test_a_missing_venv_module_is_named():
    with pytest.raises(environment.Refusal, match=r"install python3\.11-venv"):
        environment.choose("", "3.11", find=lambda name: "")


def test_refusal_is_one_line_and_exit_status_two(root, capsys):
    assert environment.main(["--root", str(root), "--asked", "python3.10"], running="3.10") == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1


def test_nothing_to_do_prints_nothing(root, capsys):
    build(root)
    assert environment.main(["--root", str(root)], running="3.12") == 0
    assert capsys.readouterr() == ("", "")


def test_the_program_needs_only_the_standard_library(root):
    build(root)
    script = Path(environment.__file__)
    command = [sys.executable, "-I", "-S", str(script), "--root", str(root)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
