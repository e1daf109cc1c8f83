"""The live figures of the book: what their descriptions hold, and what they refuse."""

import functools
import json
import re

import matplotlib as mpl
import numpy as np
import pytest

from echolimit.figures import (
    Canvas,
    Choice,
    Slider,
    assets,
    reuse_explorer,
    sampler_side_explorer,
    schedule_designer,
    use_style,
)
from echolimit.figures.controls import Field, State, form
from echolimit.figures.explorers import EXPLORERS
from echolimit.figures.explorers._parts import log_axis, short
from echolimit.figures.live import VERSION

drawn = functools.cache(lambda make: make())


def blob_of(html: str) -> dict:
    return json.loads(re.search(r'<script type="application/json">(.*?)</script>', html, flags=re.S)[1])


@pytest.mark.parametrize("make", EXPLORERS)
def test_the_description_names_what_stands_in_the_picture(make):
    figure = drawn(make)
    spec = blob_of(figure.html)
    assert spec == json.loads(json.dumps(figure.spec))
    assert spec["version"] == VERSION
    assert f"const VERSION = {VERSION};" in (assets.STATIC / "live.js").read_text(encoding="utf-8")
    for artist in spec["artists"]:
        assert figure.html.count(f'id="{artist["id"]}"') == 1
    assert "calibration" not in figure.html
    assert "<fieldset" in figure.html
    assert " disabled" in figure.html
    assert make().html == figure.html


def test_every_model_has_a_figure():
    assert sorted(drawn(make).spec["model"] for make in EXPLORERS) == sorted(assets.model_names())
    assert {path.name for path in assets.STATIC.glob("*.js")} == set(assets.MODULES)


def test_top_level_names_of_the_modules_are_distinct():
    """The modules are joined into one script, where a second function of one name would silently replace the first."""
    names = re.findall(r"^(?:export )?(?:const|let|function|class) (\w+)", assets.script(), flags=re.M)
    assert len(names) > 60
    assert len(names) == len(set(names)), [name for name in set(names) if names.count(name) > 1]


@pytest.mark.parametrize(
    ("make", "arguments", "message"),
    [
        (schedule_designer, {"setting": 5}, "setting must be at least 0 and at most 4, got 5"),
        (schedule_designer, {"alpha": 0.05}, r"alpha must lie in \[0.1, 0.5\], the range of its slider, got 0.05"),
        (schedule_designer, {"rounds": 31}, r"rounds must lie in \[2, 30\]"),
        (schedule_designer, {"delta": 0.5}, r"delta must lie in \[0.005, 0.05\]"),
        (schedule_designer, {"ratio": 1.5}, r"ratio must lie in \[0.7, 1\]"),
        (sampler_side_explorer, {"sampler": "ei"}, "sampler must be one of euler_maruyama, .*, dpmpp_2m, got 'ei'"),
        (sampler_side_explorer, {"steps": 3}, r"steps must lie in \[4, 200\]"),
        (sampler_side_explorer, {"v": 4.0}, r"v must lie in \[0.05, 3\]"),
        (reuse_explorer, {"rounds": 0}, r"round must lie in \[1, 100\]"),
        (reuse_explorer, {"ratio": 0.001}, r"ratio must lie in \[0.01, 10000\]"),
    ],
)
def test_explorers_refuse_what_their_controls_cannot_show(make, arguments, message):
    with pytest.raises(ValueError, match=message):
        make(**arguments)


def test_whole_numbers_must_be_whole():
    with pytest.raises(TypeError, match=r"rounds must be an integer, got 2\.5"):
        schedule_designer(rounds=2.5)
    with pytest.raises(TypeError, match=r"setting must be an integer, got 0\.5"):
        schedule_designer(setting=0.5)
    with pytest.raises(TypeError, match=r"steps must be an integer, got 10\.5"):
        sampler_side_explorer(steps=10.5)


def test_a_choice_must_make_sense():
    options = {"a": "the first", "b": "the <second>"}
    with pytest.raises(ValueError, match="kind must be one of a, b, got 'c'"):
        Choice("kind", "kind", options, "c")
    with pytest.raises(ValueError, match=r"options must hold at least two, got \['a'\]"):
        Choice("kind", "kind", {"a": "the first"}, "a")
    row = Choice("kind", "kind", options, "b").row("p-")
    assert '<label class="echo-name" for="p-choice-kind">kind</label><select id="p-choice-kind">' in row
    assert '<option value="b" selected>the &lt;second&gt;</option>' in row
    assert row.count("selected") == 1


def test_a_field_says_how_to_write_it_and_a_state_has_no_row():
    field = Field("times", "a list of <times>", "0.1 0.2", "times", "first round first")
    row = field.row("p-")
    assert '<label class="echo-name" for="p-text-times">a list of &lt;times&gt;</label>' in row
    assert 'id="p-text-times" value="0.1 0.2"' in row
    assert 'aria-describedby="p-text-times-hint p-text-times-wrong"' in row
    assert field.spec() == {"name": "times", "value": "0.1 0.2", "scale": "text", "check": "times"}
    assert State("heights", "").row() == ""
    assert State("heights", "").spec() == {"name": "heights", "value": "", "scale": "state"}
    rows = [field.row(), Field("mixture", "mixture", "", "mixture", "").row()]
    text = form(rows, hidden=["times"])
    assert '<div class="echo-row" data-name="times" hidden>' in text
    assert '<div class="echo-row" data-name="mixture">' in text


def test_a_log_slider_of_whole_numbers_stands_on_whole_numbers():
    places = Slider("n", "n", 4, 200, 20, scale="log", whole=True).places()
    assert all(place == int(place) for place in places)
    assert places[:4] == [4, 5, 6, 7]
    assert places[-1] == 200
    assert {11, 45} <= set(places)


def test_a_log_axis_is_described_as_one():
    with mpl.rc_context():
        use_style()
        canvas = Canvas()
        axes = canvas.panel()
        axes.set(xlim=(0, 2))
        log_axis(axes.yaxis, 0.01, 100.0, every=2)
        canvas.dots(axes, "dots", np.array([0.0, 1.0, 2.0]), np.array([0.1, np.nan, 10.0]), 4.0, color="black")
        figure = canvas.finish("limit", {}, [], "Three dots.", "")
    scales = figure.spec["axes"][0]
    assert scales["y"]["log"] is True
    assert "log" not in scales["x"]
    path = re.search(r'-live-dots"><g[^>]*><path d="([^"]*)"', figure.html)[1]
    starts = [tuple(map(float, start)) for start in re.findall(r"M(\S+) (\S+?)a", path)]
    expected = [
        (
            scales["x"]["slope"] * x + scales["x"]["offset"] - 2,
            scales["y"]["slope"] * np.log10(y) + scales["y"]["offset"],
        )
        for x, y in ((0.0, 0.1), (2.0, 10.0))
    ]
    np.testing.assert_allclose(starts, expected, atol=0.011)
    assert ">0.01</text>" in figure.html
    assert ">100</text>" in figure.html


def test_dots_need_a_first_one():
    canvas = Canvas()
    axes = canvas.panel()
    canvas.dots(axes, "dots", np.array([0.0]), np.array([np.nan]), color="black")
    with pytest.raises(ValueError, match="'live-dots' must start with at least one dot"):
        canvas.finish("limit", {}, [], "No dots.", "")


def test_short_numbers_are_written_as_the_script_writes_them():
    values = (0, 0.41863, 1.0270660877, 2466.176, -0.5, 1.476e-5, 3.0, 123456.0)
    assert [short(value) for value in values] == ["0", "0.419", "1.03", "2470", "−0.5", "1.5e−5", "3", "1.2e5"]
