"""The Frechet Inception distance around a small extractor, its bias, and what it says where it cannot run."""

import sys
import types
from urllib.error import URLError

import numpy as np
import pytest
import torch

from echolimit.images.spectra import frechet_distance, inception_fid


def colours(pictures: torch.Tensor) -> torch.Tensor:
    """Features (b, 3): the mean of each channel."""
    assert pictures.dtype == torch.uint8
    return pictures.float().mean(dim=(2, 3))


def uniform(n: int, seed: int, high: float = 1.0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-1, high, (n, 3, 6, 6))


def test_it_is_the_frechet_distance_of_the_features():
    x, y = uniform(50, 0), uniform(70, 1, 0.5)
    x[0, 0, 0, 0] = 3.0  # clipped
    features = [np.rint((np.clip(z, -1, 1) + 1) * 127.5).mean(axis=(2, 3)) for z in (x, y)]
    assert inception_fid(x, y, batch=16, extractor=colours).distance == pytest.approx(
        frechet_distance(*features), rel=1e-4
    )


def test_grey_images_have_three_equal_channels():
    grey = uniform(20, 2)[:, :1]
    colour = np.repeat(grey, 3, axis=1)
    assert inception_fid(grey, colour, extractor=colours).distance == pytest.approx(0, abs=1e-3)


def test_the_bias_is_what_halving_the_samples_adds():
    """On average over 200 sets of one law: distance(n) - bias is near zero, the truth."""
    other = uniform(2000, 10_000)
    found = [inception_fid(uniform(20, k), other, batch=2000, extractor=colours) for k in range(200)]
    distance, bias = np.mean(found, axis=0)
    assert 0.8 < bias / distance < 1.2


def test_wrong_shapes_are_refused():
    with pytest.raises(ValueError, match=r"samples must have shape"):
        inception_fid(np.zeros((10, 2, 4, 4)), uniform(10, 0))
    with pytest.raises(ValueError, match=r"images must have shape"):
        inception_fid(uniform(10, 0), np.zeros((10, 12)))


def test_without_torchmetrics_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "torchmetrics.image.fid", None)
    with pytest.raises(ImportError, match=r'pip install "torchmetrics\[image\]"'):
        inception_fid(uniform(10, 0), uniform(10, 1))


def test_without_a_network_the_error_names_the_random_filters(monkeypatch):
    def offline(feature: int) -> None:
        raise URLError("no network")

    for name in ("torchmetrics", "torchmetrics.image"):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    module = types.ModuleType("torchmetrics.image.fid")
    module.FrechetInceptionDistance = offline
    monkeypatch.setitem(sys.modules, "torchmetrics.image.fid", module)
    with pytest.raises(ConnectionError, match="use conv_frechet"):
        inception_fid(uniform(10, 0), uniform(10, 1))
