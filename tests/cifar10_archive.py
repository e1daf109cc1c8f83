"""A small archive made like the official one: the same files, twenty records each."""

import hashlib
import io
import tarfile

import numpy as np

from echolimit.images import cifar10
from echolimit.images.cifar10 import Archive
from echolimit.images.download import RemoteFile

RECORDS = 20
RNG = np.random.default_rng(0)
FILES = {
    name: np.concatenate([RNG.integers(0, 10, (RECORDS, 1)), RNG.integers(0, 256, (RECORDS, 3072))], axis=1)
    for name in cifar10.MEMBERS["all"]
}


def packed(members, extra=(), folder="cifar-10-batches-bin"):
    """A .tar.gz with `members`, name to bytes, and ready-made tar entries."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz", compresslevel=1) as tar:
        for info in extra:
            tar.addfile(info, io.BytesIO(b"x" * info.size))
        for name, data in members.items():
            info = tarfile.TarInfo(f"{folder}/{name}")
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return stream.getvalue()


def whole_members():
    return {name: records.astype(np.uint8).tobytes() for name, records in FILES.items()}


CONTENT = packed(whole_members())


def archive_of(content, address="http://127.0.0.1:9"):
    remote = RemoteFile(f"{address}/cifar-10-binary.tar.gz", len(content), hashlib.sha256(content).hexdigest())
    return Archive(remote, records=RECORDS)
