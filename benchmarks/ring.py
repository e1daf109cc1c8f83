"""The law of the samplers' benchmark, and one fast posterior mean that every convention reads off at the same cost."""

from __future__ import annotations

import math

import numpy as np
import torch

from echolimit import GaussianMixture

COMPONENTS, RADIUS, SPREAD = 8, 1.2, 0.15


def ring() -> GaussianMixture:
    """Eight Gaussians N(m_k, 0.15^2 I) on a circle of radius 1.2, m_k at the angle k pi / 4, weights (k + 1) / 36."""
    angle = np.arange(COMPONENTS) * np.pi / 4
    means = RADIUS * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    weights = np.arange(1.0, COMPONENTS + 1)
    return GaussianMixture(weights / weights.sum(), means, np.full(COMPONENTS, SPREAD**2))


class FastScore:
    """Score, noise and clean point of the ring, each by two matrix products and one softmax in place, (components, n).

    With V = a^2 v + s^2 the responsibilities are r = softmax(ln w_k + a x.m_k / V) (all |m_k| are equal), and with
    mu = sum_k r_k m_k the score is (a mu - x) / V.  The noise is -s times it, the clean point (x + s^2 score) / a;
    so each is cx x + cm mu with two numbers, and costs what the others cost.
    """

    def __init__(self, dtype: torch.dtype = torch.float32):
        law = ring()
        self.means = torch.as_tensor(law.means, dtype=dtype)
        self.log_weights = torch.as_tensor(np.log(law.weights), dtype=dtype)[:, None]
        self.work = torch.empty((COMPONENTS + 1, 0), dtype=dtype)

    def combination(self, x: torch.Tensor, scale: float, cx: float, cm: float) -> torch.Tensor:
        """cx x + cm mu(x), with responsibilities softmax(ln w + scale x.m)."""
        if self.work.shape[1] != len(x):
            self.work = self.work.new_empty((COMPONENTS + 1, len(x)))
        share, each = self.work[:-1], self.work[-1]
        torch.addmm(self.log_weights, self.means, x.T, alpha=scale, out=share)
        torch.amax(share, 0, out=each)
        share.sub_(each).exp_()
        torch.sum(share, 0, out=each)
        share.div_(each)
        return torch.mm(share.T, self.means).mul_(cm).add_(x, alpha=cx)

    def score(self, x: torch.Tensor, t: float) -> torch.Tensor:
        """The score of P_t p* at x: what our samplers take."""
        a, _, spread = levels(t)
        return self.combination(x, a / spread, -1 / spread, a / spread)

    def noise(self, x: torch.Tensor, t: float) -> torch.Tensor:
        """The best guess of the noise at x: what most schedulers of diffusers take."""
        a, s, spread = levels(t)
        return self.combination(x, a / spread, s / spread, -s * a / spread)

    def noise_of_exploding(self, y: torch.Tensor, t: float) -> torch.Tensor:
        """The same at y = e^t x: what the Heun scheduler of diffusers takes after its own scaling."""
        a, s, spread = levels(t)
        return self.combination(y, a * a / spread, s * a / spread, -s * a / spread)

    def denoised(self, y: torch.Tensor, t: float) -> torch.Tensor:
        """The best guess of the clean point at y = e^t x: what k-diffusion and EDM take."""
        a, s, spread = levels(t)
        return self.combination(y, a * a / spread, (a * SPREAD) ** 2 / spread, s * s / spread)


def levels(t: float) -> tuple[float, float, float]:
    """a_t, s_t and the variance a^2 v + s^2 of a noised component."""
    a, s = math.exp(-t), math.sqrt(-math.expm1(-2 * t))
    return a, s, (a * SPREAD) ** 2 + s * s
