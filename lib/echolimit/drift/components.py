"""The loop with a kernel: labelled components of a Gaussian mixture, round by round, exactly.

One round maps a point x of the mix to a (x + h Z) + s Z': the next model samples a kernel estimate of bandwidth h and
is stopped at time delta.  A sample keeps the label of the data point that it descends from.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from echolimit._arrays import check_rng, to_numpy
from echolimit._checks import check_alpha, check_count, check_delta, check_not_negative
from echolimit.mixtures import GaussianMixture
from echolimit.process import check_process
from echolimit.recursion import age_law

MAX_COMPONENTS = 100_000


def component_moments(
    target: GaussianMixture, rounds: int, alpha: float, delta: float, bandwidth: float = 0.0, process: Any = None
) -> tuple[np.ndarray, np.ndarray]:
    """Means and covariances of the labelled components in rounds 0, ..., N, from p_0 = p*.

    mu' = a (alpha m + (1 - alpha) mu),
    C' = a^2 (alpha C_k + (1 - alpha) C + alpha (1 - alpha) (m - mu)(m - mu)^T + h^2 I) + s^2 I,
    with a, s of `process` at time delta.  Weights stay; the components do not stay Gaussian.

    target: GaussianMixture with k components in d dimensions.  rounds: N >= 0.  alpha: fresh share in [0, 1].
    delta: truncation time > 0.  bandwidth: h >= 0.  process: None for OrnsteinUhlenbeck(); VarianceExploding() with
    delta = h^2 and bandwidth 0 is the kernel loop without truncation.
    Returns means (N + 1, k, d) and covariances (N + 1, k, d, d).  Raises ValueError outside these ranges, TypeError for
    another kind of law.  Derived in chapter 7, prop-component-recursion.
    """
    count, share, signal, noise = _prepared(target, rounds, alpha, delta, bandwidth, process)
    fresh_mean, fresh_covariance = to_numpy(target.means), _full_covariances(target)
    k, d = fresh_mean.shape
    means, covariances = np.empty((count + 1, k, d)), np.empty((count + 1, k, d, d))
    means[0], covariances[0] = fresh_mean, fresh_covariance
    for i in range(count):
        gap = fresh_mean - means[i]
        between = share * (1 - share) * gap[:, :, None] * gap[:, None, :]
        mixed = share * fresh_covariance + (1 - share) * covariances[i] + between
        means[i + 1] = signal * (share * fresh_mean + (1 - share) * means[i])
        covariances[i + 1] = signal**2 * mixed + noise * np.eye(d)
    return means, covariances


def kernel_loop_law(
    target: GaussianMixture, rounds: int, alpha: float, delta: float, bandwidth: float = 0.0, process: Any = None
) -> GaussianMixture:
    """The exact law p_N of the loop with a kernel, from p_0 = p*: one component for each label and age.

    sum_k sum_j w_k P(min(G, N) = j) N(a^j m_k, a^(2 j) C_k + u (1 + a^2 + ... + a^(2 (j - 1))) I), u = a^2 h^2 + s^2.
    Component k * J + j - 1 of the result has label k and age j in 1..J, J = N (or 1 for alpha = 1).

    Arguments as in `component_moments`; alpha in (0, 1].  Raises ValueError also above 100,000 components.
    Derived in chapter 7, prop-kernel-loop.
    """
    count, share, signal, noise = _prepared(target, rounds, alpha, delta, bandwidth, process)
    if share == 0:
        raise ValueError("alpha must be in (0, 1], got 0: then every sample has age N; use component_moments")
    if count == 0:
        return target
    weights = age_law(1 if share == 1 else count, share)
    k, d = to_numpy(target.means).shape
    if k * len(weights) > MAX_COMPONENTS:
        raise ValueError(f"rounds must leave at most {MAX_COMPONENTS} components, got {k * len(weights)}: lower it")
    shrink, added = _after_ages(np.arange(1, len(weights) + 1), signal, noise)
    means = to_numpy(target.means)[:, None, :] * shrink[None, :, None]
    isotropic = to_numpy(target.covariances).ndim == 1
    own = to_numpy(target.covariances)[:, None] if isotropic else _full_covariances(target)[:, None, :, :]
    if isotropic:
        covariances = (own * shrink**2 + added).reshape(-1)
    else:
        both = own * shrink[None, :, None, None] ** 2 + added[None, :, None, None] * np.eye(d)
        covariances = both.reshape(-1, d, d)
    shares = np.outer(to_numpy(target.weights), weights).reshape(-1)
    return GaussianMixture(shares, means.reshape(-1, d), covariances)


def sample_kernel_loop(
    target: GaussianMixture,
    n: int,
    rounds: int,
    alpha: float,
    delta: float,
    rng: np.random.Generator,
    bandwidth: float = 0.0,
    process: Any = None,
) -> tuple[np.ndarray, np.ndarray]:
    """n independent draws of p_N with their labels: points (n, d) and labels (n,), integers in 0..k - 1.

    Draws a label, a data point of that component, an age, and the noise of that age at once.
    Arguments as in `kernel_loop_law`, alpha in [0, 1]; rng: numpy Generator.  Derived in chapter 7, prop-kernel-loop.
    """
    number = check_count(n, "n", least=1)
    check_rng(rng, np.empty(0))
    count, share, signal, noise = _prepared(target, rounds, alpha, delta, bandwidth, process)
    means, d = to_numpy(target.means), target.dimension
    labels = rng.choice(len(means), size=number, p=to_numpy(target.weights))
    values, axes = np.linalg.eigh(_full_covariances(target))
    roots = axes * np.sqrt(np.maximum(values, 0))[:, None, :]
    points = means[labels] + np.einsum("nij,nj->ni", roots[labels], rng.standard_normal((number, d)))
    ages = np.minimum(rng.geometric(share, number), count) if share > 0 else np.full(number, count)
    shrink, added = _after_ages(ages, signal, noise)
    return shrink[:, None] * points + np.sqrt(added)[:, None] * rng.standard_normal((number, d)), labels


def _prepared(
    target: Any, rounds: Any, alpha: Any, delta: Any, bandwidth: Any, process: Any
) -> tuple[int, float, float, float]:
    """N, alpha, the signal a of a round and the variance a^2 h^2 + s^2 that it adds."""
    if not isinstance(target, GaussianMixture):
        raise TypeError(f"target must be a GaussianMixture, got {type(target).__name__}: its components are the labels")
    count, share, time = check_count(rounds, "rounds"), check_alpha(alpha), check_delta(delta)
    width = check_not_negative(bandwidth, "bandwidth", "it is a standard deviation")
    forward = check_process(process)
    signal = float(forward.signal(time))
    return count, share, signal, signal**2 * width**2 + float(forward.noise_variance(time))


def _full_covariances(target: GaussianMixture) -> np.ndarray:
    covariances = to_numpy(target.covariances)
    return covariances[:, None, None] * np.eye(target.dimension) if covariances.ndim == 1 else covariances


def _after_ages(ages: np.ndarray, signal: float, noise: float) -> tuple[np.ndarray, np.ndarray]:
    """a^j and noise (1 + a^2 + ... + a^(2 (j - 1))) for each age j."""
    steps = np.arange(int(ages.max()) + 1)
    summed = np.concatenate([[0.0], np.cumsum(signal ** (2.0 * steps[:-1]))])
    return signal ** (1.0 * ages), noise * summed[ages]
