"""CIFAR-10 from its official binary archive: fixed-length records, no pickle, nothing extracted to the disk."""

from __future__ import annotations

import tarfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from echolimit.images.cache import Cache
from echolimit.images.download import RemoteFile, fetch
from echolimit.images.image_set import Pixels

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
SIDE = 32
RECORD = 1 + 3 * SIDE * SIDE  # a label, then the red, the green and the blue plane
TRAIN = tuple(f"data_batch_{batch}.bin" for batch in range(1, 6))
MEMBERS = {"train": TRAIN, "test": ("test_batch.bin",), "all": (*TRAIN, "test_batch.bin")}
STAND_IN = 'load_images("patches") needs no network'


@dataclass(frozen=True)
class Archive:
    """The archive, and how many images each of its files holds."""

    remote: RemoteFile = field(
        default_factory=lambda: RemoteFile(
            "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
            170_052_171,
            "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
        )
    )
    folder: str = "cifar-10-batches-bin"
    records: int = 10_000


OFFICIAL = Archive()


def read_cifar10(split: str, cache: Cache, download: bool = True, archive: Archive | None = None) -> Pixels:
    """CIFAR-10 from the cache, else from the archive in its folder `downloads`, else from the network.

    Raises FileNotFoundError where neither is there and `download` is False, ConnectionError where the archive cannot
    be fetched (both name the stand-in), ValueError for a damaged one.
    """
    archive = archive or OFFICIAL
    digest = archive.remote.sha256
    key = f"cifar10-{split}-{digest[:32]}"
    folder = cache.folder / "downloads"
    if not download and cache.find(key) is None and not (folder / archive.remote.name).exists():
        raise FileNotFoundError(
            f"CIFAR-10 is not in the cache {cache.folder}: load it once with download=True, or put "
            f"{archive.remote.name} into {folder}; {STAND_IN}"
        )

    def make() -> Pixels:
        with cache.lock(archive.remote.name):
            try:
                path = fetch(archive.remote, folder)
            except ConnectionError as error:
                raise ConnectionError(
                    f"{error}. Without a network, put the archive into {folder}; {STAND_IN}"
                ) from error
        pixels, labels = unpack(path, split, archive)
        provenance = (
            f"CIFAR-10 (A. Krizhevsky, 2009), official binary archive; {split}, {len(pixels):,} images; "
            f"sha256 {digest[:16]}"
        )
        return Pixels(pixels, labels, CLASSES, provenance, digest)

    return cache.kept(key, make)


def unpack(path: Path, split: str, archive: Archive) -> tuple[np.ndarray, np.ndarray]:
    """Images (n, 3, 32, 32) and labels (n,) of a split, read out of the archive in memory.

    Only regular files of the names and sizes expected are read; whatever else an archive holds, links and paths that
    lead elsewhere among it, is passed over. Raises ValueError where a file is missing, damaged or of another size.
    """
    wanted = {f"{archive.folder}/{name}": place for place, name in enumerate(MEMBERS[split])}
    parts: dict[int, np.ndarray] = {}
    try:
        with tarfile.open(path, "r:gz") as tar:
            for member in tar:
                if not member.isreg() or member.name not in wanted:
                    continue
                size = archive.records * RECORD
                stream = tar.extractfile(member)
                if stream is None or member.size != size:
                    raise ValueError(f"{member.name} has {member.size:,} bytes, expected {size:,}")
                records = np.frombuffer(stream.read(size), dtype=np.uint8).reshape(archive.records, RECORD)
                parts[wanted[member.name]] = records
                if len(parts) == len(wanted):
                    break
    except (tarfile.TarError, OSError, EOFError, zlib.error, ValueError) as error:
        raise ValueError(f"{path} is damaged: {error}; delete it and load again") from error
    missing = [name for name, place in wanted.items() if place not in parts]
    if missing:
        raise ValueError(f"{path} is damaged: it lacks {', '.join(missing)}; delete it and load again")
    records = np.concatenate([parts[place] for place in sorted(parts)])
    labels = records[:, 0].astype(np.int64)
    if labels.max() >= len(CLASSES):
        raise ValueError(f"{path} is damaged: it has a label {labels.max()}, above 9; delete it and load again")
    return records[:, 1:].reshape(-1, 3, SIDE, SIDE), labels
