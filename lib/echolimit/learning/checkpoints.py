"""Checkpoints that survive a kill at any moment: written beside, synced, moved into place, verified before use."""

from __future__ import annotations

import json
import os
import re
import shutil
import warnings
from pathlib import Path
from typing import Any

import torch

from echolimit._checks import check_count

from ._files import sha256, sync_folder, tensors_from_bytes, tensors_to_bytes, write_synced

_NAME = re.compile(r"step-(\d{10,})")
_TENSORS, _META, _MANIFEST = "tensors.safetensors", "meta.json", "manifest.json"

Checkpoint = tuple[dict[str, torch.Tensor], dict[str, Any], Path]


class CheckpointError(RuntimeError):
    """A checkpoint is damaged, or none of a run's checkpoints is whole."""


def save_checkpoint(
    folder: str | os.PathLike[str], step: int, tensors: dict[str, torch.Tensor], meta: dict[str, Any], keep: int = 2
) -> Path:
    """Save the state of a run after `step` steps; whatever moment the process is killed at, whole checkpoints remain.

    The files (tensors as safetensors, meta as JSON, a manifest with the sha256 of both) are written to a folder
    beside, synced to disk, and moved into place in one step. Then all but the newest `keep` are removed, and those of
    later steps too: they belong to a future that the run left when it resumed before them.

    folder: of the run's checkpoints, made when missing.  step: integer >= 0, one that grows over the whole run.
    tensors: name -> tensor of any dtype and device; empty is allowed.  meta: what JSON can hold; floats return bit for
    bit.  keep: integer >= 1.
    Returns the folder of this checkpoint, `folder/step-0000000042`. One process may write: see `RunLock`.
    Raises TypeError for values that cannot be saved (before anything is written), OSError where the disk refuses.
    """
    number, kept = check_count(step, "step"), check_count(keep, "keep", least=1)
    files = {_TENSORS: tensors_to_bytes(tensors), _META: _json({"step": number, "meta": meta})}
    files[_MANIFEST] = _json({name: _entry(data) for name, data in files.items()})
    root = Path(folder)
    root.mkdir(parents=True, exist_ok=True)
    _remove_leftovers(root)
    target, beside = root / f"step-{number:010d}", root / f".writing-{number:010d}"
    beside.mkdir()
    for name, data in files.items():
        write_synced(beside / name, data)
    sync_folder(beside)
    if target.exists():  # a damaged one, or one of a future that was left: the one before it is still there
        os.replace(target, root / f".left-{number:010d}")
    os.replace(beside, target)
    sync_folder(root)
    _remove_leftovers(root)
    _prune(root, number, kept)
    return target


def load_latest_checkpoint(folder: str | os.PathLike[str]) -> Checkpoint | None:
    """The newest whole checkpoint: (tensors on the CPU, meta, its folder), or None where there is none at all.

    Each file is compared with the manifest before anything in it is used; a checkpoint that differs is refused with
    a RuntimeWarning and the one before it is taken. Nothing is unpickled.
    Raises CheckpointError where there are checkpoints and none is whole.
    """
    root = Path(folder)
    found = list_checkpoints(root)
    for path in reversed(found):
        try:
            return load_checkpoint(path)
        except CheckpointError as error:
            warnings.warn(f"{error}; using the checkpoint before it", RuntimeWarning, stacklevel=2)
    if found:
        raise CheckpointError(
            f"none of the {len(found)} checkpoints in {root} is whole: restore one, or remove them to start anew"
        )
    return None


def load_checkpoint(path: str | os.PathLike[str]) -> Checkpoint:
    """One checkpoint, verified: (tensors on the CPU, meta, its folder). Raises CheckpointError where it is damaged."""
    place = Path(path)
    try:
        manifest = json.loads((place / _MANIFEST).read_bytes())
        files = {name: (place / name).read_bytes() for name in (_TENSORS, _META)}
        for name, data in files.items():
            if manifest[name] != _entry(data):
                raise CheckpointError(f"checkpoint {place} is damaged: {name} does not have the digest of its manifest")
        saved = json.loads(files[_META])
        number, meta, tensors = saved["step"], saved["meta"], tensors_from_bytes(files[_TENSORS])
    except CheckpointError:
        raise
    except Exception as error:  # whatever a torn or foreign file provokes: missing, no JSON, no safetensors
        raise CheckpointError(f"checkpoint {place} is damaged: {type(error).__name__}: {error}") from error
    if step_of(place) != number:
        raise CheckpointError(f"checkpoint {place} is damaged: it holds step {number}, not the one it is named for")
    return tensors, meta, place


def list_checkpoints(folder: str | os.PathLike[str]) -> list[Path]:
    """The checkpoints in a folder, oldest step first, unverified; empty where the folder is missing."""
    root = Path(folder)
    found = [path for path in root.iterdir() if _NAME.fullmatch(path.name)] if root.is_dir() else []
    return sorted(found, key=step_of)


def step_of(checkpoint: str | os.PathLike[str]) -> int:
    """The step that a checkpoint's folder is named for. Raises ValueError for another name."""
    match = _NAME.fullmatch(Path(checkpoint).name)
    if match is None:
        raise ValueError(f"checkpoint must be a folder step-NNNNNNNNNN, got {checkpoint}: see list_checkpoints")
    return int(match[1])


def _entry(data: bytes) -> dict[str, Any]:
    """What the manifest says of a file."""
    return {"sha256": sha256(data), "bytes": len(data)}


def _json(value: Any) -> bytes:
    return json.dumps(value, indent=1).encode()


def _remove_leftovers(root: Path) -> None:
    """What a kill left half written, or half removed."""
    for pattern in (".writing-*", ".left-*"):
        for path in root.glob(pattern):
            shutil.rmtree(path)


def _prune(root: Path, newest: int, keep: int) -> None:
    past = [path for path in list_checkpoints(root) if step_of(path) <= newest]
    stale = [path for path in list_checkpoints(root) if step_of(path) > newest]
    for path in past[:-keep] + stale:
        left = root / f".left-{step_of(path):010d}"  # out of sight first: a half removed one is never taken for one
        os.replace(path, left)
        shutil.rmtree(left)
