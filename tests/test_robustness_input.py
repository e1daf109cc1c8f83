"""The robustness module names every wrong argument, with its value and a remedy."""

import re

import pytest

import echolimit as el

GRID = el.time_grid(4.0, 0.02, 4, "geometric")
BAD = {
    "metric": (lambda: el.contraction_factor(0.2, 0.1, "w3"), "metric must be one of w2, w1, tv, got 'w3'"),
    "alpha zero": (lambda: el.ball_radius(0.0, 0.1, 0.1), r"alpha must be in \(0, 1\], got 0"),
    "negative error": (lambda: el.ball_radius(0.2, 0.1, -0.1), "error must be at least 0, got -0.1"),
    "errors of a table": (lambda: el.error_bound(0.2, 0.1, [[1.0]]), r"errors must have shape \(n,\).*ball_radius"),
    "one error": (lambda: el.error_bound(0.2, 0.1, 0.3), "for one number use ball_radius"),
    "negative in errors": (lambda: el.error_bound(0.2, 0.1, [0.1, -1.0]), "finite and nonnegative, got"),
    "start of the bound": (lambda: el.error_bound(0.2, 0.1, [0.1], -2.0), "start must be at least 0, got -2.0"),
    "order": (lambda: el.displacement_radius(0.2, 0.1, 0.1, order=3), "order must be 1 or 2, got 3"),
    "degree": (lambda: el.noise_gain(-1, 0.2, 0.1), "degree must be at least 0, got -1"),
    "T": (lambda: el.initialisation_bound(0.0, w1=1.0), "T must be greater than 0, got 0.0"),
    "no distance": (lambda: el.initialisation_bound(2.0), "w1 or chi2 must be given, got neither"),
    "step sampler": (lambda: el.step_coefficients("heun", 0.2, 0.1), "sampler must be one of euler_maruyama.*'heun'"),
    "step times": (lambda: el.step_coefficients("ddim", 0.1, 0.2), "t > later > 0, got 0.1 and 0.2"),
    "fisher": (lambda: el.covariance_defect("ddim", 0.2, 0.1, 1.0, 0.5), "at least 1 / covariance, got 0.5 with 1.0"),
    "covariance": (lambda: el.covariance_defect("ddim", 0.2, 0.1, 0.0, 0.5), "finite and positive, got 0.0"),
    "sampler": (lambda: el.gaussian_pass("euler", 0.0, 0.3, GRID), "sampler must be one of .*dpmpp_2m.*got 'euler'"),
    "variance": (lambda: el.gaussian_pass("ddim", 0.0, -0.3, GRID), "variance must be finite and at least 0, got -0.3"),
    "start": (lambda: el.gaussian_pass("ddim", 0.0, 0.3, GRID, 0, -1), "start_variance must be finite and at least 0"),
    "words": (lambda: el.gaussian_pass("ddim", "m", 0.3, GRID), "mean must be an array of numbers, got 'm'"),
    "rising times": (lambda: el.gaussian_pass("ddim", 0.0, 0.3, [0.1, 0.2]), "times must decrease strictly"),
    "loop alpha": (lambda: el.gaussian_loop("ddim", 0.0, 0.3, 1.2, GRID, 3), r"alpha must be in \[0, 1\], got 1.2"),
    "loop start": (
        lambda: el.gaussian_loop("ddim", 0.0, 0.3, 0.2, GRID, 3, (0.0, -1.0)),
        "variance of the start must be at least 0, got -1.0",
    ),
    "loop start in words": (
        lambda: el.gaussian_loop("ddim", 0.0, 0.3, 0.2, GRID, 3, "data"),
        r"start must be \(mean, variance\) or None, got 'data'",
    ),
    "samplers in a list": (
        lambda: el.gaussian_pass(["ddim"], 0.0, 0.3, GRID),
        "sampler must be one of",
    ),
    "shapes": (
        lambda: el.gaussian_pass("ddim", [0.0, 1.0], [0.1] * 3, GRID),
        r"must broadcast, got shapes \(\(2,\), \(3,\)",
    ),
    "covariance in words": (lambda: el.covariance_defect("ddim", 0.2, 0.1, "c", 1.0), "covariance must be an array of"),
    "late step": (lambda: el.step_coefficients("ddim", 800.0, 0.1), "t must be at most 354, got 800"),
    "limit alpha": (lambda: el.gaussian_limit("ddim", 0.0, 0.3, 0, GRID), r"alpha must be in \(0, 1\], got 0"),
    "largest": (lambda: el.gaussian_fixed_points("ddim", 0.3, 0.2, GRID, largest=0.0), "largest must be greater than"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_named(case):
    call, message = BAD[case]
    with pytest.raises(ValueError, match=message):
        call()


def test_a_loop_that_has_not_settled_says_so():
    with pytest.raises(RuntimeError, match=re.escape("still moves after 3 rounds")):
        el.gaussian_limit("ddim", 0.0, 0.3, 0.2, GRID, most=3)
    with pytest.raises(TypeError, match="rounds must be an integer"):
        el.gaussian_loop("ddim", 0.0, 0.3, 0.2, GRID, 2.5)
