"""The learned loop: its pools and batches, a loop whose law is known exactly, folders that fit and that do not."""

import math

import numpy as np
import pytest
import torch

from controls import against
from echolimit import GaussianMixture, round_law
from echolimit.learning import RunSettings, finished_rounds, learned_recursion, load_round
from echolimit.learning.checkpoints import load_checkpoint
from echolimit.learning.devices import make_accelerator
from echolimit.learning.networks import make_model
from echolimit.learning.training import RoundTraining, training_moments

CORRELATED = GaussianMixture([1.0], [[0.5, -0.3]], [[[0.4, 0.15], [0.15, 0.2]]])


def settings(**changes) -> RunSettings:
    entries = {
        "seed": 1,
        "loop": {"alpha": 0.3, "delta": 0.1, "rounds": 2, "samples": 64},
        "network": {"width": 8, "depth": 1, "preconditioning": "covariance"},
        "training": {"steps": 4, "batch": 10, "checkpoint_every": 2, "log_every": 2, "threads": 1},
        "sampler": {"steps": 4},
    }
    for key, value in changes.items():
        entries[key] = entries[key] | value if isinstance(value, dict) and key in entries else value
    return RunSettings.from_dict(entries)


def closed(samples: torch.Tensor, law) -> bool:
    """Mean and covariance of the samples are the law's, to five standard errors."""
    n, mean, covariance = len(samples), law.mean(), law.covariance()
    x = samples.double().numpy()
    spread = np.sqrt((covariance**2 + np.outer(np.diag(covariance), np.diag(covariance))) / n)
    return bool(
        np.all(np.abs(x.mean(0) - mean) < 5 * np.sqrt(np.diag(covariance) / n))
        and np.all(np.abs(np.cov(x.T) - covariance) < 5 * spread)
    )


def exact(number: int, alpha: float = 0.3):
    """The exact law of a round."""
    return round_law(CORRELATED, number, alpha, 0.1)


@against(no_fresh_data=lambda number: exact(number, 0.0), one_round_less=lambda number: exact(number - 1))
def test_a_loop_of_untrained_models_on_a_normal_law_has_the_exact_moments(law=exact):
    """With F = 0 each model is the normal law of its training set's moments; these follow the exact loop."""
    run = settings(
        data={"count": 40_000},
        loop={"rounds": 3, "samples": 40_000},
        training={"steps": 1, "learning_rate": 1e-12},
        sampler={"steps": 30, "T": 4.0, "block": 40_000},
    )
    records = list(learned_recursion(CORRELATED, run, progress=False))
    assert [record.number for record in records] == [1, 2, 3]
    assert all(closed(record.samples, law(record.number)) for record in records[1:])


def test_training_moments_are_those_of_the_mixed_pools():
    rng = torch.Generator().manual_seed(0)
    real, old = torch.randn(400, 3, generator=rng), 2 + 3 * torch.randn(300, 3, generator=rng)
    weights = np.concatenate([np.full(400, 0.3 / 400), np.full(300, 0.7 / 300)])
    pooled = torch.cat([real, old]).double().numpy()
    mean, covariance = training_moments(real, old, 0.3)
    np.testing.assert_allclose(mean.numpy(), weights @ pooled, rtol=1e-12)
    np.testing.assert_allclose(covariance.numpy(), np.cov(pooled.T, aweights=weights, ddof=0), rtol=1e-12)


def training(run: RunSettings, number: int = 2, real: float = 1.0) -> RoundTraining:
    model = make_model(run.network, (2,), "no", 0)
    pools = torch.full((50, 2), real) + 0.01 * torch.arange(50)[:, None], torch.full((40, 2), -real)
    return RoundTraining(model, make_accelerator("no"), run, number, *pools)


def test_a_batch_holds_the_fresh_share_and_covers_all_noise_levels():
    batch = 20_000
    lot = training(settings(training={"batch": batch}))
    lot.step = 1
    rows, sigma, noise = lot._batch()
    assert abs(float((rows[:, 0] > 0).float().mean()) - 0.3) < 5 * math.sqrt(0.21 / batch)
    low, high = 0.9 * math.sqrt(math.expm1(0.2)), math.sqrt(math.expm1(5.0))
    levels = (sigma.log() - math.log(low)) / math.log(high / low)
    parts = torch.sort(levels).values * batch - torch.arange(batch)  # one level in each of `batch` equal parts
    assert float(parts.min()) > -0.01
    assert float(parts.max()) < 1.01
    assert abs(float(noise.mean())) < 5 / math.sqrt(2 * batch)


def test_randomness_is_a_function_of_seed_round_and_step():
    run = settings()
    lots = [training(run), training(run), training(run, number=1), training(settings(seed=2))]
    for lot, step in zip(lots, (3, 3, 3, 3), strict=True):
        lot.step = step
    first, again, other_round, other_seed = (lot._batch()[2] for lot in lots)
    lots[0].step = 4
    assert torch.equal(first, again)
    assert not any(torch.equal(first, other) for other in (other_round, other_seed, lots[0]._batch()[2]))


def test_a_trained_network_beats_the_normal_law_on_a_mixture():
    """On two separate components the network learns the shape that no normal law has."""
    law = GaussianMixture([0.5, 0.5], [[-1.0, 0.0], [1.0, 0.0]], [0.02, 0.02])
    run = settings(
        data={"count": 4000},
        loop={"rounds": 1, "samples": 4000},
        network={"width": 64, "depth": 2},
        training={"steps": 300, "batch": 256, "log_every": 50, "checkpoint_every": 50, "learning_rate": 3e-3},
        sampler={"steps": 20, "block": 4000},
    )
    (record,) = learned_recursion(law, run, progress=False)
    drawn = record.samples.double().numpy()[:, 0]
    ideal = law.diffuse(0.1).sample(200_000, np.random.default_rng(0))[:, 0]
    assert record.loss < 0.95  # 1 for the best normal law, about .9 for the exact score
    fourth = [(x**4).mean() / (x**2).mean() ** 2 for x in (drawn, ideal)]
    assert abs(fourth[0] - fourth[1]) < 0.15  # 3 for the normal law, 1.4 for this one


def test_a_finished_run_is_read_back_bit_for_bit(tmp_path):
    run = settings()
    first = list(learned_recursion(CORRELATED, run, tmp_path / "run", progress=False))
    again = list(learned_recursion(CORRELATED, run, tmp_path / "run", progress=False))
    assert finished_rounds(tmp_path / "run") == [1, 2]
    for a, b in zip(first, again, strict=True):
        assert torch.equal(a.samples, b.samples)
        assert (a.loss, a.seconds, a.alpha, a.delta) == (b.loss, b.seconds, b.alpha, b.delta)
        x = torch.randn(5, 2)
        assert torch.equal(a.model.score(x, 0.3), b.model.score(x, 0.3))


def test_a_first_round_is_taken_over_from_a_run_that_shares_it(tmp_path):
    list(learned_recursion(CORRELATED, settings(), tmp_path / "half", progress=False))
    other = settings(loop={"alpha": 0.9, "delta": [0.1, 0.05], "first_round": str(tmp_path / "half")})
    anew = settings(loop={"alpha": 0.9, "delta": [0.1, 0.05]})
    taken = list(learned_recursion(CORRELATED, other, tmp_path / "taken", progress=False))
    trained = list(learned_recursion(CORRELATED, anew, progress=False))
    assert all(torch.equal(a.samples, b.samples) for a, b in zip(taken, trained, strict=True))
    assert load_round(tmp_path / "taken", 1).alpha == 0.9


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"seed": 5}, "another seed"),
        ({"training": {"steps": 6}}, "another training"),
        ({"loop": {"delta": 0.2}}, "another delta"),
        ({"loop": {"samples": 65}}, "another number of samples"),
    ],
)
def test_a_first_round_of_another_kind_is_refused(tmp_path, changes, says):
    list(learned_recursion(CORRELATED, settings(loop={"rounds": 1}), tmp_path / "one", progress=False))
    changes = changes | {"loop": changes.get("loop", {}) | {"first_round": str(tmp_path / "one")}}
    with pytest.raises(ValueError, match=says):
        learned_recursion(CORRELATED, settings(**changes), tmp_path / "two")
    assert not (tmp_path / "two").exists()  # which the mended settings may still take


def test_a_folder_of_another_run_is_refused_and_left_as_it_is(tmp_path):
    list(learned_recursion(CORRELATED, settings(), tmp_path, progress=False))
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.safetensors")}
    with pytest.raises(ValueError, match="holds another run"):
        list(learned_recursion(CORRELATED, settings(seed=9), tmp_path, progress=False))
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.safetensors")} == before


def test_a_damaged_round_is_run_again(tmp_path):
    whole = list(learned_recursion(CORRELATED, settings(), tmp_path, progress=False))
    file = tmp_path / "rounds" / "step-0000000002" / "tensors.safetensors"
    file.write_bytes(file.read_bytes()[:-1] + b"\0\0")
    with pytest.warns(RuntimeWarning, match="round 2 is run again"):
        mended = list(learned_recursion(CORRELATED, settings(), tmp_path, progress=False))
    assert torch.equal(whole[1].samples, mended[1].samples)
    assert load_checkpoint(file.parent)[0]["samples"].shape == (64, 2)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (np.zeros((4, 3, 2)), "data must have shape"),
        (np.full((4, 2), np.nan), "data must be finite"),
        (np.zeros((1, 2)), "n >= 2"),
        ("plane", "data must be a law, an array of numbers or None, got str"),
    ],
)
def test_data_that_are_no_set_of_points_are_refused(data, says):
    with pytest.raises((ValueError, TypeError), match=says):
        learned_recursion(data, settings())


def test_settings_must_be_settings():
    with pytest.raises(TypeError, match="must be a RunSettings, got dict"):
        learned_recursion(CORRELATED, {"seed": 1})
