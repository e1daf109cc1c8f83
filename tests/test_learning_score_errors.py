"""Score errors of a finished run: the command, what it keeps, and that a longer trained network serves as reference."""

import json

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("accelerate")

from echolimit import GaussianMixture, score_of  # noqa: E402
from echolimit.example_laws import named_law  # noqa: E402
from echolimit.learning import DataSettings, RunSettings, learned_recursion, sources  # noqa: E402
from echolimit.learning.checkpoints import CheckpointError  # noqa: E402
from echolimit.learning.energy import numpy_score, path_energy  # noqa: E402
from echolimit.learning.keeping import load_round  # noqa: E402
from echolimit.learning.score_errors import main, measure_round  # noqa: E402

SETTINGS = {
    "name": "small",
    "data": {"name": "plane", "count": 2000},
    "loop": {"alpha": 0.5, "delta": 0.1, "rounds": 2, "samples": 300},
    "network": {"width": 32, "depth": 2, "preconditioning": "covariance"},
    "training": {"steps": [60, 10], "batch": 256, "learning_rate": 5e-3,
                 "log_every": 10, "checkpoint_every": 10, "threads": 1},
    "sampler": {"steps": 6, "T": 3.0},
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("runs") / "small"
    assert len(list(learned_recursion(None, RunSettings.from_dict(SETTINGS), place, progress=False))) == 2
    return place


def test_the_gap_to_a_longer_trained_network_is_a_lower_bound_of_the_true_energy(folder):
    law, rng = named_law("plane"), np.random.default_rng(1)
    real, held_out = law.sample(2000, rng), law.sample(2000, rng)
    before = load_round(folder, 1).model.state_dict()
    row = measure_round(
        folder, 1, real, held_out, reference_steps=300, ends=1500, steps=12, memoriser=False, progress=False
    )
    after = load_round(folder, 1).model
    assert all(torch.equal(before[key], value) for key, value in after.state_dict().items())
    exact = path_energy(numpy_score(after.score), score_of(law), held_out, 3.0, 0.1, rng, steps=12)
    gauss = GaussianMixture([1.0], [law.mean()], [law.covariance()])
    normal = path_energy(score_of(gauss), score_of(law), held_out, 3.0, 0.1, rng, steps=12)
    error = np.hypot(row["gap_error"], exact.standard_error)
    assert row["gap"] > 3 * row["gap_error"]
    assert row["gap"] < exact.energy + 4 * error
    assert row["gap"] > 0.3 * exact.energy  # the reference has learned most of what was missing
    assert row["pair"] > 0
    assert abs(row["normal_gap"] - normal.energy + exact.energy) < 5 * np.hypot(row["normal_gap_error"], error)
    assert -5 * row["observability_error"] < row["observability"] < 1


def test_the_command_writes_one_row_a_round_and_keeps_those_that_are_there(folder, tmp_path, capsys):
    to = tmp_path / "record.json"
    options = ["--reference-steps", "4", "--ends", "20", "--steps", "3", "--to", str(to)]
    assert main([str(folder), "--rounds", "1", *options]) == 0
    first = json.loads(to.read_text())["rows"]
    assert main([str(folder), "--rounds", "1", "2", *options]) == 0
    rows = json.loads(to.read_text())["rows"]
    assert rows[0] == first[0]
    assert [(row["run"], row["round"], row["alpha"]) for row in rows] == [("small", 1, 0.5), ("small", 2, 0.5)]
    for row in rows:
        numbers = [value for value in row.values() if isinstance(value, int | float)]
        assert np.all(np.isfinite(numbers))
        assert len(row["times"]) == len(row["gap_rate"]) == 3
        assert row["memoriser"] > 0
        assert "plane" in row["data"]


def test_a_wrong_command_is_refused_with_words_before_any_work(folder, tmp_path, capsys):
    to = tmp_path / "record.json"

    def says(*words):
        assert main([*map(str, words), "--to", str(to)]) == 2
        assert not (to.exists() and to.read_text().startswith('{\n  "command"'))
        return capsys.readouterr().err

    assert "holds no run" in says(tmp_path)
    assert "--rounds must be finished ones" in says(folder, "--rounds", 1, 3)
    assert "are not those that" in says(folder, "--data", "ring")
    to.write_text("[]")
    assert "holds no rows of this command" in says(folder)


def test_images_are_measured_on_the_split_that_was_not_trained_on(monkeypatch):
    opened = []
    monkeypatch.setattr(sources, "open_source", lambda settings: opened.append(settings))
    for split, other in (("train", "test"), ("test", "train")):
        sources.open_held_out(DataSettings("digits", split=split, count=100))
        assert (opened[-1].split, opened[-1].count) == (other, 0)


def test_rounds_that_are_not_there_are_refused(folder):
    rows = np.zeros((30, 2))
    with pytest.raises(ValueError, match="reference_steps"):
        measure_round(folder, 1, rows, rows, reference_steps=-1)
    with pytest.raises(CheckpointError, match="damaged"):
        measure_round(folder, 3, rows, rows)
