"""Settings of a run: read from TOML, refused before anything is trained."""

import pytest

from echolimit.learning import LoopSettings, RunSettings, TrainingSettings

TOML = """
name = "small"
seed = 3
[data]
name = "ring"
[loop]
alpha = 0.25
delta = [0.1, 0.05]
rounds = 2
samples = 100
[training]
steps = [30, 10]
"""


def test_a_config_becomes_settings_and_a_digest(tmp_path):
    path = tmp_path / "run.toml"
    path.write_text(TOML)
    settings = RunSettings.from_toml(path)
    assert settings.loop.schedule() == [(0.25, 0.1), (0.25, 0.05)]
    assert [settings.training.steps_of(k) for k in (1, 2, 5)] == [30, 10, 10]
    assert RunSettings.from_dict(settings.as_dict()) == settings
    assert RunSettings.from_dict(settings.as_dict()).digest() == settings.digest()
    assert RunSettings.from_dict(settings.as_dict() | {"seed": 4}).digest() != settings.digest()


@pytest.mark.parametrize(
    ("entries", "says"),
    [
        ({"loop": {"alpha": 1.5}}, "alpha must be in"),
        ({"loop": {"delta": 0.0}}, "delta must be greater than 0"),
        ({"loop": {"delta": [0.1], "rounds": 2}}, "length rounds = 2"),
        ({"loop": {"alfa": 0.5}}, "^loop: unknown entry 'alfa'; known are alpha, delta"),
        ({"lop": {}}, "unknown entry 'lop'"),
        ({"loop": 3}, "^loop must be a table"),
        ({"loop": {"rounds": 2.5}}, "loop.rounds must be an integer"),
        ({"network": {"kind": "transformer"}}, "network.kind must be one of mlp, unet"),
        ({"network": {"kind": "unet", "width": 20}}, "multiple of 8"),
        ({"training": {"steps": [1, 2, 3]}}, "a pair"),
        ({"training": {"checkpoint_every": 75}}, "multiple of log_every = 50"),
        ({"training": {"averaging": 0.0}}, "averaging must be in"),
        ({"training": {"precision": "fp8"}}, "training.precision must be one of"),
        ({"sampler": {"T": 0.12}}, "sampler.T must lie well above"),
        ({"sampler": {"name": "ddpm"}}, "sampler.name must be one of"),
        ({"data": {"split": "valid"}}, "data.split must be one of"),
        ({"data": {"name": ""}}, "data.name must be"),
        ({"name": "a/b"}, "it names a folder"),
        ({"seed": -1}, "seed must be at least 0"),
    ],
)
def test_what_is_out_of_range_is_named(entries, says):
    with pytest.raises((ValueError, TypeError), match=says):
        RunSettings.from_dict(entries)


def test_a_missing_or_broken_file_is_named(tmp_path):
    with pytest.raises(ValueError, match="does not exist"):
        RunSettings.from_toml(tmp_path / "none.toml")
    (tmp_path / "broken.toml").write_text("alpha = = 2")
    with pytest.raises(ValueError, match="is not TOML"):
        RunSettings.from_toml(tmp_path / "broken.toml")
    with pytest.raises(ValueError, match="cannot be read"):
        RunSettings.from_toml(tmp_path)


def test_settings_made_in_python_are_checked_alike():
    with pytest.raises(ValueError, match="alpha"):
        LoopSettings(alpha=-1.0)
    with pytest.raises(ValueError, match=r"training\.batch"):
        TrainingSettings(batch=0)
    with pytest.raises(TypeError, match=r"loop must be .*LoopSettings"):
        RunSettings(loop={"alpha": 0.5})
