"""Dots that can be dragged, and curves of pairs: what their description holds, and what is refused."""

import numpy as np
import pytest

from echolimit.figures import Canvas, Choice, Slider, forgetting_explorer, regime_explorer


def sliders():
    return [Slider("a", "a", 0.0, 1.0, 0.5), Choice("kind", "kind", {"x": "one", "y": "two"}, "x")]


def test_a_handle_is_a_dot_and_a_button_outside_of_the_picture():
    canvas = Canvas()
    axes = canvas.panel()
    canvas.handle(axes, "here", (0.5, 0.25), 'a "point"', across="a", color="black")
    figure = canvas.finish("limit", {}, sliders(), "A dot.", "")
    assert figure.spec["handles"] == [{"artist": "here", "across": "a", "up": ""}]
    (artist,) = figure.spec["artists"]
    assert (artist["name"], artist["kind"]) == ("here", "dots")
    picture, controls = figure.html.split("<fieldset")
    assert 'data-handle="here" aria-label="a &quot;point&quot;" hidden></button>' in picture
    assert picture.endswith("</button>")
    assert "<button" not in picture[: picture.rindex("</svg>")]
    assert "handles" not in controls.split("<script")[0]


@pytest.mark.parametrize(("across", "up"), [("", ""), ("b", ""), ("a", "kind"), ("", "kind")])
def test_a_handle_must_move_sliders(across, up):
    canvas = Canvas()
    canvas.handle(canvas.panel(), "here", (0.5, 0.25), "a point", across=across, up=up, color="black")
    with pytest.raises(ValueError, match="across and up of handle 'here' must name sliders of a, got"):
        canvas.finish("limit", {}, sliders(), "A dot.", "")


def test_a_curve_of_pairs_has_no_points_of_its_own():
    canvas = Canvas()
    axes = canvas.panel()
    x = np.array([0.0, 1.0])
    canvas.line(axes, "fixed", x, x, color="black")
    canvas.line(axes, "free", x, x, fixed=False, color="black")
    fixed, free = canvas.finish("limit", {}, sliders(), "Two lines.", "").spec["artists"]
    assert fixed["x"] == [0.0, 1.0]
    assert "x" not in free
    assert free["kind"] == "line"


@pytest.mark.parametrize(
    ("make", "arguments", "message"),
    [
        (regime_explorer, {"alpha": 0.0}, r"alpha must lie in \[0.02, 1\], the range of its slider, got 0.0"),
        (regime_explorer, {"error": 2.5}, r"error must lie in \[0.01, 2\]"),
        (regime_explorer, {"tolerance": 1.0}, r"tolerance must lie in \[0.03, 0.3\]"),
        (forgetting_explorer, {"separation": 0.1}, r"separation must lie in \[0.5, 3\]"),
        (forgetting_explorer, {"start": 5.0}, r"start must lie in \[0.5, 3\]"),
        (forgetting_explorer, {"time": 0.001}, r"time must lie in \[0.02, 3\]"),
    ],
)
def test_the_explorers_refuse_what_their_sliders_cannot_show(make, arguments, message):
    with pytest.raises(ValueError, match=message):
        make(**arguments)


@pytest.mark.parametrize(
    ("make", "arguments"),
    [
        (regime_explorer, {"alpha": 1.0, "error": 2.0}),
        (regime_explorer, {"alpha": 0.02, "error": 2.0, "tolerance": 0.03}),
        (forgetting_explorer, {"separation": 3.0, "start": 0.5, "time": 0.02}),
        (forgetting_explorer, {"start": 1.0, "time": 2.0}),
    ],
)
def test_the_ends_of_the_sliders_can_be_drawn(make, arguments):
    figure = make(**arguments)
    values = {one["name"]: one["value"] for one in figure.spec["parameters"]}
    assert arguments.items() <= values.items()
    assert "nan" not in figure.html.lower().replace("alternan", "")
