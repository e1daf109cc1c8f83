"""One call for all image sets."""

from __future__ import annotations

import os
from pathlib import Path

from echolimit._checks import check_choice, check_count
from echolimit.images import standins
from echolimit.images.cache import Cache
from echolimit.images.cifar10 import is_binary, read_binary, read_cifar10
from echolimit.images.folders import read_folder
from echolimit.images.image_set import ImageSet, Pixels, image_set

NAMES = ("cifar10", "digits", "patches")
SPLITS = ("train", "test", "all")


def load_images(
    name: str | os.PathLike[str] = "patches",
    split: str = "train",
    resolution: int | None = None,
    cache: str | os.PathLike[str] | None = None,
    *,
    download: bool = True,
) -> ImageSet:
    """Images (n, c, h, w) as float32 in [-1, 1], with labels and the words that say where they come from.

    name: what to read.
        "cifar10": 50,000 train and 10,000 test colour images of 32 x 32. From the path in the environment variable
        ECHOLIMIT_CIFAR10 (the official binary archive, its unpacked folder, or class folders in a folder or zip);
        else from the cache; else the official binary archive is downloaded (162 MiB, checked by digest), unless
        `download` is False.
        "patches": 3,925 train and 981 test patches of two photographs, 3 x 32 x 32, cut when asked for; no network.
        "digits": 1,438 train and 359 test digits, 1 x 8 x 8, no network.
        A path: a folder or a zip with CLASS/FILE, or with train/CLASS/FILE and test/CLASS/FILE, decoded once and
        kept in the cache as bytes; or CIFAR-10's binary archive.
    split: "train", "test" or "all".
    resolution: height and width of the result, a divisor of those of the source; pixels are averaged over boxes.
    cache: folder of what is decoded and downloaded; by default ECHOLIMIT_CACHE, else ~/.cache/echolimit.

    Images come in a fixed order that mixes the classes: the first n are a fair sample.
    Raises FileNotFoundError where there is no such path, ConnectionError where CIFAR-10 is not in the cache and
    cannot be fetched, ValueError for damaged or unfit contents, ImportError without Pillow. None touches the cache.
    Used in chapters 10 and 11; the protocol appendix describes the sets.
    """
    split = check_choice(split, "split", SPLITS)
    if resolution is not None:
        resolution = check_count(resolution, "resolution", least=1)
    if not isinstance(name, str | os.PathLike):
        raise TypeError(f"name must be one of {', '.join(NAMES)} or a path, got {name!r}")
    read = _read(name, split, Cache(cache), download)
    return image_set(read, str(name) if name in NAMES else Path(name).name, split, resolution)


def _read(name: str | os.PathLike[str], split: str, cache: Cache, download: bool) -> Pixels:
    if name == "digits":
        return standins.digits(split)
    if name == "patches":
        return standins.patches(split)
    if name == "cifar10":
        return read_cifar10(split, cache, download=download)
    path = Path(name).expanduser()
    if not path.exists():
        raise FileNotFoundError(
            f"name must be one of {', '.join(NAMES)} or a folder or zip that exists, got {str(name)!r}"
        )
    return read_binary(path, split, cache) if is_binary(path) else read_folder(path, split, cache)
