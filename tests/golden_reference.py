"""Second methods for the golden values: Hermite series iterated round by round, Fourier inversion, grids, draws.

Nothing here uses the library's closed forms for what it checks.
"""

import itertools
import math
from decimal import Decimal

import numpy as np
from scipy.integrate import cumulative_simpson, trapezoid
from scipy.stats import norm

GRID = np.linspace(-9.0, 9.0, 30_001)
SET_A = ((0.3, -1.2, 0.25), (0.7, 0.9, 0.16))
START = ((1.0, 2.0, 0.5),)
DEGREE = 300


def half_unit(printed: str) -> float:
    """Half a unit of the last printed digit."""
    return 0.5000001 * 10.0 ** Decimal(printed).as_tuple().exponent


def reaches(value, printed: str) -> None:
    """Fail unless the value agrees with the printed one to half a unit of its last digit."""
    assert abs(value - float(printed)) <= half_unit(printed), (value, printed)


def mixture(components, x=GRID):
    return sum(w * norm.pdf(x, m, math.sqrt(v)) for w, m, v in components)


def modes(components, degree=DEGREE):
    """E h_n by quadrature on the grid against the density, with Hermite functions (no overflow)."""
    functions = hermite_functions(GRID, degree)
    weight = mixture(components) * np.exp(GRID**2 / 4) * (2 * math.pi) ** 0.25
    return trapezoid(functions * weight, GRID, axis=1)


def hermite_functions(x, degree):
    out = np.empty((degree + 1, len(x)))
    out[0] = np.exp(-(x**2) / 4) / (2 * math.pi) ** 0.25
    out[1] = x * out[0]
    for n in range(1, degree):
        out[n + 1] = (x * out[n] - math.sqrt(n) * out[n - 1]) / math.sqrt(n + 1)
    return out


def recurrence_modes(components, degree=DEGREE):
    """The same by the generating function exp(m t + (v - 1) t^2 / 2), one coefficient after the other."""
    out = np.zeros(degree + 1)
    for w, m, v in components:
        c = [1.0, m]
        for n in range(1, degree):
            c.append((m * c[n] + math.sqrt(n) * (v - 1) * c[n - 1]) / math.sqrt(n + 1))
        out += w * np.array(c)
    return out


def iterate_modes(fresh, start, alpha, delta, rounds):
    """The round map c <- exp(-n delta) (alpha c* + (1 - alpha) c), literally."""
    n, c = np.arange(len(fresh)), np.array(start, dtype=float)
    for _ in range(rounds):
        c = np.exp(-n * delta) * (alpha * fresh + (1 - alpha) * c)
    return c


def series_density(c, x=GRID):
    before, now = np.zeros_like(x), np.exp(-(x**2) / 4) / (2 * math.pi) ** 0.25
    root, total = now, np.zeros_like(x)
    for n, coefficient in enumerate(c):
        total = total + coefficient * now
        before, now = now, (x * now - math.sqrt(n) * before) / math.sqrt(n + 1)
    return root * total


def limit_density(alpha, delta, x=GRID):
    """p_inf of set A as the Hermite series that the round map reaches."""
    fresh = recurrence_modes(SET_A)
    rounds = 1 if alpha == 1 else int(45 / -math.log1p(-alpha))
    return series_density(iterate_modes(fresh, fresh, alpha, delta, rounds), x)


def round_density(rounds, start, alpha=0.2, delta=0.05):
    fresh = recurrence_modes(SET_A)
    return series_density(iterate_modes(fresh, recurrence_modes(start), alpha, delta, rounds))


def grid_tv(p, q, x=GRID):
    return trapezoid(np.abs(p - q), x) / 2


def grid_kl(p, q, x=GRID):
    live = (p > 1e-15) & (q > 1e-290)
    return trapezoid(np.where(live, p * np.log(np.where(live, p, 1) / np.where(live, q, 1)), 0), x)


def grid_w1(p, q, x=GRID):
    return trapezoid(np.abs(cumulative_simpson(p - q, x=x, initial=0)), x)


def grid_w2(p, q, x=GRID):
    """Quantile functions by interpolation of both cumulative sums."""
    first, second = cumulative_simpson(p, x=x, initial=0), cumulative_simpson(q, x=x, initial=0)
    live = (first > 1e-10) & (first < 1 - 1e-10)
    rising = np.maximum.accumulate(second) + 1e-18 * np.arange(len(x))
    way = x - np.interp(first, rising, x)
    return math.sqrt(trapezoid(np.where(live, way**2 * p, 0), x))


def grid_w2_to_points(p, points, x):
    """Equally likely points: second moments of p between its quantiles, by interpolated cumulative sums."""
    mass, first, second = (cumulative_simpson(p * x**k, x=x, initial=0) for k in (0, 1, 2))
    cuts = np.interp(np.arange(1, len(points)) / len(points), mass, x)
    edges = np.concatenate([x[:1], cuts, x[-1:]])
    m0, m1, m2 = (np.diff(np.interp(edges, x, cumulative)) for cumulative in (mass, first, second))
    atoms = np.sort(np.asarray(points))
    return math.sqrt(np.sum(m2 - 2 * atoms * m1 + atoms**2 * m0))


def fourier_density(transform, x, reach=60.0, points=24_001):
    """Inversion of a characteristic function on the line."""
    w = np.linspace(-reach, reach, points)
    phi = transform(w)
    return np.array([trapezoid((phi * np.exp(-1j * w * z)).real, w) for z in np.atleast_1d(x)]) / (2 * math.pi)


def echo_transform(components, alpha, delta, ages=400):
    """Characteristic function of p_inf, age by age: phi*(exp(-j delta) w) exp(-(1 - exp(-2 j delta)) w^2 / 2)."""

    def transform(w):
        total = 0j
        for j in range(1, ages + 1):
            a, s2 = math.exp(-j * delta), -math.expm1(-2 * j * delta)
            part = sum(c * np.exp(1j * m * a * w - (v * a * a + s2) * w**2 / 2) for c, m, v in components)
            total = total + alpha * (1 - alpha) ** (j - 1) * part
        return total

    return transform


def exploding_transform(components, alpha, delta):
    """The variance-exploding limit: phi* times alpha / (exp(delta w^2 / 2) - 1 + alpha)."""

    def transform(w):
        part = sum(c * np.exp(1j * m * w - v * w**2 / 2) for c, m, v in components)
        return part * alpha / (np.expm1(np.minimum(delta * w**2 / 2, 600)) + alpha)

    return transform


def fft_energies(weights, means, covariances, degree, radius, points=256):
    """Degree energies by an FFT of the generating function, with the principal root of every factor."""
    k, d = means.shape
    rho = radius * np.exp(2j * np.pi * np.arange(points) / points)
    total = np.zeros(points, dtype=complex)
    for a, b in itertools.product(range(k), repeat=2):
        first, second = covariances[a] - np.eye(d), covariances[b] - np.eye(d)
        eigenvalues = np.linalg.eigvals(first @ second)
        root = np.prod([(1 - rho**2 * e) ** -0.5 for e in eigenvalues], axis=0)
        inverse = np.linalg.inv(np.eye(d) - rho[:, None, None] ** 2 * (second @ first))
        turned = np.linalg.inv(np.eye(d) - rho[:, None, None] ** 2 * (first @ second))
        power = rho * (means[a] @ inverse @ means[b])
        power = power + rho**2 / 2 * (means[a] @ inverse @ second @ means[a])
        power = power + rho**2 / 2 * (means[b] @ turned @ first @ means[b])
        total += weights[a] * weights[b] * root * np.exp(power)
    return (np.fft.fft(total) / points).real[: degree + 1] / radius ** np.arange(degree + 1)


def square_modes(c, n):
    """E h_n^2 from coefficients: sum_r r! C(n, r)^2 / n! sqrt((2n - 2r)!) c_{2n - 2r}."""
    return sum(
        math.factorial(r)
        * math.comb(n, r) ** 2
        / math.factorial(n)
        * math.sqrt(math.factorial(2 * n - 2 * r))
        * c[2 * n - 2 * r]
        for r in range(n + 1)
    )


def grid_square_modes(density, degree, x=GRID):
    ladder = [np.ones_like(x), x]
    for n in range(1, degree):
        ladder.append((x * ladder[n] - math.sqrt(n) * ladder[n - 1]) / math.sqrt(n + 1))
    return [trapezoid(h**2 * density, x) - trapezoid(h * density, x) ** 2 for h in ladder[1:]]


def fourth_cumulants(p, x=GRID):
    mean = trapezoid(x * p, x)
    central = [trapezoid((x - mean) ** k * p, x) for k in (2, 3, 4)]
    return mean, central[0], central[1], central[2] - 3 * central[0] ** 2


def cumulants_from_modes(c):
    """Mean, variance and the third and fourth cumulant from c_1 .. c_4 (He_3 and He_4 inverted)."""
    m1, m2 = c[1], 1 + math.sqrt(2) * c[2]
    m3, m4 = math.sqrt(6) * c[3] + 3 * m1, math.sqrt(24) * c[4] + 6 * m2 - 3
    third = m3 - 3 * m1 * m2 + 2 * m1**3
    fourth = m4 - 4 * m1 * m3 - 3 * m2**2 + 12 * m1**2 * m2 - 6 * m1**4
    return m1, m2 - m1**2, third, fourth


def gauss_square_modes(variance, degrees):
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    x, weights = math.sqrt(variance) * nodes, weights / weights.sum()
    ladder = [np.ones_like(x), x]
    for n in range(1, max(degrees)):
        ladder.append((x * ladder[n] - math.sqrt(n) * ladder[n - 1]) / math.sqrt(n + 1))
    return [weights @ ladder[n] ** 2 for n in degrees]
