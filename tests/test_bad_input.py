"""Every wrong argument is named with its value and a remedy, before any work is done."""

import re

import array_api_strict
import numpy as np
import pytest
import torch

from echolimit import (
    EchoLaw,
    GaussianMixture,
    OrnsteinUhlenbeck,
    PointCloud,
    VarianceExploding,
    age_law,
    alpha_bar_to_delta,
    delta_to_sigma,
    limit_law,
    one_round,
    round_law,
    sample_limit,
    sample_round,
    score_of,
    sigma_to_delta,
    standard_gaussian,
    wasserstein,
)
from strategies import line_example, plane_example

LAW, RNG = line_example(), np.random.default_rng(0)
TENSOR_LAW = GaussianMixture(torch.ones(1), torch.zeros(1, 1), torch.ones(1))
NAN = float("nan")

VALUE_ERRORS = {
    "NaN mean": (lambda: GaussianMixture([1.0], [[NAN]], [1.0]), "means must be finite, got NaN"),
    "negative weight": (
        lambda: GaussianMixture([1.5, -0.5], [[0.0], [1.0]], [1.0, 1.0]),
        "weights must be nonnegative, got",
    ),
    "weights not one": (lambda: GaussianMixture([0.5, 0.4], [[0.0], [1.0]], [1.0, 1.0]), "sum to 1, got 0.9: divide"),
    "weights shape": (lambda: GaussianMixture([1.0], [[0.0], [1.0]], [1.0, 1.0]), r"weights must have shape \(2,\)"),
    "flat means": (lambda: GaussianMixture([1.0], [0.0], [1.0]), r"got \(1,\): in one dimension use means\[:, None\]"),
    "covariance shape": (lambda: GaussianMixture([1.0], [[0.0, 1.0]], [[1.0, 1.0]]), r"got \(1, 2\)"),
    "asymmetric": (
        lambda: GaussianMixture([1.0], [[0.0, 0.0]], [[[1.0, 0.5], [0.0, 1.0]]]),
        "symmetric, got an asymmetry of",
    ),
    "indefinite": (lambda: GaussianMixture([1.0], [[0.0, 0.0]], [[[1.0, 2.0], [2.0, 1.0]]]), "eigenvalue -1"),
    "negative variance": (lambda: GaussianMixture([1.0], [[0.0]], [-0.1]), "eigenvalue -0.1"),
    "ragged": (lambda: GaussianMixture([1.0], [[0.0], [1.0, 2.0]], [1.0]), "means must be an array of numbers"),
    "empty cloud": (lambda: PointCloud(np.zeros((0, 2))), r"got \(0, 2\)"),
    "image cloud": (lambda: PointCloud(np.zeros((5, 8, 8))), r"reshape\(n, -1\)"),
    "NaN cloud": (lambda: PointCloud([[NAN]]), "points must be finite"),
    "undiffused density": (lambda: PointCloud([[0.0]]).density([[0.0]]), r"take cloud.diffuse\(t\) with t > 0"),
    "undiffused score": (lambda: PointCloud([[0.0]]).score([[0.0]]), r"take cloud.diffuse\(t\) with t > 0"),
    "degenerate density": (lambda: GaussianMixture([1.0], [[0.0]], [0.0]).density([[0.0]]), "degenerate"),
    "flat x": (lambda: LAW.density([0.0, 1.0]), r"x must have shape \(n, 1\), got \(2,\): use x\[:, None\]"),
    "x dimension": (lambda: plane_example().score([[0.0]]), r"\(n, 2\), got \(1, 1\)"),
    "x NaN": (lambda: LAW.density([[NAN]]), "x must be finite"),
    "cdf in the plane": (lambda: plane_example().cdf(0.0), "got dimension 2"),
    "negative time": (lambda: LAW.diffuse(-0.1), "t must be at least 0, got -0.1"),
    "infinite time": (lambda: score_of(LAW)([[0.0]], float("inf")), "t must be finite, got inf"),
    "alpha above": (lambda: round_law(LAW, 3, 1.2, 0.1), r"alpha must be in \[0, 1\], got 1.2"),
    "alpha below": (lambda: one_round(LAW, LAW, -0.1, 0.1), r"alpha must be in \[0, 1\], got -0.1"),
    "alpha zero": (lambda: limit_law(LAW, 0, 0.1), r"alpha must be in \(0, 1\], got 0: .* see prop-fully-synthetic"),
    "alpha zero draws": (lambda: sample_limit(LAW, 5, 0.0, 0.1, RNG), r"alpha must be in \(0, 1\], got 0"),
    "current dimension": (lambda: one_round(LAW, standard_gaussian(2), 0.2, 0.1), "current must have .*, 1, got 2"),
    "schedule of words": (lambda: round_law(LAW, 2, ["a", "b"], 0.1), "alpha must be an array of numbers"),
    "ragged schedule": (lambda: round_law(LAW, 2, [[0.1], [0.2, 0.3]], 0.1), "alpha must be an array of numbers"),
    "ages beyond float64": (lambda: limit_law(LAW, 1e-320, 0.1), "number of ages.* draw with sample_limit"),
    "echo time": (lambda: EchoLaw(LAW, [-1.0], [1.0]), r"finite and nonnegative, got times \[-1.\]"),
    "echo error": (lambda: EchoLaw(LAW, [0.1], [1.0], tv_error=-3.0), "tv_error must be nonnegative, got 0.0 and -3.0"),
    "negative signal time": (lambda: OrnsteinUhlenbeck().signal(-1.0), "t must be at least 0, got -1"),
    "a negative time among others": (
        lambda: VarianceExploding().perturb(np.zeros((2, 1)), np.array([0.1, -0.1]), RNG),
        "t must be at least 0 everywhere",
    ),
    "perturbed number": (lambda: OrnsteinUhlenbeck().perturb(1.0, 0.1, RNG), r"x must have shape \(n, ...\), got \(\)"),
    "flat points": (lambda: PointCloud([0.0, 1.0]), r"got \(2,\): on the line use points\[:, None\]"),
    "order": (lambda: wasserstein(LAW, LAW, np.array([1, 2])), "order must be 1 or 2, got array"),
    "words for x": (lambda: LAW.cdf("a"), "x must be an array of numbers, got 'a'"),
    "delta of no sigma": (lambda: delta_to_sigma(1e6), "delta must be at most 354, got 1000000"),
    "alpha NaN": (lambda: limit_law(LAW, NAN, 0.1), "alpha must be finite, got nan"),
    "delta zero": (lambda: limit_law(LAW, 0.2, 0), "delta must be greater than 0, got 0"),
    "delta negative": (lambda: age_and_delta(-1.0), "delta must be greater than 0, got -1"),
    "delta schedule": (lambda: round_law(LAW, 3, 0.2, [0.1, 0.0, 0.1]), r"delta\[1\]: delta must be greater than 0"),
    "schedule length": (lambda: round_law(LAW, 3, [0.2, 0.3], 0.1), r"length rounds = 3, got shape \(2,\)"),
    "negative rounds": (lambda: round_law(LAW, -1, 0.2, 0.1), "rounds must be at least 0 .*, got -1"),
    "no age": (lambda: age_law(0, 0.2), "rounds must be at least 1"),
    "tolerance": (lambda: limit_law(LAW, 0.2, 0.1, tol=0.0), r"tol must be in \(0, 1\), got 0"),
    "too many ages": (lambda: limit_law(LAW, 1e-7, 0.1), "number of ages"),
    "no draws": (lambda: LAW.sample(0, RNG), "n must be at least 1, got 0"),
    "start dimension": (lambda: round_law(LAW, 3, 0.2, 0.1, standard_gaussian(2)), "target's dimension, 1, got 2"),
    "too many components": (lambda: limit_law(LAW, 0.2, 0.1).as_mixture(100), "max_components is 100 and this law has"),
    "another process": (lambda: limit_law(LAW, 0.2, 0.1).diffuse(0.1, VarianceExploding()), "process must be that of"),
    "echo weights": (lambda: EchoLaw(LAW, [0.1], [0.5]), "must sum to 1, got 0.5"),
    "echo shapes": (lambda: EchoLaw(LAW, [0.1, 0.2], [1.0]), r"shape \(J,\)"),
    "echo start": (lambda: EchoLaw(LAW, [0.1], [0.5], start_weight=0.5), "start_weight must be 0 without a start"),
    "perturb times": (
        lambda: OrnsteinUhlenbeck().perturb(np.zeros((3, 1)), np.zeros(2), RNG),
        r"shape \(3,\), got \(2,\)",
    ),
    "sigma": (lambda: sigma_to_delta(-1.0), "sigma must be at least 0"),
    "alpha_bar": (lambda: alpha_bar_to_delta(0.0), r"alpha_bar must be in \(0, 1\], got 0"),
    "mixed devices": (lambda: TENSOR_LAW.density(torch.zeros((1, 1), device="meta")), r"is on meta .* \.to\(device\)"),
}

TYPE_ERRORS = {
    "numpy law, torch x": (lambda: LAW.density(torch.zeros(1, 1)), "x is a torch array and the law a numpy array"),
    "torch law, numpy x": (lambda: TENSOR_LAW.score(np.zeros((1, 1))), "x is a numpy array and the law a torch array"),
    "mixed constructor": (lambda: GaussianMixture(np.ones(1), torch.zeros(1, 1), torch.ones(1)), "numpy array"),
    "mixed start": (lambda: round_law(LAW, 2, 0.2, 0.1, TENSOR_LAW), "start a torch array"),
    "strict law, numpy x": (
        lambda: standard_gaussian(1, array_api_strict.zeros(1, dtype=array_api_strict.float64)).density(
            np.zeros((1, 1))
        ),
        "array_api_strict array",
    ),
    "complex": (lambda: PointCloud(np.zeros((1, 1), dtype=complex)), "points must be real"),
    "rng kind": (lambda: TENSOR_LAW.sample(3, RNG), "rng must be a torch.Generator"),
    "rng missing": (lambda: LAW.sample(3, 0), "rng must be a numpy.random.Generator, got int"),
    "rounds": (lambda: sample_round(LAW, 3, 2.5, 0.2, 0.1, RNG), "rounds must be an integer, got 2.5"),
    "alpha text": (lambda: limit_law(LAW, "0.2", 0.1), "alpha must be a real number, got '0.2'"),
    "not a law": (lambda: round_law("data", 3, 0.2, 0.1), r"target must be .* got str: .* PointCloud\(x\)"),
    "process by name": (lambda: limit_law(LAW, 0.2, 0.1, process="ve"), "process must be OrnsteinUhlenbeck.* got 've'"),
    "process without parentheses": (lambda: LAW.diffuse(0.1, VarianceExploding), "process must be .* got <class"),
    "score of another process": (lambda: score_of(LAW, "ve"), "process must be .* got 've'"),
    "start of an echo": (lambda: EchoLaw(LAW, [0.1], [0.5], "x", 0.1, 0.5), "start must be a GaussianMixture"),
    "times of another library": (
        lambda: OrnsteinUhlenbeck().perturb(np.zeros((2, 1)), torch.tensor([0.1, 0.2]), RNG),
        "x is a numpy array and t a torch array",
    ),
    "like": (lambda: standard_gaussian(1, like=[1.0]), "like must be an array or None, got list"),
    "array as law": (lambda: limit_law(np.zeros((3, 1)), 0.2, 0.1), "target must be a GaussianMixture, .* got ndarray"),
    "not an estimator": (lambda: GaussianMixture.from_sklearn(LAW), "fitted must be a sklearn.mixture.GaussianMixture"),
}


def age_and_delta(delta: float):
    return sample_limit(LAW, 5, 0.2, delta, RNG)


@pytest.mark.parametrize("case", VALUE_ERRORS)
def test_value_errors_name_argument_value_and_remedy(case):
    call, message = VALUE_ERRORS[case]
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("case", TYPE_ERRORS)
def test_type_errors_name_argument_and_kind(case):
    call, message = TYPE_ERRORS[case]
    with pytest.raises(TypeError, match=message):
        call()


def test_an_unfitted_estimator_is_refused_with_the_remedy():
    from sklearn.mixture import GaussianMixture as Fitted

    with pytest.raises(ValueError, match=re.escape("call fitted.fit(samples) first")):
        GaussianMixture.from_sklearn(Fitted(2))
