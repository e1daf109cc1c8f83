"""Score networks: a small MLP for vectors, a U-Net for images, and the preconditioned model around either."""

from __future__ import annotations

import contextlib
import itertools
import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from echolimit.learning.settings import PRECISIONS, NetworkSettings

STEP_SCALE = 250.0  # ln sigma in the unit of a diffusion step, which the U-Net's embedding of time expects
FREQUENCIES = (0.5, 1.0, 2.0)  # of ln sigma, in the MLP
GAIN = 2.0  # of the MLP's first weights: with torch's own, far smaller ones it starts, and long stays, nearly linear


class ScoreMLP(nn.Module):
    """F(x, c): rows x (n, d) and c = ln sigma (n,) to (n, d): `depth` hidden layers of `width` SiLU units."""

    def __init__(self, dimension: int, width: int, depth: int) -> None:
        super().__init__()
        sizes = [dimension + 1 + 2 * len(FREQUENCIES)] + [width] * depth
        self.hidden = nn.ModuleList(nn.Linear(a, b) for a, b in itertools.pairwise(sizes))
        for layer in self.hidden:
            nn.init.normal_(layer.weight, std=GAIN / math.sqrt(layer.in_features))
            nn.init.uniform_(layer.bias, -1.0, 1.0)
        self.out = nn.Linear(width, dimension)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(self, x: Tensor, c: Tensor) -> Tensor:
        waves = [wave(f * c) for f in FREQUENCIES for wave in (torch.sin, torch.cos)]
        h = torch.cat([x, torch.stack([c / 2, *waves], dim=1)], dim=1)
        for layer in self.hidden:
            h = nn.functional.silu(layer(h))
        return self.out(h)


class ImageUNet(nn.Module):
    """The same F for flattened images (n, c h w): `diffusers.UNet2DModel`, its last layer zero at the start.

    patch > 1 gives the U-Net blocks of patch^2 pixels as one site with patch^2 c channels: fewer sites, more channels.
    """

    def __init__(self, shape: tuple[int, int, int], width: int, depth: int, patch: int) -> None:
        super().__init__()
        from diffusers import UNet2DModel

        channels, height, side = shape
        if height != side or side % (patch * 2 ** (depth - 1)):
            raise ValueError(
                f"images of {height} x {side} pixels do not fit network.patch = {patch} and depth = {depth}: the side "
                f"must be a multiple of patch * 2^(depth - 1) = {patch * 2 ** (depth - 1)}"
            )
        self.shape, self.patch = shape, patch
        unet: Any = UNet2DModel(
            sample_size=side // patch,
            in_channels=channels * patch**2,
            out_channels=channels * patch**2,
            block_out_channels=tuple(width * min(2**level, 2) for level in range(depth)),
            down_block_types=("DownBlock2D",) * depth,
            up_block_types=("UpBlock2D",) * depth,
            layers_per_block=1,
            norm_num_groups=8,
            add_attention=False,
            resnet_time_scale_shift="scale_shift",
        )
        nn.init.zeros_(unet.conv_out.weight)
        nn.init.zeros_(unet.conv_out.bias)
        self.unet = unet

    def forward(self, x: Tensor, c: Tensor) -> Tensor:
        sites = nn.functional.pixel_unshuffle(x.reshape(-1, *self.shape), self.patch)
        out = self.unet(sites.contiguous(memory_format=torch.channels_last), c * STEP_SCALE).sample
        return nn.functional.pixel_shuffle(out, self.patch).reshape(x.shape)


class ScoreModel(nn.Module):
    """A score s(x, t) of P_t q from a network F and the mean m and covariance C of the training law q.

    With y = x / a_t, sigma^2 = e^(2t) - 1 and the normal law's posterior mean N(y) as a skip connection,

        D(y, sigma) = N(y) + c_out(sigma) F((y - m) / sqrt(v + sigma^2), ln sigma),      s(x, t) = (a_t D - x) / s_t^2,

    where D estimates E[X_0 | X_t = x].  "covariance": N(y) = m + C (C + sigma^2 I)^(-1) (y - m), so that F = 0 is the
    exact score of N(m, C) and the network learns only what a normal law lacks.  "scalar": the same with C replaced by
    v I, v = tr C / d, the preconditioning of Karras et al. (2022).  c_out^2 is the mean squared error that N leaves for
    a normal law, so that the target of F has about unit size.

    Rows are (n, d); images are flattened.  Buffers: mean (d,), variances (d,) and, for "covariance", basis (d, d).
    """

    mean: Tensor
    variances: Tensor
    basis: Tensor

    def __init__(self, network: nn.Module, dimension: int, preconditioning: str, precision: str = "no") -> None:
        super().__init__()
        self.network, self.preconditioning, self.precision = network, preconditioning, precision
        side = dimension if preconditioning == "covariance" else 0
        self.register_buffer("mean", torch.zeros(dimension))
        self.register_buffer("variances", torch.ones(dimension))
        self.register_buffer("basis", torch.zeros(side, side))

    def fit_moments(self, mean: Tensor, covariance: Tensor) -> None:
        """Take m and C of the training law: (d,) and (d, d), float64."""
        if self.preconditioning == "covariance":
            values, vectors = torch.linalg.eigh(covariance)
            self.basis.copy_(vectors)
            self.variances.copy_(values.clamp(min=0))
        else:
            self.variances.fill_(float(covariance.diagonal().mean()))
        self.mean.copy_(mean)

    def denoise(self, y: Tensor, sigma: Tensor) -> Tensor:
        """D(y, sigma), the estimate of E[X_0 | X_0 + sigma Z = y]: y (n, d), sigma (n,)."""
        skip, scale = self._skip(y, sigma)
        return skip + scale * self._network_at(y, sigma)

    def forward(self, y: Tensor, sigma: Tensor, target: Tensor) -> Tensor:
        """The loss: the mean of |D(y, sigma) - target|^2 / c_out^2 over rows and coordinates."""
        skip, scale = self._skip(y, sigma)
        return (((target - skip) / scale - self._network_at(y, sigma)) ** 2).mean()

    @torch.no_grad()
    def score(self, x: Tensor, t: float | Tensor) -> Tensor:
        """s(x, t), the learned gradient of ln P_t q at rows x (n, d) and a time t > 0, a number or (n,)."""
        return _score_by(self.denoise, x, t)

    @torch.no_grad()
    def normal_score(self, x: Tensor, t: float | Tensor) -> Tensor:
        """The same with F = 0: the score of the normal law that the preconditioning starts from."""
        return _score_by(lambda y, sigma: self._skip(y, sigma)[0], x, t)

    def start(self, n: int, T: float, rng: torch.Generator) -> Tensor:
        """n draws (n, d) of the normal law with the mean and covariance (as the model has them) of P_T q."""
        noise = torch.randn(n, len(self.mean), generator=rng).to(self.mean.device)
        signal, noise_variance = math.exp(-T), -math.expm1(-2 * T)
        rows = noise * torch.sqrt(signal**2 * self.variances + noise_variance)
        return signal * self.mean + (rows @ self.basis.T if self.preconditioning == "covariance" else rows)

    def _skip(self, y: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]:
        """N(y) and c_out, without mixed precision: small differences of large numbers follow."""
        with _plain(y.device):
            square = sigma[:, None] ** 2
            shrink = self.variances / (self.variances + square)
            centred = y - self.mean
            if self.preconditioning == "covariance":
                centred = (centred @ self.basis * shrink) @ self.basis.T
            else:
                centred = centred * shrink
            return self.mean + centred, torch.sqrt((shrink * square).mean(dim=1, keepdim=True)).clamp(min=1e-6)

    def _network_at(self, y: Tensor, sigma: Tensor) -> Tensor:
        with _plain(y.device):
            inputs = (y - self.mean) / torch.sqrt(self.variances.mean() + sigma[:, None] ** 2)
            levels = torch.log(sigma)
        with self._autocast(y.device):
            return self.network(inputs, levels).float()

    def _autocast(self, device: torch.device) -> Any:
        if self.precision == "no":
            return contextlib.nullcontext()
        return torch.autocast(device.type, dtype=getattr(torch, PRECISIONS[self.precision]))


def make_model(settings: NetworkSettings, shape: tuple[int, ...], precision: str, seed: int) -> ScoreModel:
    """An untrained model for points of `shape` ((d,) or (c, h, w)); the same seed gives the same weights."""
    dimension = math.prod(shape)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        if settings.kind == "mlp":
            network: nn.Module = ScoreMLP(dimension, settings.width, settings.depth)
        else:
            if len(shape) != 3:
                raise ValueError(f"network.kind 'unet' needs images (n, c, h, w), got rows of shape {shape}: use 'mlp'")
            network = ImageUNet((shape[0], shape[1], shape[2]), settings.width, settings.depth, settings.patch)
            network = network.to(memory_format=torch.channels_last)
    return ScoreModel(network, dimension, settings.preconditioning, precision)


def _score_by(denoise: Callable[[Tensor, Tensor], Tensor], x: Tensor, t: float | Tensor) -> Tensor:
    """(e^-t D(y, sigma) - x) / (1 - e^-2t) with y = e^t x, sigma^2 = e^2t - 1: the score of P_t q by a denoiser D."""
    times = torch.as_tensor(t, dtype=x.dtype, device=x.device).expand(len(x))
    signal, noise_variance = torch.exp(-times)[:, None], -torch.expm1(-2 * times)[:, None]
    return (signal * denoise(x / signal, torch.sqrt(torch.expm1(2 * times))) - x) / noise_variance


def _plain(device: torch.device) -> Any:
    return torch.autocast(device.type, enabled=False)
