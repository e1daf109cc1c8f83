"""Pictures of a learned run: what they draw, and what they refuse."""

import matplotlib as mpl
import numpy as np
import pytest

from echolimit.figures import plot_image_grid, plot_run
from echolimit.figures.display import picture_png

LOG = [
    {"event": "step", "round": number, "step": step, "steps": 20, "loss": None if step == 10 else 1 / step}
    for number in (1, 2)
    for step in (5, 10, 15, 20)
] + [{"event": "round", "round": 2}]
METRICS = [
    {"round": number, "metric": name, "measured": 0.9**number, "standard_error": 0.01, "theory": 0.91**number,
     "control": None, "floor": 1.0}
    for name in ("one", "two_words", "three", "four")
    for number in (1, 2)
]  # fmt: skip


def test_the_loss_of_all_rounds_follows_one_another():
    fig = plot_run(LOG)
    (ax,) = fig.axes
    line = ax.lines[0]
    assert list(line.get_xdata()) == [5, 10, 15, 20, 25, 30, 35, 40]
    assert np.isnan(line.get_ydata()[[1, 5]]).all()
    assert ax.get_xlim() == (0, 40)
    assert [text.get_text() for text in ax.texts] == ["round 1", "round 2"]
    assert len(picture_png([fig])) > 5000


def test_metrics_stand_beside_the_loss_and_the_callers_style_stays():
    before = dict(mpl.rcParams)
    fig = plot_run(LOG, METRICS)
    assert dict(mpl.rcParams) == before
    assert [ax.get_ylabel() for ax in fig.axes] == ["denoising loss", "one", "two words", "three"]
    assert [text.get_text() for text in fig.legends[0].get_texts()] == ["exact law", "real images", "network"]
    assert len(picture_png([fig])) > 5000


def test_a_run_under_way_shows_the_rounds_that_it_has():
    fig = plot_run([line for line in LOG if line["round"] == 2][:1])
    assert list(fig.axes[0].lines[0].get_xdata()) == [5]
    with pytest.raises(ValueError, match="at least one record of a step"):
        plot_run([{"event": "round", "round": 1}])


def test_the_grid_shows_each_image_where_it_belongs():
    def flat(*values):
        return np.stack([np.full((3, 4, 4), value) for value in values])

    panels = {"exact law": {"data": flat(-1, 0), "round 1": flat(0.5, 7)}, "network": {"round 1": flat(-9, 1)}}
    fig = plot_image_grid(panels, "where they come from")
    shown = [float(ax.images[0].get_array().mean()) for ax in fig.axes if ax.images]
    assert shown == [0, 0.75, 0.5, 1, 0, 1]  # row by row, clipped to [0, 1]
    assert [ax.get_title() for ax in fig.axes if ax.get_title()] == ["data", "round 1"]
    assert len(picture_png([fig])) > 3000
    grey = plot_image_grid({"data": {"digits": np.zeros((2, 1, 8, 8))}})
    assert grey.axes[0].images[0].get_array().shape == (8, 8)


def test_images_that_cannot_be_drawn_are_named():
    with pytest.raises(ValueError, match=r"one of \(2, 4, 4\) in data, round 1"):
        plot_image_grid({"data": {"round 1": np.zeros((1, 2, 4, 4))}})
    with pytest.raises(ValueError, match=r"same number of images each, got \[1, 2\]"):
        plot_image_grid({"data": {"a": np.zeros((1, 3, 4, 4)), "b": np.zeros((2, 3, 4, 4))}})
