"""Checkpoints: they return what was saved, the damaged ones are refused, a kill in the middle leaves whole ones."""

import json
import shutil
import warnings

import pytest

from killing import kill_after, needs_kill

torch = pytest.importorskip("torch")
pytest.importorskip("safetensors")

from echolimit.learning.checkpoints import (  # noqa: E402
    CheckpointError,
    list_checkpoints,
    load_checkpoint,
    load_latest_checkpoint,
    save_checkpoint,
    step_of,
)

META = {"log": 1234, "loss": 0.1 + 0.2, "tiny": 5e-324, "name": "naïve", "list": [1, None, True]}


def example(step):
    rng = torch.Generator().manual_seed(step)
    weights = torch.randn(5, 3, generator=rng)
    return {
        "weights": weights,
        "tied": weights,
        "turned": weights.T,
        "half": weights.to(torch.bfloat16),
        "count": torch.tensor(step),
        "bytes": torch.arange(7, dtype=torch.uint8),
        "none": torch.empty(0, 4),
        "odd": torch.tensor([float("nan"), -0.0, float("inf"), 1e-42]),
    }


def same_bits(a, b):
    return (
        a.keys() == b.keys()
        and all(a[k].dtype == b[k].dtype and a[k].shape == b[k].shape for k in a)
        and all(a[k].contiguous().numpy(force=True).tobytes() == b[k].contiguous().numpy(force=True).tobytes()
                for k in a if a[k].dtype != torch.bfloat16)
        and torch.equal(a["half"], b["half"])
    )  # fmt: skip


def test_a_checkpoint_returns_every_bit(tmp_path):
    path = save_checkpoint(tmp_path / "deep" / "checkpoints", 42, example(42), META)
    tensors, meta, place = load_latest_checkpoint(tmp_path / "deep" / "checkpoints")
    assert place == path
    assert step_of(path) == 42
    assert meta == META
    assert same_bits(tensors, example(42))


def test_the_last_two_are_kept_and_the_newest_is_taken(tmp_path):
    for step in (0, 9, 10, 10_000_000_000):
        save_checkpoint(tmp_path, step, example(step), {"step": step})
    assert [step_of(path) for path in list_checkpoints(tmp_path)] == [10, 10_000_000_000]
    assert load_latest_checkpoint(tmp_path)[1] == {"step": 10_000_000_000}
    assert sorted(path.name for path in tmp_path.iterdir()) == [p.name for p in list_checkpoints(tmp_path)]


def test_other_numbers_can_be_kept_and_a_left_future_goes(tmp_path):
    for step in (1, 2, 3, 4):
        save_checkpoint(tmp_path, step, {}, {}, keep=3)
    assert [step_of(path) for path in list_checkpoints(tmp_path)] == [2, 3, 4]
    save_checkpoint(tmp_path, 3, {}, {"second": True}, keep=3)
    assert [step_of(path) for path in list_checkpoints(tmp_path)] == [2, 3]
    assert load_latest_checkpoint(tmp_path)[1] == {"second": True}


def test_no_checkpoint_is_none(tmp_path):
    assert load_latest_checkpoint(tmp_path) is None
    assert load_latest_checkpoint(tmp_path / "missing") is None
    assert list_checkpoints(tmp_path / "missing") == []


def flip_byte(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))


def cut(path):
    path.write_bytes(path.read_bytes()[:-1])


def empty(path):
    path.write_bytes(b"")


def remove(path):
    path.unlink()


@pytest.mark.parametrize("harm", [flip_byte, cut, empty, remove])
@pytest.mark.parametrize("name", ["tensors.safetensors", "meta.json", "manifest.json"])
def test_a_damaged_checkpoint_is_refused_and_the_one_before_used(tmp_path, name, harm):
    save_checkpoint(tmp_path, 1, example(1), {"step": 1})
    newest = save_checkpoint(tmp_path, 2, example(2), {"step": 2})
    harm(newest / name)
    with pytest.warns(RuntimeWarning, match=r"step-0000000002 is damaged.*using the checkpoint before it"):
        tensors, meta, _ = load_latest_checkpoint(tmp_path)
    assert meta == {"step": 1}
    assert same_bits(tensors, example(1))
    save_checkpoint(tmp_path, 2, example(2), {"step": "anew"})  # the run comes to the same step again
    assert load_latest_checkpoint(tmp_path)[1] == {"step": "anew"}


def test_files_of_two_checkpoints_are_not_mixed(tmp_path):
    first, second = (save_checkpoint(tmp_path, step, example(step), {}) for step in (1, 2))
    shutil.copy(first / "tensors.safetensors", second / "tensors.safetensors")
    with pytest.raises(CheckpointError, match=r"tensors.safetensors does not have the digest"):
        load_checkpoint(second)
    shutil.rmtree(second)
    shutil.copytree(first, second)
    with pytest.raises(CheckpointError, match="holds step 1"):
        load_checkpoint(second)


def test_an_altered_manifest_does_not_let_a_pickle_in(tmp_path):
    import hashlib

    path = save_checkpoint(tmp_path, 1, example(1), {})
    torch.save({"weights": torch.zeros(2)}, path / "tensors.safetensors")
    manifest = json.loads((path / "manifest.json").read_text())
    manifest["tensors.safetensors"]["sha256"] = hashlib.sha256((path / "tensors.safetensors").read_bytes()).hexdigest()
    (path / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(CheckpointError, match="damaged"):
        load_checkpoint(path)


def test_when_all_are_damaged_nothing_is_invented(tmp_path):
    for step in (1, 2):
        cut(save_checkpoint(tmp_path, step, example(step), {}) / "meta.json")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        with pytest.raises(CheckpointError, match=r"none of the 2 checkpoints .* restore one, or remove them"):
            load_latest_checkpoint(tmp_path)


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"step": -1}, ValueError, "step must be at least 0"),
        ({"step": 1.5}, TypeError, "step must be an integer"),
        ({"keep": 0}, ValueError, "keep must be at least 1"),
        ({"tensors": {"loss": 0.5}}, TypeError, "'loss' -> float: numbers go in meta"),
        ({"meta": {"path": object()}}, TypeError, "not JSON serializable"),
    ],
)
def test_what_cannot_be_saved_is_refused_before_anything_is_written(tmp_path, change, error, words):
    with pytest.raises(error, match=words):
        save_checkpoint(**({"folder": tmp_path / "c", "step": 1, "tensors": {}, "meta": {}} | change))
    assert not (tmp_path / "c").exists()


def write_checkpoints(folder, step):
    while True:
        step += 1
        tensors = {"a": torch.full((50_000,), float(step)), "b": torch.full((9,), step)}
        save_checkpoint(folder, step, tensors, {"step": step})


@needs_kill
def test_kills_while_checkpoints_are_written_leave_whole_ones(tmp_path):
    """A process that does nothing but write checkpoints is killed again and again, each time in the middle of one."""
    step = 0
    for kill in range(24):

        def started(step=step):
            return any(step_of(path) > step for path in list_checkpoints(tmp_path))

        kill_after(0.0017 * kill, write_checkpoints, tmp_path, step, started=started)
        for path in list_checkpoints(tmp_path):
            tensors, meta, _ = load_checkpoint(path)
            assert meta == {"step": step_of(path)}
            assert torch.all(tensors["a"] == step_of(path))
            assert torch.all(tensors["b"] == step_of(path))
        assert len(list_checkpoints(tmp_path)) >= min(2, step + 1)
        newest = load_latest_checkpoint(tmp_path)[1]["step"]
        assert newest > step
        step = newest
