"""The preconditioned model: what it is before it has learned anything, exactly; what training adds."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from controls import against
from echolimit import GaussianMixture, score_of
from echolimit.learning.networks import ScoreModel, make_model
from echolimit.learning.settings import NetworkSettings

MEAN = np.array([0.4, -0.2, 0.1, 0.0])
COVARIANCE = np.array([[0.5, 0.2, 0.0, 0.1], [0.2, 0.3, 0.1, 0.0], [0.0, 0.1, 0.2, 0.05], [0.1, 0.0, 0.05, 0.8]])


def untrained(kind: str = "mlp", preconditioning: str = "covariance", covariance=COVARIANCE) -> ScoreModel:
    settings = NetworkSettings(kind=kind, width=8, depth=1, preconditioning=preconditioning)
    model = make_model(settings, (4,) if kind == "mlp" else (1, 2, 2), "no", seed=1).double()
    model.fit_moments(torch.from_numpy(MEAN), torch.from_numpy(covariance))
    return model


def rows(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).multivariate_normal(MEAN, COVARIANCE, size=n)


def without_signal(model, x, t):
    """The slip of a score in x / a_t instead of x."""
    return model.score(x, t) * math.exp(-t)


def with_ve_variance(model, x, t):
    """The slip of sigma^2 for s_t^2."""
    return model.score(x, t) * -math.expm1(-2 * t) / math.expm1(2 * t)


@pytest.mark.parametrize("kind", ["mlp", "unet"])
@pytest.mark.parametrize("t", [0.02, 0.3, 2.5])
@against(score_of_y=without_signal, variance_of_ve=with_ve_variance)
def test_an_untrained_model_has_the_exact_score_of_the_normal_law(kind, t, score=ScoreModel.score):
    exact = score_of(GaussianMixture([1.0], [MEAN], [COVARIANCE]))
    x = rows(20)
    found = score(untrained(kind), torch.from_numpy(x), t).numpy()
    np.testing.assert_allclose(found, exact(x, t), rtol=2e-4, atol=2e-4)


def test_scalar_preconditioning_takes_the_mean_variance():
    exact = score_of(GaussianMixture([1.0], [MEAN], [np.trace(COVARIANCE) / 4]))
    x = rows(20)
    np.testing.assert_allclose(
        untrained("mlp", "scalar").score(torch.from_numpy(x), 0.3).numpy(), exact(x, 0.3), rtol=1e-6
    )


@pytest.mark.parametrize("sigma", [0.1, 1.0, 8.0])
def test_the_first_loss_on_a_normal_law_is_one(sigma):
    n = 40_000
    rng = torch.Generator().manual_seed(3)
    noise = torch.randn(n, 4, generator=rng, dtype=torch.float64)
    with torch.no_grad():
        model, x = untrained(), torch.from_numpy(rows(n, 4))
        loss = float(model(x + sigma * noise, torch.full((n,), sigma, dtype=torch.float64), x))
    assert abs(loss - 1) < 5 * math.sqrt(2 / n)  # at most: the variance of a mean of 4 squares is below 2


def test_sampling_starts_with_the_moments_of_the_noised_law():
    T, n = 1.0, 40_000
    start = untrained().start(n, T, torch.Generator().manual_seed(5)).numpy()
    covariance = math.exp(-2 * T) * COVARIANCE + (1 - math.exp(-2 * T)) * np.eye(4)
    error = 5 * np.sqrt((covariance**2 + np.outer(np.diag(covariance), np.diag(covariance))) / n)
    assert np.all(np.abs(np.cov(start.T) - covariance) < error)
    assert np.all(np.abs(start.mean(0) - math.exp(-T) * MEAN) < 5 * np.sqrt(np.diag(covariance) / n))


def test_the_same_seed_gives_the_same_weights_and_leaves_torch_alone():
    torch.manual_seed(7)
    before = torch.rand(1)
    torch.manual_seed(7)
    first, second = (make_model(NetworkSettings(), (2,), "no", seed=1) for _ in range(2))
    assert torch.equal(before, torch.rand(1))
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))
    other = make_model(NetworkSettings(), (2,), "no", seed=2)
    assert not torch.equal(first.network.hidden[0].weight, other.network.hidden[0].weight)


@pytest.mark.parametrize(
    ("settings", "shape", "says"),
    [
        (NetworkSettings(kind="unet", width=8), (2,), "needs images"),
        (NetworkSettings(kind="unet", width=8, depth=3), (1, 6, 6), "multiple of patch"),
        (NetworkSettings(kind="unet", width=8, depth=1), (1, 8, 4), "do not fit"),
    ],
)
def test_a_network_that_does_not_fit_its_data_is_refused(settings, shape, says):
    with pytest.raises(ValueError, match=says):
        make_model(settings, shape, "no", 0)


class Same(torch.nn.Module):
    """Returns its input, as a U-Net returns its output."""

    def forward(self, sites, level):
        return SimpleNamespace(sample=sites)


def test_patches_lose_no_pixel():
    """With an identity for its layers a U-Net on blocks of pixels returns each pixel to its place."""
    model = make_model(NetworkSettings(kind="unet", width=8, depth=1, patch=2), (3, 4, 4), "no", 0)
    network = model.network
    network.unet = Same()
    x = torch.randn(5, 48)
    assert torch.equal(network(x, torch.zeros(5)), x)
