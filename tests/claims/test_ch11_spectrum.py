"""Chapter 11: second moments of images in the loop, direction by direction, and what stays above the noise."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import echolimit as el
from controls import against
from strategies import fresh_shares, seeds

times = st.floats(1e-3, 1.0)


def small_images(seed, n=12, side=4):
    """n smooth random images (n, side, side), neither centred nor normal."""
    rng = np.random.default_rng(seed)
    k = np.fft.fftfreq(side) * side
    shape = 1 / (1 + np.hypot(k[:, None], k[None]))
    waves = np.fft.ifft2(np.fft.fft2(rng.exponential(size=(n, side, side))) * shape).real
    return waves * rng.uniform(0.2, 2) + rng.normal()


def second_moment(law):
    mean = law.mean()
    return law.covariance() + np.outer(mean, mean)


def share_by_ages(power):
    """E exp(-power T_i) from the list of ages of a round, or of the limit (rounds = None)."""

    def share(alpha, delta, rounds):
        ages = np.arange(1, rounds + 1)
        return float(el.age_law(rounds, alpha) @ np.exp(-power * delta * ages))

    return share


@pytest.mark.claim("thm-image-moments")
@against(
    share_by_ages(2),
    the_mean_s_share=share_by_ages(1),
    degree_four=share_by_ages(4),
    limit_at_once=lambda a, d, i: el.transfer(2, a, d),
    one_round_late=lambda a, d, i: math.exp(-2 * d) * share_by_ages(2)(a, d, i),
)
@settings(max_examples=12, deadline=None)
@given(seed=seeds, alpha=st.floats(0.05, 0.9), delta=st.floats(0.02, 0.6), rounds=st.integers(1, 6))
def test_every_power_approaches_one_by_the_same_factor(seed, alpha, delta, rounds, share):
    """Second moments by the recursion itself, matrix by matrix; powers in principal directions and in Fourier modes."""
    x = small_images(seed)
    flat = x.reshape(len(x), -1)
    data, eye = flat.T @ flat / len(x), np.eye(16)
    now = data
    for _ in range(rounds):
        now = math.exp(-2 * delta) * (alpha * data + (1 - alpha) * now) + (1 - math.exp(-2 * delta)) * eye
    np.testing.assert_allclose(second_moment(el.round_law(el.PointCloud(flat), rounds, alpha, delta)), now, rtol=1e-9)
    g = share(alpha, delta, rounds)
    basis = np.linalg.eigh(data)[1]
    wave = np.kron(*(np.exp(2j * np.pi * k * np.arange(4) / 4) / 2 for k in (1, 3)))
    for u in (*basis.T, wave):
        power, before = (u.conj() @ now @ u).real, (u.conj() @ data @ u).real
        np.testing.assert_allclose(power - 1, g * (before - 1), rtol=1e-8, atol=1e-9)


@pytest.mark.claim("thm-image-moments")
@against(
    lambda g1, g2, c, m: g2 * c + (g2 - g1**2) * np.outer(m, m) + (1 - g2) * np.eye(len(m)),
    scatter_of_the_mean_forgotten=lambda g1, g2, c, m: g2 * c + (1 - g2) * np.eye(len(m)),
    mean_kept=lambda g1, g2, c, m: g2 * c + (g2 - 1) * np.outer(m, m) + (1 - g2) * np.eye(len(m)),
    noise_of_degree_one=lambda g1, g2, c, m: g2 * c + (g2 - g1**2) * np.outer(m, m) + (1 - g1) * np.eye(len(m)),
)
def test_the_covariance_of_a_round_with_a_schedule(covariance):
    """Annealed truncation and a fresh share that changes; covariance of 40,000 particles, five standard errors."""
    x, rng, n = small_images(3).reshape(12, -1) + 1.5, np.random.default_rng(3), 40_000
    alphas, deltas = (0.3, 0.6, 0.4), (0.4, 0.2, 0.1)
    process, y = el.OrnsteinUhlenbeck(), x[rng.integers(12, size=n)]
    g = [1.0, 1.0]
    for alpha, delta in zip(alphas, deltas, strict=True):
        fresh = rng.random(n) < alpha
        y[fresh] = x[rng.integers(12, size=int(fresh.sum()))]
        y = process.perturb(y, delta, rng)
        g = [math.exp(-k * delta) * (alpha + (1 - alpha) * share) for k, share in zip((1, 2), g, strict=True)]
    expected = covariance(*g, np.cov(x.T, bias=True), x.mean(0))
    centred = y - y.mean(0)
    for i in range(0, 16, 3):
        for j in range(i, 16, 5):
            product = centred[:, i] * centred[:, j]
            assert abs(product.mean() - expected[i, j]) < 5 * product.std() / math.sqrt(n)


@pytest.mark.claim("thm-image-moments")
@against(
    lambda tail, of_data: (1 - tail) / (1 - of_data),
    ratio_of_the_tails=lambda tail, of_data: of_data / tail,
    not_relative_to_one=lambda tail, of_data: 1 - (tail - of_data),
)
@settings(max_examples=12, deadline=None)
@given(seed=seeds, alpha=st.floats(0.05, 1.0), delta=times, rank=st.integers(1, 10))
def test_the_tail_variance_tells_the_noising_time(seed, alpha, delta, rank, read):
    """Any subspace of narrow directions gives the same number, E exp(-2 T), the transfer of degree two."""
    x = small_images(seed).reshape(12, -1)
    vectors = np.linalg.eigh(x.T @ x)[1][:, :rank]
    of_data = float(np.mean((x @ vectors) ** 2))
    limit = second_moment(el.limit_law(el.PointCloud(x), alpha, delta))
    tail = float(np.trace(vectors.T @ limit @ vectors)) / rank
    survives = alpha / (math.exp(2 * delta) - 1 + alpha)
    np.testing.assert_allclose(read(tail, of_data), survives, rtol=1e-6, atol=1e-9)


@pytest.mark.claim("prop-resolution")
@against(
    lambda a, d: math.expm1(2 * d) / a,
    one_round_only=lambda a, d: math.expm1(2 * d),
    linear_in_delta=lambda a, d: 2 * d / a,
    noise_variance_of_the_process=lambda a, d: -math.expm1(-2 * d) / a,
    share_squared=lambda a, d: math.expm1(2 * d) / a**2,
)
@given(alpha=st.floats(0.05, 0.8), delta=st.floats(0.05, 1.0))
def test_a_direction_at_the_threshold_is_half_data_half_noise(alpha, delta, threshold):
    """Two images +-x, centred: the limit's variance along x, and without data at all, from the library."""
    x = math.sqrt(threshold(alpha, delta)) * np.eye(3)[:1]
    both = el.limit_law(el.PointCloud(np.concatenate([x, -x])), alpha, delta).covariance()[0, 0]
    noise = el.limit_law(el.PointCloud(np.zeros((1, 3))), alpha, delta).covariance()[0, 0]
    np.testing.assert_allclose(both - noise, noise, rtol=1e-9)


@pytest.mark.claim("prop-resolution")
@against(
    lambda i, a, d: 1 / float(el.age_law(i, a) @ np.exp(-2 * d * np.arange(1, i + 1))) - 1,
    of_the_limit=lambda i, a, d: math.expm1(2 * d) / a,
    noise_adds_up=lambda i, a, d: math.expm1(2 * d) * i,
)
@settings(max_examples=40, deadline=None)
@given(alpha=fresh_shares.filter(lambda a: a < 0.95), delta=st.floats(0.05, 0.5), rounds=st.integers(2, 8))
def test_the_threshold_rises_from_round_to_round(alpha, delta, rounds, threshold):
    """Signal and noise carried along as two numbers; the threshold is where data of that variance equal the noise."""
    signal, noise, last = 1.0, 0.0, 0.0
    for i in range(1, rounds + 1):
        keep = math.exp(-2 * delta)
        signal, noise = keep * (alpha + (1 - alpha) * signal), keep * (1 - alpha) * noise + 1 - keep
        np.testing.assert_allclose(threshold(i, alpha, delta) * signal, noise, rtol=1e-9)
        assert last < noise / signal <= math.expm1(2 * delta) / alpha * (1 + 1e-12)
        last = noise / signal


@pytest.mark.claim("prop-resolution")
@against(
    lambda c, p, a, d: (c * a / math.expm1(2 * d)) ** (1 / p),
    exponent_forgotten=lambda c, p, a, d: c * a / math.expm1(2 * d),
    amplitude_for_power=lambda c, p, a, d: (c * a / math.expm1(2 * d)) ** (2 / p),
    fresh_share_forgotten=lambda c, p, a, d: (c / math.expm1(2 * d)) ** (1 / p),
)
def test_images_with_a_power_law_keep_frequencies_up_to_the_cutoff(cutoff):
    """Rows of 256 pixels with the power c k^-p, many draws: mostly data below the cut-off, mostly noise above."""
    side, rng = 256, np.random.default_rng(8)
    k = np.abs(np.fft.fftfreq(side) * side)
    for c, p, alpha, delta in ((60.0, 2.0, 0.2, 0.02), (300.0, 3.0, 0.5, 0.005)):
        power = np.where(k > 0, c * np.maximum(k, 1) ** -p, 0.0)
        white = np.fft.fft(rng.standard_normal((1500, side)), norm="ortho")
        x = np.fft.ifft(white * np.sqrt(power), norm="ortho").real
        seen = np.abs(np.fft.fft(el.sample_limit(el.PointCloud(x), 1500, alpha, delta, rng), norm="ortho")) ** 2
        noise = 1 - alpha / (math.expm1(2 * delta) + alpha)
        z = (seen.mean(0) - 2 * noise) / (seen.std(0) / math.sqrt(1500))
        edge = cutoff(c, p, alpha, delta)
        assert np.all(z[(k > 0) & (k < 0.8 * edge)] > 0)
        assert np.all(z[k > 1.25 * edge] < 0)
        assert 2 < edge < side / 2
