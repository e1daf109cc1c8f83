# ruff: noqa: E501 (one golden value a line)
"""Golden values on the line (sets A and M, the single Gaussian), each reached by the library and by a second method."""

import functools
import math

import numpy as np
import pytest
from scipy.integrate import trapezoid

from echolimit import (
    GaussianMixture,
    PointCloud,
    chi2_divergence,
    compounding_factor,
    cutoff_degree,
    hermite_coefficients,
    kl_divergence,
    limit_law,
    round_law,
    sample_limit,
    standard_gaussian,
    total_variation,
    transfer,
    wasserstein,
)
from golden_reference import (
    GRID,
    SET_A,
    START,
    cumulants_from_modes,
    echo_transform,
    fourier_density,
    fourth_cumulants,
    gauss_square_modes,
    grid_kl,
    grid_square_modes,
    grid_tv,
    grid_w1,
    grid_w2,
    grid_w2_to_points,
    half_unit,
    iterate_modes,
    limit_density,
    mixture,
    modes,
    recurrence_modes,
    round_density,
    square_modes,
)
from strategies import line_example

ALPHA, DELTA = 0.2, 0.05
A = line_example()
LIMIT = limit_law(A, ALPHA, DELTA)
GAMMA = standard_gaussian(1)
FIRST = GaussianMixture([1.0], [[2.0]], [0.5])
POINTS = (-1.0, 0.5, 2.0)
M = PointCloud([[x] for x in POINTS])
M_LIMIT = limit_law(M, 0.3, 0.1)
ATOMS = tuple((1 / 3, x, 0.0) for x in POINTS)
ONE = GaussianMixture([1.0], [[1.0]], [0.5])
ONE_LIMIT = limit_law(ONE, 0.25, 0.1)


@functools.cache
def data():
    return mixture(SET_A)


@functools.cache
def limit(alpha=ALPHA, delta=DELTA):
    return limit_density(alpha, delta)


@functools.cache
def after(rounds, start=START):
    return round_density(rounds, start)


def at(law, *x):
    return law.density(np.array(x)[:, None])


def draws(target, alpha, delta, statistic):
    """A statistic of exact draws with its standard error."""
    x = sample_limit(target, 400_000, alpha, delta, np.random.default_rng(7))[:, 0]
    values = statistic(x)
    return values.mean(), values.std() / math.sqrt(len(values))


def fisher(law):
    score = law.score(GRID[:, None])[:, 0]
    return trapezoid(score**2 * law.density(GRID[:, None]), GRID)


def drift_bounds(relative):
    h1, h2 = transfer(np.array([1, 2]), ALPHA, DELTA)
    second = 1 + math.sqrt(2) * hermite_coefficients(A, 2)[2]
    return (
        math.sqrt((1 - 2 * h1 + h2) * second + 1 - h2),
        DELTA * math.sqrt((2 - ALPHA) / ALPHA**2 * relative),
        math.sqrt((1 - 2 * h1 + h2) * relative),
    )


def drift_bounds_over_ages():
    """E(1 - e^(-t))^2 and so on, summed over ages; Fisher information from slopes of the density."""
    j = np.arange(1, 2000)
    w, a = ALPHA * (1 - ALPHA) ** (j - 1), np.exp(-j * DELTA)
    second = trapezoid(GRID**2 * data(), GRID)
    slope = np.gradient(data(), GRID, edge_order=2)
    relative = trapezoid(slope**2 / np.maximum(data(), 1e-300), GRID) - 2 + second
    return (
        math.sqrt(w @ ((1 - a) ** 2 * second + 1 - a**2)),
        DELTA * math.sqrt(w @ j.astype(float) ** 2 * relative),
        math.sqrt(w @ (1 - a) ** 2 * relative),
    )


def fixed_modes(degree, alpha=ALPHA, delta=DELTA):
    return iterate_modes(np.ones(degree + 1), np.ones(degree + 1), alpha, delta, 800)


# name, printed values, library, second method, tolerance of the second method (None: the printed one; "bars": 5 standard errors)
TABLE = [
    ("p*(0)", ".0689811089", lambda: at(A, 0), lambda: mixture(SET_A, np.zeros(1)), None),
    ("p_inf(0), p_inf(1)", ".2712312223 .4139159786", lambda: at(LIMIT, 0, 1), lambda: limit_density(ALPHA, DELTA, np.array([0.0, 1.0])), None),
    ("mean, var", ".2149073283 1.0757137428", lambda: [LIMIT.mean()[0], LIMIT.covariance()[0, 0]], lambda: fourth_cumulants(limit())[:2], 1e-9),
    ("kappa3, kappa4", "-.4930270987 -.4386596685", lambda: cumulants_from_modes(hermite_coefficients(LIMIT, 4))[2:], lambda: fourth_cumulants(limit())[2:], 1e-8),
    ("n_c", "3.6464311359", lambda: cutoff_degree(ALPHA, DELTA), lambda: math.log(1 + ALPHA) / DELTA, None),
    ("H_1..8", ".7959530678 .6553704438 .5527392833 .4746053416 .4132014417 .3637297380 .3230665223 .2890905755", lambda: transfer(np.arange(1, 9), ALPHA, DELTA), lambda: fixed_modes(8)[1:], None),
    ("compounding 1..8", "4.1838 3.6215 3.2110 2.8984 2.6528 2.4549 2.2923 2.1564", lambda: compounding_factor(np.arange(1, 9), ALPHA, DELTA), lambda: ((1 - fixed_modes(8)) / -np.expm1(-DELTA * np.maximum(np.arange(9), 1)))[1:], None),
    ("c*_0..8", "1 .27 .1315218613 -.3207606818 -.3536083393 .2646181867 .3465590974 -.1738988427 -.2767216628", lambda: hermite_coefficients(A, 8), lambda: modes(SET_A, 8), 1e-10),
    ("c_inf_0..8", "1 .2149073283 .0861955406 -.1772970294 -.1678244067 .1093406163 .1260538497 -.0561808943 -.0799976248", lambda: hermite_coefficients(LIMIT, 8), lambda: iterate_modes(modes(SET_A, 8), np.eye(9)[0], ALPHA, DELTA, 800), 1e-10),
    ("TV, W2, W1 of p_inf and p*", ".2127762612 .2133191906 .1796956718", lambda: [total_variation(LIMIT, A), wasserstein(LIMIT, A, 2), wasserstein(LIMIT, A, 1)], lambda: [f(limit(), data()) for f in (grid_tv, grid_w2, grid_w1)], 5e-7),
    ("KL both ways", ".1355279358 .1910722508", lambda: [kl_divergence(A, LIMIT), kl_divergence(LIMIT, A)], lambda: [grid_kl(data(), limit()), grid_kl(limit(), data())], 1e-7),
    ("chi2 to gamma", ".7155505698 .1546077182", lambda: [chi2_divergence(A, GAMMA), chi2_divergence(LIMIT, GAMMA)], lambda: [np.sum(recurrence_modes(SET_A)[1:] ** 2), np.sum((fixed_modes(300) * recurrence_modes(SET_A))[1:] ** 2)], None),
    ("J(p*), I(p*|gamma)", "4.8559837673 4.0419837673", lambda: [fisher(A), fisher(A) - 1 + math.sqrt(2) * hermite_coefficients(A, 2)[2]], lambda: [drift_bounds_over_ages()[2] ** 2 / weight() + shift for shift in (2 - second_moment(), 0)], 1e-5),
    ("drift bounds", ".6479955446 .6743316497 .5064797170", lambda: drift_bounds(fisher(A) - 1 + math.sqrt(2) * hermite_coefficients(A, 2)[2]), drift_bounds_over_ages, 1e-6),
    ("TV, W2 of gamma and p*", ".3569567349 .4423349687", lambda: [total_variation(GAMMA, A), wasserstein(GAMMA, A, 2)], lambda: [f(mixture(((1.0, 0.0, 1.0),)), data()) for f in (grid_tv, grid_w2)], 5e-7),
    ("TV(p_i, p*), i = 1, 3, 10", ".0933835811 .1710011989 .2111740299", lambda: [total_variation(round_law(A, i, ALPHA, DELTA), A) for i in (1, 3, 10)], lambda: [grid_tv(after(i, SET_A), data()) for i in (1, 3, 10)], 1e-7),
    ("Var h_1..8", "1.1131 .488542 .406491985 .3062192052 .3008768079 .2402471795 .2830268482 .2321485892", lambda: [square_modes(hermite_coefficients(A, 16), n) - hermite_coefficients(A, n)[n] ** 2 for n in range(1, 9)], lambda: grid_square_modes(data(), 8), 1e-9),
    ("E h_n^2 at v = 1.5", "11.98828125 263.1902961731 188463.818", lambda: [square_modes(hermite_coefficients(GaussianMixture([1], [[0]], [1.5]), 40), n) for n in (5, 10, 20)], lambda: gauss_square_modes(1.5, (5, 10, 20)), None),
    ("c_200 at v = 2.4", "9.73e13", lambda: hermite_coefficients(GaussianMixture([1], [[0]], [2.4]), 200)[200], lambda: math.exp(100 * math.log(0.7) + math.lgamma(201) / 2 - math.lgamma(101)), None),
    ("set M densities", ".2801028927 .3140651142", lambda: at(M_LIMIT, 0, 0.5), lambda: fourier_density(echo_transform(ATOMS, 0.3, 0.1), [0, 0.5], reach=25.0, points=1001), None),
    ("set M mean", ".3702141326", lambda: M_LIMIT.mean()[0], lambda: draws(M, 0.3, 0.1, lambda x: x), "bars"),
    ("set M variance", "1.2944697081", lambda: M_LIMIT.covariance()[0, 0], lambda: draws(M, 0.3, 0.1, lambda x: (x - x.mean()) ** 2), "bars"),
    ("set M chi2 to gamma", ".3286248543", lambda: chi2_divergence(M_LIMIT, GAMMA), lambda: np.sum((fixed_modes(300, 0.3, 0.1) * recurrence_modes(ATOMS, 300))[1:] ** 2), None),
    ("set M W2 to the cloud", ".4867453316", lambda: wasserstein(M_LIMIT, M, 2), lambda: cloud_w2(), 5e-5),
    ("one Gaussian H_1, H_2", ".7038864594 .5303320689", lambda: transfer(np.array([1, 2]), 0.25, 0.1), lambda: fixed_modes(2, 0.25, 0.1)[1:], None),
    ("one Gaussian mean", ".7038864594", lambda: ONE_LIMIT.mean()[0], lambda: draws(ONE, 0.25, 0.1, lambda x: x), "bars"),
    ("one Gaussian variance", ".7697098867", lambda: ONE_LIMIT.covariance()[0, 0], lambda: draws(ONE, 0.25, 0.1, lambda x: (x - x.mean()) ** 2), "bars"),
    ("one Gaussian p_inf(0)", ".3183810234", lambda: at(ONE_LIMIT, 0), lambda: fourier_density(echo_transform(((1.0, 1.0, 0.5),), 0.25, 0.1), 0, reach=25.0, points=1001), None),
]  # fmt: skip

for rounds, row in (
    (1, ".5318951950 1.3744794773 1.3584261398 1.2905534982"),
    (5, ".1762965563 .4818085101 .4555510810 .1848534723"),
    (10, ".0453694610 .1278448835 .1162554699 .0139852886"),
    (20, ".0029956016 .0081835899 .0075712228 4.9011516e-5"),
):
    TABLE.append(
        (
            f"TV, W2, W1, KL of p_{rounds} and p_inf",
            row,
            lambda i=rounds: [
                f(round_law(A, i, ALPHA, DELTA, start=FIRST), LIMIT, *order)
                for f, order in (
                    (total_variation, ()),
                    (wasserstein, (2,)),
                    (wasserstein, (1,)),
                    (kl_divergence, ()),
                )
            ],
            lambda i=rounds: [f(after(i), limit()) for f in (grid_tv, grid_w2, grid_w1, grid_kl)],
            1e-6,
        )
    )
for pair, row in {
    (0.1, 0.01): ".13055127 .12652561",
    (0.1, 0.05): ".26112670 .27307053",
    (0.5, 0.05): ".14146373 .13403088",
    (1.0, 0.05): ".09338358 .08413600",
    (0.2, 0.01): ".08351184 .07808884",
    (0.2, 0.2): ".31296473 .33977721",
}.items():
    TABLE.append(
        (
            f"TV, W2 at alpha, delta = {pair}",
            row,
            lambda pair=pair: [
                total_variation(limit_law(A, *pair), A),
                wasserstein(limit_law(A, *pair), A, 2),
            ],
            lambda pair=pair: [f(limit(*pair), data()) for f in (grid_tv, grid_w2)],
            1e-6,
        )
    )


def weight():
    j = np.arange(1, 2000)
    return ALPHA * (1 - ALPHA) ** (j - 1) @ (1 - np.exp(-j * DELTA)) ** 2


def second_moment():
    return trapezoid(GRID**2 * data(), GRID)


def cloud_w2():
    x = np.linspace(-9, 9, 5001)
    return grid_w2_to_points(fourier_density(echo_transform(ATOMS, 0.3, 0.1), x, reach=25.0, points=701), POINTS, x)


@pytest.mark.parametrize(("printed", "ours"), [pytest.param(r[1], r[2], id=r[0]) for r in TABLE])
def test_the_library_gives_every_printed_digit(printed, ours):
    printed = printed.split()
    values = np.atleast_1d(np.asarray(ours(), dtype=float))
    assert len(values) == len(printed)
    for value, text in zip(values, printed, strict=True):
        assert abs(value - float(text)) <= half_unit(text), (value, text)


@pytest.mark.parametrize(("printed", "second", "tol"), [pytest.param(r[1], r[3], r[4], id=r[0]) for r in TABLE])
def test_a_second_method_agrees(printed, second, tol):
    printed = printed.split()
    if tol == "bars":
        value, error = second()
        assert abs(value - float(printed[0])) <= 5 * error, (value, printed, error)
        return
    values = np.atleast_1d(np.asarray(second(), dtype=float))
    assert len(values) == len(printed)
    for value, text in zip(values, printed, strict=True):
        assert abs(value - float(text)) <= (half_unit(text) if tol is None else tol), (value, text)


def test_chi2_of_the_limit_law_against_the_data_is_infinite():
    assert chi2_divergence(LIMIT, A) == math.inf
    grid = np.linspace(-30, 30, 60_001)[:, None]
    log = 2 * LIMIT.log_density(grid) - A.log_density(grid)
    assert log[-1] > log[-2000] > 100  # the integrand grows without bound
