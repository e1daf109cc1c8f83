"""Chapter 6: the samplers' steps on Gaussians, and what one step does to the covariance of any law."""

import math

import numpy as np
import pytest
from scipy.integrate import solve_ivp

import echolimit as el
from controls import against
from line_laws import DATA, line, noised

CASES = ((3.0, 1.0), (0.5, 0.2), (0.06, 0.02))


def noise(t):
    return math.sqrt(1 - math.exp(-2 * t))


def by_definition(name, x, score, t, u):
    """(mean of x', variance of its noise) as the samplers' papers define the step from t to u."""
    h, a, b, s, r = t - u, math.exp(-t), math.exp(-u), noise(t), noise(u)
    clean = (x + s * s * score) / a
    if name == "euler_maruyama":
        return x + h * (x + 2 * score), 2 * h
    if name == "exponential_integrator":  # dY = (Y + 2 S) ds + sqrt(2) dW with the score frozen

        def right(_, y):
            return [y[0] + 2 * score, 2 * y[1] + 2]

        return solve_ivp(right, (0, h), [x, 0.0], rtol=1e-12, atol=1e-14).y[:, -1]
    if name == "ddim":
        return b * clean + r * (x - a * clean) / s, 0.0
    # ancestral: condition the Gaussian vector (X_u, X_t) given X_0 on X_t = x, with X_0 replaced by its mean
    shrink = math.exp(-h)
    covariance = shrink * r * r
    mean = b * clean + covariance / (s * s) * (x - a * clean)
    posterior = r * r - covariance**2 / (s * s)
    return mean, posterior if name == "ancestral" else 1 - shrink**2


def table(name, h, s, r):
    """(A, B, n) of prop-gaussian-steps."""
    grown = math.exp(h)
    return {
        "euler_maruyama": (1 + h, 2 * h, 2 * h),
        "exponential_integrator": (grown, 2 * (grown - 1), grown**2 - 1),
        "ancestral_large": (grown, 2 * math.sinh(h), 1 - grown**-2),
        "ancestral": (grown, 2 * math.sinh(h), (1 - grown**-2) * r * r / (s * s)),
        "ddim": (grown, s * (grown * s - r), 0.0),
    }[name]


NAMES = ("euler_maruyama", "exponential_integrator", "ancestral_large", "ancestral", "ddim")


def changed(name, **entries):
    """The table with wrong entries A, B or n in one row, made from its right ones."""

    def wrong(row, h, s, r):
        right = dict(zip("ABn", table(row, h, s, r), strict=True))
        if row == name:
            right |= {key: make(h, s, r) for key, make in entries.items()}
        return tuple(right.values())

    return wrong


@pytest.mark.claim("prop-gaussian-steps")
@against(
    table,
    one_score_in_the_sde=changed("euler_maruyama", B=lambda h, s, r: h),
    exponential_of_twice_the_step=changed("exponential_integrator", B=lambda h, s, r: math.expm1(2 * h)),
    variances_upside_down=changed("ancestral", n=lambda h, s, r: (1 - math.exp(-2 * h)) * s * s / (r * r)),
    variances_exchanged=changed("ancestral_large", n=lambda h, s, r: (1 - math.exp(-2 * h)) * r * r / (s * s)),
    ancestral_like_the_integrator=changed("ancestral", B=lambda h, s, r: 2 * math.expm1(h)),
    ddim_with_noises_exchanged=changed("ddim", B=lambda h, s, r: r * (math.exp(h) * r - s)),
)
def test_the_table_of_steps(row):
    for name in NAMES:
        for t, u in CASES:
            scale, weight, n = row(name, t - u, noise(t), noise(u))
            for x, score in ((1.0, 0.0), (0.0, 1.0), (-2.0, 0.7)):
                mean, variance = by_definition(name, x, score, t, u)
                np.testing.assert_allclose([scale * x + weight * score, n], [mean, variance], rtol=1e-8, atol=1e-10)


def heun_gain(h, w, w_next):
    k, k_next = 1 - 1 / w, 1 - 1 / w_next
    return 1 + h / 2 * (k + k_next * (1 + h * k))


@pytest.mark.claim("prop-gaussian-steps")
@against(
    heun_gain,
    both_slopes_at_the_start=lambda h, w, w_next: 1 + h / 2 * (2 - 2 / w),
    second_slope_at_the_old_point=lambda h, w, w_next: 1 + h / 2 * (2 - 1 / w - 1 / w_next),
    of_the_sde=lambda h, w, w_next: heun_gain(h, w / 2, w_next / 2),
)
def test_one_step_of_heun(gain):
    m, v = 0.5, 0.3
    for t, u in CASES:
        a, b = math.exp(-t), math.exp(-u)
        w, w_next = a * a * v + 1 - a * a, b * b * v + 1 - b * b

        def slope(y, signal, variance):
            return y - (y - signal * m) / variance

        ends = []
        for x in (0.0, 1.0):
            euler = x + (t - u) * slope(x, a, w)
            ends.append(x + (t - u) / 2 * (slope(x, a, w) + slope(euler, b, w_next)))
        g = gain(t - u, w, w_next)
        np.testing.assert_allclose(ends[1] - ends[0], g, rtol=1e-12)
        mean, variance = el.gaussian_pass("heun", m, v, [t, u], 0.4, 2.0)
        np.testing.assert_allclose([mean, variance], [ends[0] + 0.4 * (ends[1] - ends[0]), 2 * g**2], rtol=1e-12)


def guess(now, before, ahead, past):
    return now + ahead / (2 * past) * (now - before)


@pytest.mark.claim("prop-two-step")
@against(
    guess,
    ratio_upside_down=lambda now, before, ahead, past: now + past / (2 * ahead) * (now - before),
    half_forgotten=lambda now, before, ahead, past: now + ahead / past * (now - before),
    first_order=lambda now, before, ahead, past: now,
    looks_the_wrong_way=lambda now, before, ahead, past: now - ahead / (2 * past) * (now - before),
)
def test_the_two_step_recurrence(guess):
    """Against the library's sampler on points, with the affine score."""
    for m, v in ((0.5, 0.3), (-1.0, 2.0)):
        for spacing in ("uniform", "geometric", "log_snr"):
            times = el.time_grid(2.0, 0.05, 6, spacing)
            a, s = np.exp(-times), np.sqrt(-np.expm1(-2 * times))
            w, length = a * a * v + s * s, np.diff(np.log(a / s))
            gain, before = 1.0, None
            for k in range(6):
                c = a[k] * v / w[k] * gain
                d = c if before is None else guess(c, before, length[k], length[k - 1])
                gain, before = s[k + 1] / s[k] * gain + a[k + 1] * (1 - math.exp(-length[k])) * d, c

            def score(x, t, m=m, v=v):
                return -(x - math.exp(-t) * m) / (math.exp(-2 * t) * v + 1 - math.exp(-2 * t))

            x = np.array([[-1.0], [0.0], [2.0]])
            end = el.dpmpp_2m(score, x, times)
            np.testing.assert_allclose(end, a[-1] * m + gain * (x - a[0] * m), rtol=1e-10)


def excess(name, h, s, r, c, j):
    grown = math.exp(h)
    return {
        "exponential_integrator": 2 * (grown - 1) ** 2 * (2 * j - 1),
        "euler_maruyama": (grown**2 - (1 + h) ** 2) * (1 - c) + h * h * (4 * j - 3),
        "ancestral_large": 4 * math.sinh(h) ** 2 * (j - 1),
        "ancestral": -4 * math.sinh(h) ** 2 * (1 / (s * s) - j),
        "ddim": -((grown * s - r) ** 2) * (1 - s * s * j),
    }[name]


def other(name, wrong):
    return lambda row, *args: wrong(*args) if row == name else excess(row, *args)


LAWS = (DATA, line((1.0, 0.7, 0.3)), line((0.5, -2.0, 0.05), (0.5, 1.0, 2.0)), line((0.3, 0.0, 1e-9), (0.7, 1.0, 1e-9)))


@pytest.mark.claim("prop-step-defect")
@against(
    excess,
    fisher_once=other("exponential_integrator", lambda h, s, r, c, j: 2 * math.expm1(h) ** 2 * (j - 1)),
    covariance_for_fisher=other("exponential_integrator", lambda h, s, r, c, j: 2 * math.expm1(h) ** 2 * (2 / c - 1)),
    only_the_second_term=other("euler_maruyama", lambda h, s, r, c, j: h * h * (4 * j - 3)),
    two_for_four=other("ancestral_large", lambda h, s, r, c, j: 2 * math.sinh(h) ** 2 * (j - 1)),
    large_for_small=other("ancestral", lambda h, s, r, c, j: 4 * math.sinh(h) ** 2 * (j - 1)),
    sign_of_ddim=other("ddim", lambda h, s, r, c, j: (math.exp(h) * s - r) ** 2 * (1 - s * s * j)),
    ddim_without_square=other("ddim", lambda h, s, r, c, j: -(math.exp(h) * s - r) * (1 - s * s * j)),
)
def test_the_excess_of_one_step(excess):
    """Quadrature over P_t q, its score from differences of the logarithm of the density; normal, wide, singular q."""
    x = np.linspace(-14, 14, 28_001)
    for q in LAWS:
        for t, u in CASES[:2]:
            p = noised(q, t)
            f = p.pdf(x)
            score = np.gradient(np.log(np.maximum(f, 1e-300)), x, edge_order=2)
            c, j = p.moment(2) - p.mean() ** 2, float(np.trapezoid(score**2 * f, x))
            assert 1 / c - 1e-4 <= j <= 1 / noise(t) ** 2 + 1e-6
            later = noised(q, u)
            right = later.moment(2) - later.mean() ** 2
            for name in NAMES:
                scale, weight, n = table(name, t - u, noise(t), noise(u))
                end = scale * x + weight * score
                mean = np.trapezoid(end * f, x)
                got = np.trapezoid((end - mean) ** 2 * f, x) + n - right
                wanted = excess(name, t - u, noise(t), noise(u), c, j)
                np.testing.assert_allclose(got, wanted, rtol=1e-4, atol=2e-5)
                np.testing.assert_allclose(el.covariance_defect(name, t, u, c, j), wanted, rtol=1e-7, atol=1e-9)


@pytest.mark.claim("prop-step-defect")
@against(
    "ddim",
    exponential_integrator="exponential_integrator",
    euler_maruyama="euler_maruyama",
)
def test_guesses_are_more_concentrated_for_every_convex_function(name):
    """E phi(X') <= E phi for steep, flat and one-sided phi; without noise for DDIM, by Gauss-Hermite nodes else."""
    x = np.linspace(-14, 14, 7_001)
    nodes, weights = np.polynomial.hermite_e.hermegauss(40)
    for q in LAWS[:3]:
        for t, u in CASES[:2]:
            f = noised(q, t).pdf(x)
            score = np.gradient(np.log(np.maximum(f, 1e-300)), x, edge_order=2)
            for step in (name, "ancestral"):
                scale, weight, n = table(step, t - u, noise(t), noise(u))
                end = (scale * x + weight * score)[:, None] + math.sqrt(n) * nodes
                for phi in (lambda y: y**4, lambda y: np.exp(-y), lambda y: np.maximum(y - 0.3, 0), np.abs):
                    stepped = np.trapezoid(phi(end) @ (weights / weights.sum()) * f, x)
                    assert stepped <= np.trapezoid(phi(x) * noised(q, u).pdf(x), x) + 1e-4
