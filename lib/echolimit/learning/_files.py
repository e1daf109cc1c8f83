"""Files that are either whole or not there, and their digests: what checkpoints and records are written with."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import torch
from safetensors.torch import load as safetensors_from_bytes
from safetensors.torch import save as safetensors_to_bytes


def sha256(data: bytes) -> str:
    """The digest of some bytes, 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def write_synced(path: Path, data: bytes) -> None:
    """Write a new file and wait until the disk has it."""
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Wait until the disk has the folder's entries; where folders cannot be opened (Windows) there is nothing to do."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_whole(path: str | os.PathLike[str], data: bytes) -> Path:
    """Replace a file so that a reader, or a kill at any moment, finds the old bytes or the new ones, no mixture."""
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(f".{target.name}.writing")
    write_synced(beside, data)
    os.replace(beside, target)
    sync_folder(target.parent)
    return target


def tensors_to_bytes(tensors: dict[str, torch.Tensor]) -> bytes:
    """Named tensors as safetensors; each is copied to the CPU with its own memory, so that tied weights are allowed."""
    for name, tensor in tensors.items():
        if not isinstance(name, str) or not isinstance(tensor, torch.Tensor):
            kind = type(tensor).__name__
            raise TypeError(f"tensors must map names to torch tensors, got {name!r} -> {kind}: numbers go in meta")
    own = {name: tensor.detach().to("cpu", copy=True).contiguous() for name, tensor in tensors.items()}
    return safetensors_to_bytes(own)


def tensors_from_bytes(data: bytes) -> dict[str, torch.Tensor]:
    """The tensors of `tensors_to_bytes`, on the CPU, bit for bit."""
    return safetensors_from_bytes(data)
