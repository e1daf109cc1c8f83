"""The points that a round is trained on, and the regression's target without its noise: the posterior mean over them.

Denoising has the target X_0 for the input y = X_0 + sigma Z.  Its least-squares solution is E[X_0 | y], an average over
the training set; to give the average itself as the target leaves the solution as it is and takes away the variance of
X_0 given y, which at high noise is nearly all of the loss (Xu, Tong and Jaakkola 2023 average over a part of the set).
"""

from __future__ import annotations

import torch
from torch import Tensor


def training_points(real: Tensor, synthetic: Tensor | None, alpha: float) -> tuple[Tensor, Tensor | None]:
    """The points that a round was trained on, and their weights (None for equal ones)."""
    if synthetic is None:
        return real, None
    shares = (alpha / len(real), (1 - alpha) / len(synthetic))
    weights = [torch.full((len(part),), share) for part, share in zip((real, synthetic), shares, strict=True)]
    return torch.cat([real, synthetic]), torch.cat(weights)


class PosteriorMean:
    """E[X | X + sigma Z = y] for X drawn from `real` (n, d) with probability alpha, else from `synthetic` (m, d).

    A call takes y (b, d) and sigma (b,), one level a row, and returns (b, d): the softmax over the points p of
    (y.p - |p|^2 / 2) / sigma^2 + ln(weight of p), times the points.
    """

    def __init__(self, real: Tensor, synthetic: Tensor | None, alpha: float, device: torch.device) -> None:
        points, weights = training_points(real, synthetic, alpha)
        self.points = points.to(device)
        self.halves = torch.linalg.vecdot(self.points, self.points) / 2
        self.log_weights = 0.0 if weights is None else torch.log(weights).to(device)

    def __call__(self, y: Tensor, sigma: Tensor) -> Tensor:
        logits = (y @ self.points.T - self.halves) / sigma[:, None] ** 2 + self.log_weights
        return logits.softmax(dim=1) @ self.points
