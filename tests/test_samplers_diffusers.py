"""A real diffusers model behind the score adapter, and our samplers against the schedulers of diffusers.

What is compared: the score at whole steps, DDIM and DPM-Solver++ paths on the same grid, and a stochastic run.
"""

import os

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from controls import against
from echolimit import alpha_bar_to_delta, ancestral, ddim, dpmpp_2m, score_from_diffusers

diffusers = pytest.importorskip("diffusers")

STEPS = [950, 700, 500, 300, 150, 60, 20]


def unet():
    torch.manual_seed(0)
    return diffusers.UNet2DModel(
        sample_size=8,
        in_channels=1,
        out_channels=1,
        block_out_channels=(8, 16),
        down_block_types=("DownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "UpBlock2D"),
        layers_per_block=1,
        norm_num_groups=4,
        add_attention=False,
    ).eval()


def images(n: int = 3) -> torch.Tensor:
    return torch.randn((n, 1, 8, 8), generator=torch.Generator().manual_seed(1))


def times_of(scheduler, steps) -> np.ndarray:
    return np.array([alpha_bar_to_delta(float(scheduler.alphas_cumprod[k])) for k in steps])


@against(
    score_from_diffusers,
    next_step=lambda net, scheduler: score_from_diffusers(lambda x, step: net(x, step + 1), scheduler),
    not_divided=lambda net, scheduler: lambda x, t: -net(x, torch.tensor(150.0)).sample,
)
def test_at_a_whole_step_the_score_is_the_noise_over_its_size(adapter):
    net, scheduler, x = unet(), diffusers.DDPMScheduler(), images()
    score = adapter(net, scheduler)
    for step, t in zip(STEPS, times_of(scheduler, STEPS), strict=True):
        with torch.no_grad():
            expected = -net(x, step).sample / torch.sqrt(1 - scheduler.alphas_cumprod[step])
            assert_close(score(x, t), expected, rtol=1e-5, atol=1e-6)


def path_of(scheduler, net, x):
    """The scheduler's own loop over STEPS; it stops at the last of them."""
    scheduler.set_timesteps(timesteps=STEPS)
    with torch.no_grad():
        for step in scheduler.timesteps[:-1]:
            x = scheduler.step(net(x, step).sample, step, x, return_dict=False)[0]
    return x


@against(dpmpp_2m, first_order=ddim)
def test_dpmpp_2m_is_the_schedulers_path(sampler):
    net, x = unet(), images()
    scheduler = diffusers.DPMSolverMultistepScheduler()
    # From 15 steps on the scheduler keeps its order to the end.
    scheduler.register_to_config(lower_order_final=False)
    ours = sampler(score_from_diffusers(net, scheduler), x, times_of(scheduler, STEPS))
    assert_close(ours, path_of(scheduler, net, x), rtol=1e-4, atol=1e-4)


@against(ddim, second_order=dpmpp_2m)
def test_ddim_is_the_schedulers_path(sampler):
    net, x = unet(), images()
    scheduler = diffusers.DDIMScheduler(clip_sample=False)
    scheduler.set_timesteps(10)  # 900, 800, ..., 0
    steps = [int(step) for step in scheduler.timesteps[:-1]]
    theirs = x
    with torch.no_grad():
        for step in steps[:-1]:
            theirs = scheduler.step(net(theirs, step).sample, step, theirs).prev_sample
    ours = sampler(score_from_diffusers(net, scheduler), x, times_of(scheduler, steps))
    assert_close(ours, theirs, rtol=1e-4, atol=1e-4)


def test_a_stochastic_sampler_runs_on_a_real_network():
    net, scheduler = unet(), diffusers.DDPMScheduler(prediction_type="v_prediction")
    score = score_from_diffusers(net, scheduler)
    times = times_of(scheduler, STEPS)
    runs = [ancestral(score, images(), times, torch.Generator().manual_seed(3)) for _ in range(2)]
    assert torch.equal(*runs)
    assert runs[0].shape == (3, 1, 8, 8)
    assert runs[0].requires_grad is False


def test_a_scheduler_of_another_kind_is_refused():
    with pytest.raises(TypeError, match=r"scheduler must have alphas_cumprod, .* got FlowMatchEulerDiscreteScheduler"):
        score_from_diffusers(unet(), diffusers.FlowMatchEulerDiscreteScheduler())
