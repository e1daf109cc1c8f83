"""The Frechet Inception distance, with its bias at finite n."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from echolimit._arrays import row_blocks
from echolimit._checks import check_count
from echolimit.images.spectra.features import frechet_distance
from echolimit.images.spectra.reference import as_images

INSTALL = 'inception_fid needs torchmetrics and torch-fidelity: pip install "torchmetrics[image]"'


class InceptionFID(NamedTuple):
    """The distance at this n, and how much of it is bias: with infinitely many samples it would be distance - bias."""

    distance: float
    bias: float


def inception_fid(
    samples: Any, images: Any, batch: int = 100, device: Any = None, extractor: Callable[[Any], Any] | None = None
) -> InceptionFID:
    """FID between two sets of images: the Frechet distance of Inception-v3 pool features (2048 numbers an image).

    The distance is biased upward by about c / n, with c different for each law (Chong and Forsyth 2020): numbers at
    different n, or of different laws at one n, are not comparable to less than their bias.  bias is the mean distance
    of the two halves of the samples minus that of all, which is c / n where the law holds; it does not count that of
    `images`.  Below 2048 samples the covariance is singular and the bias large.
    Images are clipped to [-1, 1], made uint8 and resized to 299 x 299 inside the network: the noise of a round is
    partly clipped away, so that no exact law is known.  Use `conv_frechet` where theory is wanted.

    samples, images: (n, c, h, w) in [-1, 1], c = 1 or 3, n >= 4, in random order.  device: of torch; None: the GPU if
    there is one.  extractor: maps uint8 tensors (b, 3, h, w) to features (b, k); None: torchmetrics' Inception, whose
    weights (91 MB) are downloaded once.
    Raises ImportError that names what to install, ConnectionError where the weights cannot be downloaded, ValueError
    for wrong shapes.
    """
    first, second = _pictures(samples, "samples"), _pictures(images, "images")
    batch = check_count(batch, "batch", least=1)
    try:
        import torch
    except ImportError as error:
        raise ImportError(f'{INSTALL}; torch comes with pip install "echolimit[images]"') from error
    device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
    if extractor is None:
        extractor = _inception().to(device).eval()

    def features(pictures: np.ndarray) -> np.ndarray:
        parts = []
        with torch.no_grad():
            for rows in row_blocks(len(pictures), batch):
                found = extractor(torch.from_numpy(pictures[rows]).to(device))
                parts.append(found.reshape(len(found), -1).double().cpu().numpy())
        return np.concatenate(parts)

    sample, other = features(first), features(second)
    distance = frechet_distance(sample, other)
    halves = [frechet_distance(sample[part::2], other) for part in (0, 1)]
    return InceptionFID(distance, sum(halves) / 2 - distance)


def _pictures(value: Any, name: str) -> np.ndarray:
    """uint8 (n, 3, h, w)."""
    images = as_images(value, name)
    if images.ndim != 4 or images.shape[1] not in (1, 3) or len(images) < 4:
        raise ValueError(f"{name} must have shape (n, 1, h, w) or (n, 3, h, w) with n >= 4, got {images.shape}")
    pictures = np.rint((np.clip(images, -1, 1) + 1) * 127.5).astype(np.uint8)
    return np.repeat(pictures, 3, axis=1) if pictures.shape[1] == 1 else pictures


def _inception() -> Any:
    try:
        from torchmetrics.image.fid import FrechetInceptionDistance

        return FrechetInceptionDistance(feature=2048).inception
    except ImportError as error:  # also what torchmetrics raises without torch-fidelity
        raise ImportError(f"{INSTALL} ({error})") from error
    except OSError as error:
        raise ConnectionError(
            f"the Inception weights could not be downloaded ({error}): without a network use conv_frechet, "
            "whose filters are random"
        ) from error
