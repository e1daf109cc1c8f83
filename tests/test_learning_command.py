"""python -m echolimit.learning: run, resume, plot, report, and what it says to a wrong config before it trains."""

import json
import os

import matplotlib.image
import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("accelerate")

from echolimit.learning import RunSettings, recursion  # noqa: E402
from echolimit.learning.__main__ import FAILED, STOPPED, WRONG, main  # noqa: E402
from echolimit.learning.lock import RunLock  # noqa: E402
from echolimit.learning.records import read_records  # noqa: E402
from echolimit.learning.runs import read_run, read_settings, settings_as_toml  # noqa: E402

SMALL = """
name = "small"
seed = 1

[data]
name = "digits"
count = 600

[loop]
alpha = 0.5
delta = [0.1, 0.05]
rounds = 2
samples = 120

[network]
width = 8
depth = 1
preconditioning = "covariance"

[training]
steps = 6
batch = 16
log_every = 2
checkpoint_every = 4
threads = 1

[sampler]
steps = 4
"""


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A finished run: its config and its folder."""
    folder = tmp_path_factory.mktemp("small")
    config = folder / "small.toml"
    config.write_text(SMALL)
    assert main(["run", str(config), "--folder", str(folder / "run"), "--quiet"]) == 0
    return config, folder / "run"


def test_a_run_says_what_it_did_and_leaves_a_log(small, capsys):
    config, folder = small
    assert main(["run", str(config), "--folder", str(folder), "--quiet"]) == 0
    assert main(["resume", str(folder)]) == 0
    assert capsys.readouterr().out == f"{folder} is finished: 2 rounds\n" * 2
    steps = [line for line in read_records(folder / "log.jsonl") if line["event"] == "step"]
    assert [(line["round"], line["step"]) for line in steps] == [(1, 2), (1, 4), (1, 6), (2, 2), (2, 4), (2, 6)]
    run = read_run(folder)
    assert run.complete
    assert run.settings == RunSettings.from_toml(config)
    assert [record.samples.shape for record in run.rounds()] == [(120, 64)] * 2


def test_a_report_stands_by_itself(small, tmp_path, capsys):
    to = tmp_path / "results" / "small"
    assert main(["report", str(small[1]), "--to", str(to), "--thumbnails", "11"]) == 0
    printed = capsys.readouterr().out
    assert max(map(len, printed.splitlines()[:-1])) <= 80
    record = json.loads((to / "record.json").read_text())
    assert record["alpha"] == [0.5, 0.5]
    assert record["delta"] == [0.1, 0.05]
    assert record["complete"] is True
    assert record["data"]["n"] == 600
    assert record["data"]["shape"] == [1, 8, 8]
    leading = record["data"]["leading_variances"]
    assert leading == sorted(leading, reverse=True)
    assert len(leading) == 16
    assert "Handwritten Digits" in record["data"]["provenance"]
    assert record["provenance"]["threads"] == 1
    assert [row["round"] for row in record["training"]] == [1, 2]
    tails = {row["round"]: row for row in record["metrics"] if row["metric"] == "tail_variance"}
    assert sorted(tails) == [1, 2]
    for row in tails.values():  # a network at its start is the best linear score: second moments are right
        assert abs(row["measured"] / row["theory"] - 1) < 0.2
    assert [row["round"] for row in record["gain"]] == [1, 2]
    assert RunSettings.from_toml(to / "config.toml") == RunSettings.from_toml(small[0])
    assert [json.loads(line) for line in (to / "metrics.jsonl").read_text().splitlines()] == record["metrics"]
    for name in ("grid.png", "progress.png"):
        assert matplotlib.image.imread(to / name).std() > 0.05
    everything = "".join(path.read_text() for path in to.iterdir() if path.suffix != ".png")
    assert str(tmp_path) not in everything
    assert os.uname().nodename not in everything.replace(record["provenance"]["machine"], "")


def test_a_report_does_not_take_the_folder_of_another_run(small, tmp_path, capsys):
    (tmp_path / "config.toml").write_text("# with words\n" + SMALL.replace("seed = 1", "seed = 2"))
    assert main(["report", str(small[1]), "--to", str(tmp_path)]) == WRONG
    assert "holds other settings than" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["config.toml"]
    assert main(["report", str(small[1]), "--to", str(tmp_path), "--thumbnails", "2"]) == WRONG
    assert "thumbnails must be at least 3" in capsys.readouterr().err


def test_a_run_on_vectors_is_drawn_while_it_is_under_way(tmp_path, capsys):
    config = tmp_path / "plane.toml"
    config.write_text(
        SMALL.replace('"digits"', '"plane"').replace("rounds = 2", "rounds = 1").replace("[0.1, 0.05]", "0.1")
    )
    folder = tmp_path / "run"
    next(recursion.learned_recursion(None, read_settings(config), folder, progress=False))
    assert main(["plot", str(folder)]) == 0
    assert capsys.readouterr().out == f"wrote {folder / 'progress.png'}\n"
    assert matplotlib.image.imread(folder / "progress.png").std() > 0.05


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("alpha = 0.5", "alpha = 1.5", "alpha must be in [0, 1], got 1.5"),
        ("alpha = 0.5", "aplha = 0.5", "unknown entry 'aplha'; known are alpha, delta"),
        ("delta = [0.1, 0.05]", "delta = [0.1, 0.05, 0.1]", "delta"),
        ("rounds = 2", "rounds = 0", "loop.rounds must be at least 1"),
        ("rounds = 2", 'rounds = "two"', "loop.rounds must be an integer"),
        ("[loop]", "[lop]", "unknown entry 'lop'; known are data, loop"),
        ("[loop]", "[loop", "is not TOML"),
        ('"digits"', '"nowhere.zip"', "nowhere.zip"),
        ('"covariance"', '"none"', "network.preconditioning must be one of scalar, covariance"),
        ("width = 8", 'kind = "unet"\nwidth = 12', "multiple of 8"),
        ("depth = 1", 'kind = "unet"\ndepth = 6', "the side must be a multiple of"),
        ("checkpoint_every = 4", "checkpoint_every = 3", "training.checkpoint_every must be a multiple of log_every"),
        ("steps = 6", "steps = [6, 5, 4]", "training.steps must be a number or a pair"),
        ("threads = 1", 'precision = "fp16"', "fp16"),
        ("[sampler]", '[sampler]\nname = "euler"', "sampler.name must be one of"),
        ("[sampler]", "[sampler]\nT = 0.1", "sampler.T must lie well above every delta"),
        ('name = "small"', 'name = "../up"', "it names a folder"),
    ],
)
def test_a_wrong_config_is_named_before_anything_is_trained(tmp_path, capsys, monkeypatch, old, new, words):
    monkeypatch.setattr(recursion.RoundTraining, "advance", None)
    config = tmp_path / "wrong.toml"
    assert SMALL.count(old) == 1
    config.write_text(SMALL.replace(old, new))
    assert main(["run", str(config), "--folder", str(tmp_path / "run")]) in (WRONG, FAILED)
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert words in error
    assert not (tmp_path / "run").exists()


def test_entries_are_changed_on_the_command_line(small, capsys):
    changed = read_settings(small[0], ["loop.alpha=.25", "loop.delta=[0.2, 0.1]", "name=other", "network.width = 16"])
    assert (changed.loop.alpha, changed.loop.delta) == (0.25, (0.2, 0.1))
    assert (changed.name, changed.network.width) == ("other", 16)
    for change, words in (
        ("loop.alpha", "--set must be table.entry=value, got 'loop.alpha'"),
        ("loop.alhpa=1", "unknown entry 'alhpa'"),
        ("seed.one=1", "seed is no table"),
        ("loop.rounds=2.5", "loop.rounds must be an integer"),
    ):
        assert main(["run", str(small[0]), "--set", change]) == WRONG
        assert words in capsys.readouterr().err


def test_settings_return_from_toml_as_they_were(tmp_path):
    settings = RunSettings.from_dict(
        {
            "name": "a",
            "data": {"name": 'C:\\data "x".zip', "resolution": 16},
            "loop": {"alpha": [0.1, 1 / 3], "rounds": 2},
        }
    )
    (tmp_path / "a.toml").write_text(settings_as_toml(settings), encoding="utf-8")
    assert RunSettings.from_toml(tmp_path / "a.toml") == settings


def test_folders_that_are_no_run_or_another_one(small, tmp_path, capsys):
    config, folder = small
    for command in (["resume"], ["plot"], ["report"]):
        assert main([*command, str(tmp_path)]) == WRONG
        assert "holds no run, there is no settings.json" in capsys.readouterr().err
    assert main(["run", str(config), "--folder", str(folder), "--set", "seed=2"]) == WRONG
    assert "holds a run of other settings: take another --folder" in capsys.readouterr().err
    (tmp_path / "settings.json").write_text('{"settings": {"colour": 1}}')
    assert main(["resume", str(tmp_path)]) == WRONG
    assert "unknown entry 'colour'" in capsys.readouterr().err
    (tmp_path / "settings.json").write_text('{"settings": {}}')
    for command in (["resume"], ["run", str(config), "--folder"]):
        assert main([*command, str(tmp_path)]) == WRONG
        assert "settings.json cannot be used (no entry 'data'): restore it" in capsys.readouterr().err
    assert main(["run", str(tmp_path / "missing.toml")]) == WRONG
    assert "does not exist: pass the path of a TOML file" in capsys.readouterr().err


def test_a_locked_folder_and_a_stop_by_hand_end_with_words(small, tmp_path, capsys, monkeypatch):
    with RunLock(tmp_path):
        assert main(["run", str(small[0]), "--folder", str(tmp_path), "--quiet"]) == FAILED
    assert "is being written by process" in capsys.readouterr().err

    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(recursion.RoundTraining, "advance", stop)
    assert main(["run", str(small[0]), "--folder", str(tmp_path), "--quiet"]) == STOPPED
    assert "goes on from the last checkpoint" in capsys.readouterr().err


def test_data_passed_from_python_cannot_be_found_by_resume(tmp_path, capsys, monkeypatch):
    rows = np.random.default_rng(0).standard_normal((50, 2))
    settings = RunSettings.from_dict({"loop": {"rounds": 1, "samples": 10}, "training": {"steps": 2, "log_every": 1}})
    monkeypatch.setattr(recursion, "draw_samples", None)  # it breaks off before the round is finished
    with pytest.raises(TypeError):
        next(recursion.learned_recursion(rows, settings, tmp_path, progress=False))
    assert main(["resume", str(tmp_path)]) == WRONG
    assert "call learned_recursion(data, settings, folder) again" in capsys.readouterr().err
    assert main(["report", str(tmp_path)]) == WRONG
    assert "holds no finished round yet" in capsys.readouterr().err
