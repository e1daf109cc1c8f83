"""CIFAR-10 from its official binary archive: fixed-length records, no pickle, nothing extracted to the disk."""

from __future__ import annotations

import os
import tarfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from echolimit.images.cache import Cache, sha256_of
from echolimit.images.download import RemoteFile, fetch
from echolimit.images.folders import FolderSource, read_folder
from echolimit.images.image_set import Pixels

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
SIDE = 32
RECORD = 1 + 3 * SIDE * SIDE  # a label, then the red, the green and the blue plane
TRAIN = tuple(f"data_batch_{batch}.bin" for batch in range(1, 6))
MEMBERS = {"train": TRAIN, "test": ("test_batch.bin",), "all": (*TRAIN, "test_batch.bin")}
TITLE = "CIFAR-10 (A. Krizhevsky, 2009)"
VARIABLE = "ECHOLIMIT_CIFAR10"  # the path of a local copy
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
    """CIFAR-10 from the copy that ECHOLIMIT_CIFAR10 names, else from the cache, else from the archive in its folder
    `downloads`, else from the network.

    Raises FileNotFoundError where none is there and `download` is False, ConnectionError where the archive cannot
    be fetched (both name the stand-in), ValueError for a damaged one and for a copy that is not CIFAR-10.
    """
    archive = archive or OFFICIAL
    if os.environ.get(VARIABLE):
        return _read_copy(Path(os.environ[VARIABLE]).expanduser(), split, cache, archive)
    name, digest = archive.remote.name, archive.remote.sha256
    folder = cache.folder / "downloads"
    if not download and cache.find(_key(split, digest)) is None and not (folder / name).exists():
        raise FileNotFoundError(
            f"CIFAR-10 is not in the cache {cache.folder}: load it once with download=True, put {name} into {folder}, "
            f"or name a copy in {VARIABLE}; {STAND_IN}"
        )

    def make() -> Pixels:
        with cache.lock(name):
            try:
                path = fetch(archive.remote, folder)
            except ConnectionError as error:
                raise ConnectionError(
                    f"{error}. Without a network, put the archive into {folder}; {STAND_IN}"
                ) from error
        return unpack(path, split, archive, digest)

    return cache.kept(_key(split, digest), make)


def is_binary(path: Path) -> bool:
    """Whether a path is an archive, or an unpacked folder, of the binary version."""
    return (path.is_file() and path.name.endswith((".tar.gz", ".tgz"))) or (path / TRAIN[0]).is_file()


def read_binary(path: Path, split: str, cache: Cache, archive: Archive | None = None) -> Pixels:
    """A local copy of the binary version: the archive, or the folder with its files."""
    archive = archive or OFFICIAL
    if path.is_file():
        digest = sha256_of(path)
        return cache.kept(_key(split, digest), lambda: unpack(path, split, archive, digest))
    names = sorted(file.name for file in path.iterdir() if file.name in MEMBERS["all"])
    digest = FolderSource(path).digest(lambda: names)

    def make() -> Pixels:
        parts = {name: (path / name).read_bytes() for name in MEMBERS[split] if name in names}
        return joined(parts, split, archive, digest, path)

    return cache.kept(_key(split, digest), make)


def _read_copy(path: Path, split: str, cache: Cache, archive: Archive) -> Pixels:
    """The copy that the environment names, in any of the forms that it may have."""
    if not path.exists():
        raise FileNotFoundError(f"{VARIABLE} names {path}, which does not exist: mend it or unset it; {STAND_IN}")
    if is_binary(path):
        return read_binary(path, split, cache, archive)
    read = read_folder(path, split, cache, words=f"{TITLE}, a copy in class folders")
    if read.classes != CLASSES or read.pixels.shape[1:] != (3, SIDE, SIDE):
        raise ValueError(
            f"{VARIABLE} names {path}, which is not CIFAR-10: it has {len(read.classes)} classes and images of shape "
            f"{read.pixels.shape[1:]}; name its ten class folders of 3 x 32 x 32, or read the path itself"
        )
    return read


def unpack(path: Path, split: str, archive: Archive, digest: str) -> Pixels:
    """The images of a split, read out of the archive in memory.

    Only regular files of the names and sizes expected are read; whatever else an archive holds, links and paths that
    lead elsewhere among it, is passed over. Raises ValueError where a file is missing, damaged or of another size.
    """
    parts: dict[str, bytes] = {}
    size = archive.records * RECORD
    try:
        with tarfile.open(path, "r:gz") as tar:
            for member in tar:
                folder, _, name = member.name.rpartition("/")
                stream = tar.extractfile(member) if member.isreg() else None
                if stream is not None and folder == archive.folder and name in MEMBERS[split]:
                    parts[name] = stream.read(size + 1)
                if len(parts) == len(MEMBERS[split]):
                    break
    except (tarfile.TarError, OSError, EOFError, zlib.error) as error:
        raise ValueError(f"{path} is damaged: {error}; delete it and load again") from error
    return joined(parts, split, archive, digest, path)


def joined(parts: dict[str, bytes], split: str, archive: Archive, digest: str, path: Path) -> Pixels:
    """The records of the files of a split as images and labels, in the order of the files."""
    size = archive.records * RECORD
    for name in MEMBERS[split]:
        if len(parts.get(name, b"")) != size:
            fault = f"{name} does not have {size:,} bytes" if name in parts else f"it lacks {name}"
            raise ValueError(f"{path} is damaged: {fault}; delete it and load again")
    data = b"".join(parts[name] for name in MEMBERS[split])
    records = np.frombuffer(data, dtype=np.uint8).reshape(-1, RECORD)
    labels = records[:, 0].astype(np.int64)
    if labels.max() >= len(CLASSES):
        raise ValueError(f"{path} is damaged: it has a label {labels.max()}, above 9; delete it and load again")
    pixels = records[:, 1:].reshape(-1, 3, SIDE, SIDE)
    form = "official binary archive" if digest == archive.remote.sha256 else "binary version"
    return Pixels(pixels, labels, CLASSES, f"{TITLE}, {form}", digest)


def _key(split: str, digest: str) -> str:
    return f"cifar10-{split}-{digest[:32]}"
