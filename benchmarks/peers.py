"""Other people's samplers, each as a function of a denoiser or noise prediction, a start and a time grid.

Times are ours (Ornstein-Uhlenbeck), falling from T to delta.  The peers that work in variance-exploding coordinates get
the start multiplied by e^T and give their result multiplied by e^delta; who calls them undoes that outside the clock.
None takes a last step to zero noise.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

WANTED = Path(__file__).with_name("peers.txt")
FOLDER = Path(__file__).resolve().parent.parent / "_build" / "peers"

Denoiser = Callable[[torch.Tensor, float], torch.Tensor]  # of (y, t), y in variance-exploding coordinates
Noise = Callable[[torch.Tensor, float], torch.Tensor]  # of (x, t)


def installed() -> Path:
    """The folder with the packages of peers.txt, fetched by pip when it is missing or out of date."""
    mark, wanted = FOLDER / "peers.txt", WANTED.read_text(encoding="utf-8")
    if not mark.is_file() or mark.read_text(encoding="utf-8") != wanted:
        command = [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-deps"]
        command += ["--upgrade", "--target", str(FOLDER), "-r", str(WANTED)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"pip could not fetch the peers (the network is needed once):\n{done.stderr[-2000:]}")
        mark.write_text(wanted, encoding="utf-8")
    return FOLDER


def k_diffusion() -> Any:
    """The module k_diffusion.sampling, loaded alone: its package imports much that sampling does not need.

    Of what the file imports only `append_dims` is called by the samplers here; the rest are names.
    """
    path = installed() / "k_diffusion" / "sampling.py"
    utils = types.ModuleType("k_diffusion.utils")
    utils.append_dims = lambda x, dims: x[(...,) + (None,) * (dims - x.ndim)]  # type: ignore[attr-defined]
    package = types.ModuleType("k_diffusion")
    package.utils = utils  # type: ignore[attr-defined]
    integrate = types.ModuleType("torchdiffeq")
    integrate.odeint = None  # type: ignore[attr-defined]
    supplied = {"k_diffusion": package, "k_diffusion.utils": utils, "torchdiffeq": integrate}
    supplied["torchsde"] = types.ModuleType("torchsde")
    kept = {name: sys.modules.get(name) for name in supplied}
    sys.modules.update(supplied)
    try:
        spec = importlib.util.spec_from_file_location("k_diffusion.sampling", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    finally:
        for name, old in kept.items():
            if old is None:
                del sys.modules[name]
            else:
                sys.modules[name] = old
    return module


def noise_levels(times: np.ndarray) -> torch.Tensor:
    """sigma = sqrt(e^{2t} - 1) of each time, float32."""
    return torch.as_tensor(np.sqrt(np.expm1(2 * times)), dtype=torch.float32)


def with_k_diffusion(name: str, denoise: Denoiser, times: np.ndarray) -> Callable[[torch.Tensor], torch.Tensor]:
    """k_diffusion.sampling.sample_NAME; its model gets sigma for each point, of which the first is looked up."""
    sample, sigmas = getattr(k_diffusion(), f"sample_{name}"), noise_levels(times)
    asked = {float(sigma): float(t) for sigma, t in zip(sigmas, times, strict=True)}

    def model(y: torch.Tensor, sigma: torch.Tensor) -> torch.Tensor:
        return denoise(y, asked[float(sigma[0])])

    return lambda y: sample(model, y, sigmas, disable=True)


def edm_heun(denoise: Denoiser, times: np.ndarray) -> Callable[[torch.Tensor], torch.Tensor]:
    """Deterministic Heun steps in the noise level: Algorithm 1 of Karras et al. (2022) with sigma(t) = t, s(t) = 1.

    Written from the paper.  Its last step, to noise level zero, is left out.  Runs in the dtype of the start.
    """
    levels = [float(sigma) for sigma in np.sqrt(np.expm1(2 * times))]

    def run(y: torch.Tensor) -> torch.Tensor:
        for i in range(len(levels) - 1):
            now, later = levels[i], levels[i + 1]
            slope = (y - denoise(y, times[i])) / now
            ahead = y + (later - now) * slope
            slope_there = (ahead - denoise(ahead, times[i + 1])) / later
            y = y + (later - now) * (slope / 2 + slope_there / 2)
        return y

    return run


def betas_of(times: np.ndarray) -> np.ndarray:
    """The discrete schedule whose steps are the times: 1 - beta_k = alpha_bar_k / alpha_bar_{k-1}, rising in time."""
    rising = times[::-1]
    return -np.expm1(-2 * np.diff(rising, prepend=0.0))


def with_diffusers(name: str, predict: Noise, times: np.ndarray) -> Callable[[torch.Tensor], torch.Tensor]:
    """A scheduler of diffusers whose training steps are the grid; `predict` gives the noise at time t.

    HeunDiscreteScheduler keeps its sample in variance-exploding coordinates: give it a prediction for those.
    """
    import diffusers

    options: dict[str, Any] = {"trained_betas": betas_of(times), "num_train_timesteps": len(times)}
    if name in ("DDIMScheduler", "DDPMScheduler"):
        chosen: dict[str, Any] = {"num_inference_steps": len(times)}
        options["clip_sample"] = False
    else:
        chosen = {"timesteps": list(range(len(times)))[::-1]}
    scheduler = getattr(diffusers, name)(**options)

    def run(x: torch.Tensor) -> torch.Tensor:
        scheduler.set_timesteps(**chosen)
        for step in scheduler.timesteps[:-1]:  # the last one would go on to noise level zero
            x = scheduler.step(predict(x, times[len(times) - 1 - int(step)]), step, x, return_dict=False)[0]
        return x

    return run
