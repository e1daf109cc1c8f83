"""What a run costs, against counts by hand, and the speeds that are measured."""

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("accelerate")

from echolimit.learning.cost import RunCost, matmul_speed, run_cost, training_speed  # noqa: E402
from echolimit.learning.settings import RunSettings  # noqa: E402

TINY = {
    "loop": {"rounds": 3, "samples": 50},
    "network": {"kind": "mlp", "width": 8, "depth": 2},
    "training": {"steps": [20, 10], "batch": 32},
    "sampler": {"name": "dpmpp_2m", "steps": 7},
}


def cost(**network):
    return run_cost(RunSettings.from_dict(TINY | {"network": TINY["network"] | network}), (5,))


def test_the_cost_of_an_mlp_counted_by_hand():
    features = 5 + 1 + 6  # the point, ln sigma and its waves
    weights = features * 8 + 8 * 8 + 8 * 5
    found = cost()
    assert found.parameters == weights + 8 + 8 + 5
    assert found.forward_flops == 2 * weights
    assert found.training_flops == 2 * (3 * weights - features * 8)  # no gradient for the input
    assert found.trained == 32 * (20 + 10 + 10)
    assert found.evaluated == 3 * 50 * 7
    assert found.flops == found.trained * found.training_flops + found.evaluated * found.forward_flops


def test_the_covariance_adds_two_matrix_products():
    assert cost(preconditioning="covariance").forward_flops == cost().forward_flops + 2 * 2 * 25


def test_samplers_are_charged_by_their_evaluations():
    by_name = {
        name: run_cost(RunSettings.from_dict(TINY | {"sampler": {"name": name, "steps": 7}}), (5,)).evaluated
        for name in ("ddim", "heun", "ancestral")
    }
    assert by_name["ddim"] == by_name["ancestral"] == 3 * 50 * 7
    assert by_name["heun"] == 3 * 50 * 14


def test_the_cost_of_a_u_net_is_mostly_convolutions():
    pytest.importorskip("diffusers")
    settings = RunSettings.from_dict(TINY | {"network": {"kind": "unet", "width": 32, "depth": 3}})
    small, large = (run_cost(settings, (3, side, side)) for side in (16, 32))
    assert small.parameters == large.parameters
    assert large.forward_flops / small.forward_flops == pytest.approx(4, rel=0.01)  # as the number of pixels
    assert large.training_flops / large.forward_flops == pytest.approx(3, rel=0.01)
    with pytest.raises(ValueError, match="multiple of patch"):
        run_cost(settings, (3, 30, 30))


def test_hours_are_operations_over_speed():
    run = RunCost(parameters=1, forward_flops=1e9, training_flops=3e9, trained=1_000_000, evaluated=600_000)
    assert run.hours(peak=1e13, share=0.1) == pytest.approx(3.6e15 / 1e12 / 3600)
    for share in (0.0, 1.5):
        with pytest.raises(ValueError, match="share must be"):
            run.hours(1e13, share)
    with pytest.raises(ValueError, match="peak must be greater than 0"):
        run.hours(0.0, 0.5)


def test_speeds_are_measured():
    if torch.cuda.is_available():
        pytest.skip("measured on the CPU")
    settings = RunSettings.from_dict(TINY)
    assert 0 < training_speed(settings, (2,), steps=1) < 1e9
    assert 0 < matmul_speed("bf16", size=64, steps=1) < 1e15
    with pytest.raises(ValueError, match="steps must be at least 1, got 0"):
        matmul_speed(steps=0)
