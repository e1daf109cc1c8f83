"""One round of training: denoising score matching with randomness that is a function of (seed, round, step)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator
from torch import Tensor
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from echolimit.learning._targets import PosteriorMean
from echolimit.learning.devices import share_of_batch
from echolimit.learning.networks import ScoreModel
from echolimit.learning.settings import RunSettings
from echolimit.process import delta_to_sigma

PURPOSES = ("batch", "sample", "real", "weights")
LOWEST = 0.9  # training reaches a little below the noise level at which sampling stops
RISE, REST = 100, 0.05  # steps of the learning rate's rise; its last value as a share of the peak
CLIP = 1.0  # largest norm of a gradient


def generator(purpose: str, *numbers: int) -> torch.Generator:
    """A generator that depends on its arguments alone: a resumed run needs no saved random state."""
    words = np.random.SeedSequence([PURPOSES.index(purpose), *numbers]).generate_state(2, np.uint32)
    return torch.Generator().manual_seed(int(words[0]) << 31 | int(words[1]) >> 1)


def training_moments(real: Tensor, synthetic: Tensor | None, alpha: float) -> tuple[Tensor, Tensor]:
    """Mean (d,) and covariance (d, d) of q = alpha real + (1 - alpha) synthetic, in float64."""
    mean, covariance = _moments(real)
    if synthetic is None or alpha == 1:
        return mean, covariance
    other, spread = _moments(synthetic)
    gap = mean - other
    covariance = alpha * covariance + (1 - alpha) * spread + alpha * (1 - alpha) * torch.outer(gap, gap)
    return alpha * mean + (1 - alpha) * other, covariance


class RoundTraining:
    """The training of round `number`: model, averaged model, optimiser and the two pools that batches come from.

    real (n, d): a batch point is one of these with probability alpha, else one of `synthetic` (m, d); in the first
    round there are none and all are real.  Batches are drawn for all processes together and cut by rank.
    """

    def __init__(
        self,
        model: ScoreModel,
        accelerator: Accelerator,
        settings: RunSettings,
        number: int,
        real: Tensor,
        synthetic: Tensor | None,
    ) -> None:
        self.accelerator, self.settings, self.number = accelerator, settings, number
        self.real, self.synthetic, self.step = real, synthetic, 0
        self.alpha, delta = settings.loop.schedule()[number - 1]
        if synthetic is None:
            self.alpha = 1.0
        self.steps = settings.training.steps_of(number)
        self._levels = math.log(LOWEST * delta_to_sigma(delta)), math.log(delta_to_sigma(settings.sampler.T))
        model.fit_moments(*training_moments(real, synthetic, self.alpha))
        self._exact_from = settings.training.exact_from or math.inf
        self._posterior_mean = None
        if self._exact_from < math.inf:
            self._posterior_mean = PosteriorMean(real, synthetic, self.alpha, accelerator.device)
        optimizer = torch.optim.AdamW(
            model.parameters(), lr=settings.training.learning_rate, betas=(0.9, 0.99), weight_decay=0.0
        )
        decay = max(0.0, 1 - 1 / (settings.training.averaging * self.steps))
        self.model, self.optimizer = accelerator.prepare(model, optimizer)
        self._bare = accelerator.unwrap_model(self.model)
        self.averaged = AveragedModel(self._bare, multi_avg_fn=get_ema_multi_avg_fn(decay))

    def advance(self) -> Tensor:
        """One optimiser step; returns this process's loss (a scalar tensor)."""
        self.step += 1
        for group in self.optimizer.param_groups:
            group["lr"] = self._learning_rate()
        x0, sigma, noise = (part.to(self.accelerator.device) for part in self._batch())
        y = x0 + sigma[:, None] * noise
        self.optimizer.zero_grad()
        loss = self.model(y, sigma, self._targets(x0, y, sigma))
        self.accelerator.backward(loss)
        self.accelerator.clip_grad_norm_(self.model.parameters(), CLIP)
        self.optimizer.step()
        self.averaged.update_parameters(self._bare)
        return loss.detach()

    def result(self) -> ScoreModel:
        """The averaged model, in evaluation mode."""
        return self.averaged.module.eval()

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """All that the next step depends on besides settings and pools: tensors, and numbers for JSON."""
        tensors = {f"model.{key}": value for key, value in self._bare.state_dict().items()}
        tensors |= {f"averaged.{key}": value for key, value in self.averaged.state_dict().items()}
        for index, entries in self.optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer.{index}.{key}": value for key, value in entries.items()}
        scaler = self.accelerator.scaler
        numbers = {"round": self.number, "step": self.step, "scaler": scaler.state_dict() if scaler else None}
        return {key: value.detach().cpu().clone().contiguous() for key, value in tensors.items()}, numbers

    def load(self, tensors: dict[str, Tensor], numbers: dict[str, Any]) -> None:
        """Go on from a `state`."""
        self._bare.load_state_dict(_part(tensors, "model."))
        self.averaged.load_state_dict(_part(tensors, "averaged."))
        entries: dict[int, dict[str, Tensor]] = {}
        for key, value in _part(tensors, "optimizer.").items():
            index, name = key.split(".", 1)
            entries.setdefault(int(index), {})[name] = value
        groups = self.optimizer.state_dict()["param_groups"]
        self.optimizer.load_state_dict({"state": entries, "param_groups": groups})
        if self.accelerator.scaler and numbers["scaler"]:
            self.accelerator.scaler.load_state_dict(numbers["scaler"])
        self.step = int(numbers["step"])

    def _learning_rate(self) -> float:
        peak, progress = self.settings.training.learning_rate, self.step / self.steps
        rise = min(1.0, self.step / min(RISE, max(1, self.steps // 5)))
        return peak * rise * (REST + (1 - REST) * (1 + math.cos(math.pi * progress)) / 2)

    def _targets(self, x0: Tensor, y: Tensor, sigma: Tensor) -> Tensor:
        """What the model is to say at y: the posterior mean from `exact_from` on, below it the point itself."""
        if self._posterior_mean is None:
            return x0
        high, targets = sigma >= self._exact_from, x0.clone()
        targets[high] = self._posterior_mean(y[high], sigma[high])
        return targets

    def _batch(self) -> tuple[Tensor, Tensor, Tensor]:
        """This process's part of the global batch of this step: x0, sigma, noise."""
        size, rng = self.settings.training.batch, generator("batch", self.settings.seed, self.number, self.step)
        rows = self.real[torch.randint(len(self.real), (size,), generator=rng)]
        if self.synthetic is not None:
            old = torch.rand(size, generator=rng) >= self.alpha
            drawn = self.synthetic[torch.randint(len(self.synthetic), (size,), generator=rng)]
            rows = torch.where(old[:, None], drawn, rows)
        low, high = self._levels  # stratified: one level in each of `size` equal parts, in random order
        places = (torch.randperm(size, generator=rng) + torch.rand(size, generator=rng)) / size
        sigma = torch.exp(low + (high - low) * places)
        noise = torch.randn(rows.shape, generator=rng)
        part = share_of_batch(size, self.accelerator.num_processes, self.accelerator.process_index)
        return rows[part], sigma[part], noise[part]


def _moments(rows: Tensor) -> tuple[Tensor, Tensor]:
    mean = rows.double().mean(dim=0)
    square = torch.zeros(rows.shape[1], rows.shape[1], dtype=torch.float64)
    for block in rows.split(8192):
        centred = block.double() - mean
        square += centred.T @ centred
    return mean, square / len(rows)


def _part(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}
