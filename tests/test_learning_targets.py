"""The exact target of training at high noise: the posterior mean over the points that batches are drawn from."""

import numpy as np
import pytest
import torch

from controls import against
from echolimit.cloud import PointCloud
from echolimit.learning import RunSettings, learned_recursion
from echolimit.learning._targets import PosteriorMean
from echolimit.learning.devices import make_accelerator
from echolimit.learning.networks import make_model
from echolimit.learning.training import RoundTraining
from echolimit.recursion import score_of

ALPHA, CPU = 0.3, torch.device("cpu")


def pools() -> tuple[torch.Tensor, torch.Tensor]:
    rng = torch.Generator().manual_seed(1)
    return torch.randn(40, 3, generator=rng), 0.5 + 0.7 * torch.randn(25, 3, generator=rng)


def noised(n: int = 60) -> tuple[torch.Tensor, torch.Tensor]:
    rng = torch.Generator().manual_seed(2)
    return 2 * torch.randn(n, 3, generator=rng), torch.exp(torch.linspace(-1.5, 3, n))


def tweedie(real, synthetic, alpha, y, sigma):
    """E[X | y] by the score of the cloud: in Ornstein-Uhlenbeck time e^t (x + s^2 score), e^2t = 1 + sigma^2."""
    points, weights = torch.cat([real, synthetic]).double().numpy(), np.full(65, alpha / 40)
    weights[40:] = (1 - alpha) / 25
    score, rows = score_of(PointCloud(points, weights)), []
    for at, level in zip(y.double().numpy(), sigma.double().numpy(), strict=True):
        x, t = at / np.sqrt(1 + level**2), np.log1p(level**2) / 2
        rows.append(np.exp(t) * (x - np.expm1(-2 * t) * score(x[None], t)[0]))
    return np.stack(rows)


def unweighted(real, synthetic, alpha, y, sigma):
    return tweedie(real, synthetic, len(real) / (len(real) + len(synthetic)), y, sigma)


def without_norms(real, synthetic, alpha, y, sigma):
    found = PosteriorMean(real, synthetic, alpha, CPU)
    found.halves = torch.zeros_like(found.halves)
    return found(y, sigma)


def of_this_library(real, synthetic, alpha, y, sigma):
    return PosteriorMean(real, synthetic, alpha, CPU)(y, sigma)


@against(pools_in_proportion=unweighted, norms_forgotten=without_norms)
def test_the_posterior_mean_is_that_of_the_weighted_cloud(target=of_this_library):
    y, sigma = noised()
    found = np.asarray(target(*pools(), ALPHA, y, sigma))
    np.testing.assert_allclose(found, tweedie(*pools(), ALPHA, y, sigma), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("alpha", [0.0, 1.0])
def test_a_pool_without_a_share_has_no_weight(alpha):
    real, synthetic = pools()
    y, sigma = noised()
    alone = PosteriorMean(synthetic if alpha == 0 else real, None, 1.0, CPU)(y, sigma)
    torch.testing.assert_close(PosteriorMean(real, synthetic, alpha, CPU)(y, sigma), alone, rtol=1e-4, atol=1e-5)


def run(**training) -> RunSettings:
    return RunSettings.from_dict({
        "loop": {"alpha": ALPHA, "rounds": 2, "samples": 25},
        "network": {"width": 8, "depth": 1, "preconditioning": "covariance"},
        "training": {"steps": 4, "batch": 4000, "checkpoint_every": 2, "log_every": 2, "threads": 1} | training,
        "sampler": {"steps": 4},
    })  # fmt: skip


def one_training(settings: RunSettings) -> RoundTraining:
    return RoundTraining(make_model(settings.network, (3,), "no", 0), make_accelerator("no"), settings, 2, *pools())


def gradient(training: RoundTraining, exact: bool) -> torch.Tensor:
    """Of the loss over the rows of some batches whose noise level is at least 1."""
    parts = []
    for step in range(8):
        training.step = step
        x0, sigma, noise = training._batch()
        y, high = x0 + sigma[:, None] * noise, sigma >= 1
        target = training._targets(x0, y, sigma) if exact else x0
        training.model.zero_grad()
        training.model(y[high], sigma[high], target[high]).backward()
        parts.append(torch.cat([weight.grad.flatten() for weight in training.model.parameters()]))
    return torch.stack(parts)


def test_exact_targets_leave_the_mean_of_the_gradient_and_lower_its_spread():
    training = one_training(run(exact_from=1.0))
    exact, single = gradient(training, True), gradient(training, False)
    spread = single.std(0) / len(single) ** 0.5
    moving = spread > 0
    assert torch.all((exact - single).mean(0).abs()[moving] < 6 * spread[moving] + 1e-6)  # eight batches, many weights
    assert float(exact.var(0).sum()) < 0.5 * float(single.var(0).sum())


def test_targets_below_the_level_are_the_points_themselves():
    training = one_training(run(exact_from=1.0))
    training.step = 1
    x0, sigma, noise = training._batch()
    targets, low = training._targets(x0, x0 + sigma[:, None] * noise, sigma), sigma < 1
    assert torch.equal(targets[low], x0[low])
    assert not torch.any(torch.all(targets[~low] == x0[~low], dim=1))


def test_zero_means_nowhere_and_a_level_changes_the_weights():
    law = np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32)
    ends = [
        list(learned_recursion(law, run(exact_from=level, batch=8), progress=False))[-1].samples
        for level in (0.0, 1e9, 1.0)
    ]
    assert torch.equal(ends[0], ends[1])
    assert not torch.equal(ends[0], ends[2])


@pytest.mark.parametrize("level", [-1.0, float("nan"), float("inf")])
def test_a_level_that_is_none_is_refused(level):
    with pytest.raises(ValueError, match=r"training\.exact_from must be"):
        run(exact_from=level)
