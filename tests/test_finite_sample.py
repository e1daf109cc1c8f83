"""Finite samples: golden values, agreement with mpmath and with simple loops, the regime simulator."""

import mpmath
import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import minimize_scalar

from echolimit import (
    GaussianMixture,
    PointCloud,
    VarianceExploding,
    best_truncation,
    expected_location_tv,
    fit_exact_score,
    fit_gaussian,
    fit_kernel_density,
    fit_score_network,
    fourier_transfer,
    hermite_variance,
    kernel_loop_mise,
    limit_law,
    location_variance,
    refit_peak,
    refit_variance,
    simulate_regime,
    smoother_risk,
    standard_gaussian,
    total_variation,
    wiener_gain,
)
from golden_reference import reaches
from strategies import line_example

DATA, GAUSS = line_example(), standard_gaussian(1)

PEAKS = {1: "1. .25", 2: "1.5370 .32644678", 5: "2.9534 .40445707", 10: "5.0260 .44269095", 20: "8.7207 .46673660"}
MISE = {
    0: ".0054476679", 0.5: ".0053135491", 1: ".0055641030", 2: ".0061408798", 4: ".0068603720",
    8: ".0072962240", 16: ".0072555891", 64: ".0064654107", 1024: ".0055261841",
}  # fmt: skip
SMOOTHER = {
    30: ".055476 .169248 .305320", 100: ".023191 .067316 .091596",
    1000: ".0035237 .0086787 .0091596", 10000: ".00038900 .00091044 .00091596",
}  # fmt: skip


def printed(values, digits):
    for value, text in zip(values, digits.split(), strict=True):
        reaches(value, text)


@pytest.mark.parametrize("rounds", PEAKS)
def test_the_peak_of_the_refit_curve(rounds):
    """lambda* by mpmath, from the derivative of the curve itself: 1.5370, 5.0260, 8.7207 in the fourth digit."""
    printed(refit_peak(rounds), PEAKS[rounds])
    with mpmath.workdps(40):
        curve = lambda x: x / (1 + 2 * x) * (1 - (x / (1 + x)) ** (2 * rounds))  # noqa: E731
        top = mpmath.findroot(lambda x: mpmath.diff(curve, x), mpmath.mpf(float(PEAKS[rounds].split()[0])))
    assert_allclose(refit_peak(rounds), [float(top), float(curve(top))], rtol=1e-12)


def test_the_refit_curve_at_its_ends_and_for_large_ratios():
    assert_allclose(refit_variance([0, 1e-300, 1e300], 5), 1, rtol=1e-12)
    assert_allclose(refit_variance(1e9, 3) - 1, 3e-9, rtol=1e-6)  # i / lambda
    assert_allclose(refit_variance(4.0, 10_000), 1 + 4 / 9, rtol=1e-12)
    assert_allclose(refit_variance(4.0, 0, "fresh"), 1)
    assert refit_peak(10**6).excess < 0.5
    assert_allclose(expected_location_tv(1e-8), 1e-4 / np.pi, rtol=1e-6)


@pytest.mark.parametrize("ratio", MISE)
def test_the_kernel_loop(ratio):
    printed([kernel_loop_mise(GAUSS, 100, ratio, 5)[-1]], MISE[ratio])


def test_the_peak_and_the_other_starts_of_the_kernel_loop():
    found = minimize_scalar(lambda x: -kernel_loop_mise(GAUSS, 100, x, 5)[-1], bounds=(5, 20), method="bounded")
    printed([found.x], "10.50")
    printed([-found.fun], ".0073334826")
    printed([kernel_loop_mise(GAUSS, 100, 1024, 5, start="narrow")[-1]], ".00839")
    printed([kernel_loop_mise(GAUSS, 100, 1024, 5, start="exact")[-1]], ".00022")


@pytest.mark.parametrize("samples", SMOOTHER)
def test_the_loop_as_a_smoother(samples):
    best = best_truncation(DATA, samples, 0.2, 40)
    printed([best.delta / 0.2, best.risk, smoother_risk(DATA, samples, 0.2, 0.0, 40)], SMOOTHER[samples])
    gain = wiener_gain(DATA, samples, 40)
    assert gain[0] == 1
    assert np.all((gain >= 0) & (gain <= 1))


def test_the_risk_without_truncation_grows_with_the_cutoff():
    printed([smoother_risk(DATA, 30, 0.2, 0.0, 40), smoother_risk(DATA, 30, 0.2, 0.0, 400)], ".305 1.083")


def test_hermite_variances():
    values = "1.1131 .488542 .406491985 .30621920515 .3008768079 .2402471795 .2830268482 .2321485892"
    printed(hermite_variance(DATA, 8)[1:], values)
    wide = hermite_variance(GaussianMixture([1], [[0]], [1.5]), 20)
    modes = GaussianMixture([1], [[0]], [1.5])
    squares = wide + np.array([float(c) ** 2 for c in np.asarray(hermite(modes, 20))])
    printed(squares[[5, 10, 20]], "11.98828125 263.1902961731 188463.818")


def hermite(law, degree):
    from echolimit import hermite_coefficients

    return hermite_coefficients(law, degree)


def test_the_kernel_loop_without_end():
    """The golden values of the variance-exploding limit, with delta = h^2."""
    law = limit_law(DATA, 0.2, 0.05, process=VarianceExploding())
    printed(law.density([[0.0], [1.0]]), ".1772507262 .4679538768")
    printed([law.covariance()[0, 0], total_variation(law, DATA)], "1.3631 .1679604040")
    assert_allclose(fourier_transfer(2.7005299983, 0.2, np.sqrt(0.05)), 0.5, atol=1e-9)
    assert_allclose(fourier_transfer([0.0, 1e3], 0.2, 0.5), [1, 0])


@pytest.mark.parametrize("regime", ["replace", "reused", "fresh", "accumulate", "subsample"])
def test_every_regime_runs_and_starts_alike(regime):
    size = 5 if regime == "subsample" else None
    run = simulate_regime(regime, GAUSS, fit_gaussian(1.0), lambda m: m.means[0, 0], 3, 8, 4, [3, 9], subsample=size)
    assert run.values.shape == (2, 4)
    again = simulate_regime(regime, GAUSS, fit_gaussian(1.0), lambda m: m.means[0, 0], 3, 8, 4, [9, 3], subsample=size)
    assert_allclose(run.values, again.values[::-1])
    assert location_variance(regime, 3, 8, 4, size).shape == (4,)
    if regime != "subsample":
        first = GAUSS.sample(8, np.random.default_rng(3)).mean()
        assert_allclose(run.values[0, 0], first)


def test_records_over_seeds():
    run = simulate_regime("replace", GAUSS, fit_gaussian(), lambda m: [m.mean()[0], m.covariance()[0, 0]], 2, 6, 6, 5)
    assert run.mean.shape == run.standard_error.shape == (3, 2)
    assert_allclose(run.mean, run.values.mean(axis=0))
    assert_allclose(run.standard_error, run.values.std(axis=0, ddof=1) / np.sqrt(5))


def test_fits():
    x, rng = DATA.sample(40, np.random.default_rng(0)), np.random.default_rng(1)
    assert_allclose(fit_gaussian()(x, rng).covariance(), [[x.var()]])
    assert_allclose(fit_gaussian()(np.hstack([x, x**2]), rng).covariance(), np.cov(x.T[0], x.T[0] ** 2, bias=True))
    kernel = fit_kernel_density(0.5)(x, rng)
    assert_allclose([kernel.signal, kernel.variance], [1, 0.25 * 40**-0.4])
    exact = fit_exact_score(lambda size: 1 / size)(x, rng)
    assert_allclose(exact.signal, np.exp(-1 / 40))


def test_the_network_learns_the_score_of_a_large_set():
    """30,000 points: the learned score near the exact one, its samples near P_delta of the data."""
    fit, delta = fit_score_network(0.05, hidden=200, levels=14), 0.05
    model = fit(DATA.sample(30_000, np.random.default_rng(0)), np.random.default_rng(0))
    x = np.linspace(-1.8, 1.6, 30)[:, None]
    for t in (model.times[3], model.times[9]):
        exact = DATA.diffuse(t).score(x)
        assert np.sqrt(np.mean((model.score(x, t) - exact) ** 2)) < 0.15 * np.sqrt(np.mean(exact**2))
    grid = np.linspace(-3.5, 3.5, 71)
    assert np.abs(model.cdf(grid) - DATA.diffuse(delta).cdf(grid)).max() < 0.03
    draws = np.sort(model.sample(20_000, np.random.default_rng(2))[:, 0])
    assert np.abs(model.cdf(draws) - np.arange(20_000) / 20_000).max() < 0.015
    assert np.all(np.diff(model.cdf(grid)) >= 0)


def test_the_network_is_the_same_for_the_same_points():
    x = DATA.sample(30, np.random.default_rng(0))
    first, second = (fit_score_network(0.1, hidden=20, levels=6)(x, np.random.default_rng(s)) for s in (0, 1))
    assert_allclose(first.second, second.second)
    cloud = PointCloud(x).diffuse(0.1)
    assert total_variation(cloud, DATA) < 1
