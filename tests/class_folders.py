"""Small sets of images in class folders, written for a test."""

import zipfile

import numpy as np
from PIL import Image

RNG = np.random.default_rng(0)
PIXELS = {
    f"{split}/{label}/{number}.png": RNG.integers(0, 256, (6, 6, 3), dtype=np.uint8)
    for split, count in (("train", 4), ("test", 2))
    for label in ("cat", "dog")
    for number in range(count)
}


def write_folder(root, pixels, mode="RGB"):
    for name, values in pixels.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(values if mode == "RGB" else values[..., 0]).save(root / name)
    return root


def write_zip(path, folder, prefix=""):
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(folder.rglob("*")):
            archive.write(file, prefix + file.relative_to(folder).as_posix())
    return path
