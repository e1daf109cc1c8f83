"""What a record says of a round: exact draws meet theory, an untrained network gains nothing, a better score does."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("accelerate")

from echolimit import GaussianMixture, score_of  # noqa: E402
from echolimit.images.spectra import tail_variance  # noqa: E402
from echolimit.learning import RunSettings  # noqa: E402
from echolimit.learning.comparisons import ImageComparison, has_images, has_law  # noqa: E402
from echolimit.learning.keeping import RoundRecord  # noqa: E402
from echolimit.learning.networks import make_model  # noqa: E402
from echolimit.learning.report import table  # noqa: E402
from echolimit.learning.runs import Run  # noqa: E402
from echolimit.learning.sources import open_source  # noqa: E402
from echolimit.learning.training import training_moments  # noqa: E402

SETTINGS = RunSettings.from_dict(
    {
        "data": {"name": "digits"},
        "loop": {"alpha": [0.5, 0.4], "delta": [0.1, 0.05], "rounds": 2, "samples": 500},
        "network": {"width": 8, "depth": 1, "preconditioning": "covariance"},
    }
)


@pytest.fixture(scope="module")
def comparison(tmp_path_factory):
    source = open_source(SETTINGS.data)
    data = {"name": source.name, "provenance": source.provenance, "digest": source.digest}
    return ImageComparison(Run(tmp_path_factory.mktemp("run"), SETTINGS, data, [], []))


def record(comparison, number, samples, score=None):
    """A round whose network has not been trained, or whose score is another one."""
    model = make_model(SETTINGS.network, (1, 8, 8), "no", 0).eval()
    model.fit_moments(*training_moments(comparison.rows, None, 1.0))
    alpha, delta = SETTINGS.loop.schedule()[number - 1]
    held = model if score is None else SimpleNamespace(score=score)
    return RoundRecord(number, alpha, delta, torch.from_numpy(samples).flatten(1), held, 1.0, 1.0, 1.0)


def test_exact_draws_of_a_round_meet_theory_and_real_images_do_not(comparison):
    rows = comparison.metrics(record(comparison, 2, comparison.draws(2, 500)))
    assert {row["round"] for row in rows} == {2}
    moments = [row for row in rows if row["metric"] in ("tail_variance", "hermite_2", "spectral_contraction")]
    assert len(moments) == 3
    assert all(abs(row["z"]) < 5 for row in moments)
    theory = {row["metric"]: row["theory"] for row in moments}
    real = tail_variance(comparison.draws(0, 500), comparison.reference)
    assert abs(real.value - theory["tail_variance"]) > 20 * real.error
    assert max(map(len, table([], rows).splitlines())) <= 80


def test_the_draws_of_a_schedule_have_its_ages(comparison):
    """Round 2 of alpha_2 = .4: ages .05 with chance .4, else .05 + .1; round 0 gives images of the data."""
    kept = comparison._ages(2).kept(1)
    assert kept == pytest.approx(0.4 * np.exp(-0.05) + 0.6 * np.exp(-0.15), rel=1e-12)
    rows = {row.tobytes() for row in comparison.rows.numpy()}
    assert all(row.tobytes() in rows for row in comparison.draws(0, 20).reshape(20, -1))


def test_an_untrained_network_gains_nothing_over_the_best_linear_score(comparison):
    first = record(comparison, 1, comparison.draws(1, 500))
    gain = comparison.gain(first, None)
    assert gain["energy"] == pytest.approx(0, abs=1e-6)
    assert len(gain["times"]) == len(gain["rate"]) == len(gain["rate_error"])


def test_the_gain_has_the_sign_of_what_the_score_is_worth(comparison):
    """Some mass near each digit's mean image is a better law of digits than one normal law; a score of zero is none."""
    labels = np.argmin(np.linalg.norm(comparison.held_out.reshape(-1, 1, 64) - centres(comparison), axis=2), axis=1)
    clusters = [comparison.held_out.reshape(-1, 64)[labels == k].astype(float) for k in range(10)]
    clusters = [rows for rows in clusters if len(rows) > 5]
    spread = [0.7 * np.cov(rows.T) + 0.05 * np.eye(64) for rows in clusters]
    sizes = np.array([len(rows) for rows in clusters])
    law = GaussianMixture(sizes / sizes.sum(), [rows.mean(axis=0) for rows in clusters], spread)
    exact = score_of(law)
    better = record(comparison, 1, comparison.draws(1, 50), lambda x, t: torch.from_numpy(exact(x.numpy(), t)).float())
    worse = record(comparison, 1, comparison.draws(1, 50), lambda x, t: torch.zeros_like(x))
    gain, loss = comparison.gain(better, None), comparison.gain(worse, None)
    assert gain["energy"] > 5 * gain["standard_error"]
    assert loss["energy"] < -5 * loss["standard_error"]


def centres(comparison):
    rng = np.random.default_rng(0)
    return comparison.held_out.reshape(-1, 64)[rng.choice(len(comparison.held_out), 10, replace=False)]


def test_another_data_set_is_refused(comparison):
    run = replace(comparison.run, data=comparison.run.data | {"digest": "0" * 64})
    with pytest.raises(ValueError, match=r"data 'digits' are not those that .* was trained on"):
        ImageComparison(run)


def test_what_kind_of_data_a_run_has(comparison):
    run = comparison.run
    plane = replace(run, settings=RunSettings(), data={"name": "plane"})
    passed = replace(run, settings=RunSettings(), data={"name": "array"})
    assert [(has_images(each), has_law(each)) for each in (run, plane, passed)] == [
        (True, False), (False, True), (False, False),
    ]  # fmt: skip
