"""Hypothesis strategies and the laws that many tests share."""

import array_api_strict
import numpy as np
import pytest
import torch
from hypothesis import strategies as st

from echolimit import GaussianMixture

torch.set_num_threads(1)

fresh_shares = st.floats(0.02, 1.0)
truncation_times = st.floats(1e-4, 3.0)
times = st.floats(0.0, 5.0)
seeds = st.integers(0, 2**32 - 1)


def backends() -> list:
    """(label, function that makes an array of a namespace and dtype) for every array library the code promises."""
    cases = [
        pytest.param(lambda a: np.asarray(a, dtype=np.float64), id="numpy"),
        pytest.param(lambda a: torch.tensor(np.asarray(a), dtype=torch.float64), id="torch64"),
        pytest.param(lambda a: torch.tensor(np.asarray(a), dtype=torch.float32), id="torch32"),
        pytest.param(lambda a: array_api_strict.asarray(np.asarray(a, dtype=np.float64)), id="strict"),
    ]
    if torch.cuda.is_available():
        cases.append(pytest.param(lambda a: torch.tensor(np.asarray(a), dtype=torch.float32, device="cuda"), id="cuda"))
    return cases


def generator(like, seed: int = 0):
    """A random generator of the kind that laws made of `like` take."""
    if isinstance(like, torch.Tensor):
        device = "cpu" if like.device.type == "meta" else like.device
        return torch.Generator(device).manual_seed(seed)
    return np.random.default_rng(seed)


@st.composite
def mixtures(draw, dimension: int = 1, components: int = 3) -> GaussianMixture:
    """A mixture with up to `components` components, means in [-3, 3], eigenvalues in about [0.05, 3]."""
    rng = np.random.default_rng(draw(seeds))
    k = draw(st.integers(1, components))
    root = rng.normal(size=(k, dimension, dimension)) * 0.7
    covariances = root @ np.swapaxes(root, 1, 2) + 0.05 * np.eye(dimension)
    return GaussianMixture(rng.dirichlet(np.ones(k)), rng.uniform(-3, 3, (k, dimension)), covariances)


def line_example() -> GaussianMixture:
    """The main example of the book: .3 N(-1.2, .25) + .7 N(.9, .16)."""
    return GaussianMixture([0.3, 0.7], [[-1.2], [0.9]], [0.25, 0.16])


def plane_example() -> GaussianMixture:
    """Two correlated components in the plane."""
    return GaussianMixture(
        [0.4, 0.6],
        [[1.0, -0.5], [-0.8, 0.4]],
        [[[0.5, 0.2], [0.2, 0.3]], [[0.4, -0.1], [-0.1, 0.6]]],
    )
