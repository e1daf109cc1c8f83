"""Live figures and `explore`: what the page receives, before any script runs."""

import itertools
import json
import re

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest

from echolimit import GaussianMixture, PointCloud, round_law
from echolimit.figures import (
    Canvas,
    Slider,
    age_explorer,
    assets,
    explore,
    limit_explorer,
    spectrum_explorer,
    use_style,
)
from echolimit.figures.exploring import MAX_FRAMES, Frames, Widgets, share


@pytest.fixture(autouse=True)
def _style():
    with mpl.rc_context():
        use_style()
        yield
    plt.close("all")


def blob_of(html: str) -> dict:
    return json.loads(re.search(r'<script type="application/json">(.*?)</script>', html, flags=re.S)[1])


def drawn_path(figure, name: str) -> np.ndarray:
    """The live curve in data units, read back from the SVG."""
    artist = next(one for one in figure.spec["artists"] if one["name"] == name)
    scales = figure.spec["axes"][artist["axes"]]
    path = re.search(rf'<g id="{artist["id"]}">.*? d="([^"]*)"', figure.html)[1]
    points = np.array(re.findall(r"-?\d+\.?\d*", path), dtype=float).reshape(-1, 2)
    return np.column_stack([(points[:, k] - scales[a]["offset"]) / scales[a]["slope"] for k, a in enumerate("xy")])


def test_the_first_picture_is_the_library_s():
    figure = limit_explorer(alpha=0.3, delta=0.1, rounds=2)
    drawn = drawn_path(figure, "round")
    target = GaussianMixture([0.3, 0.7], [[-1.2], [0.9]], [0.25, 0.16])
    expected = round_law(target, 2, 0.3, 0.1).density(drawn[:, 0][:, None])
    assert np.max(np.abs(drawn[:, 1] - expected)) < 5e-4  # hundredths of a point, on an axis of some 150


def test_a_notebook_gets_the_script_and_the_book_does_not(monkeypatch):
    monkeypatch.delenv("ECHOLIMIT_BUILDING_BOOK", raising=False)
    html = limit_explorer()._repr_mimebundle_()["text/html"]
    assert "customElements.define" in html
    assert "import {" not in html
    monkeypatch.setenv("ECHOLIMIT_BUILDING_BOOK", "1")
    assert "customElements.define" not in limit_explorer()._repr_mimebundle_()["text/html"]


def test_joined_modules_share_no_name():
    names = re.findall(r"^(?:const|let|function|class) (\w+)", assets.script(), flags=re.M)
    assert len(names) == len(set(names))
    assert not re.search(r"^(import|export)\b", assets.script(), flags=re.M)


def test_static_files_are_written_once(tmp_path):
    script, style = assets.write_static(tmp_path)
    before = script.stat().st_mtime_ns
    assert assets.write_static(tmp_path) == [script, style]
    assert script.stat().st_mtime_ns == before


def test_live_figures_refuse_what_their_sliders_cannot_show():
    with pytest.raises(ValueError, match=r"alpha must lie in \[0.02, 1\], the range of its slider, got 0"):
        limit_explorer(alpha=0.0)
    with pytest.raises(ValueError, match="mixture must have dimension 1, got 2"):
        limit_explorer(GaussianMixture([1.0], [[0.0, 0.0]], [1.0]))
    with pytest.raises(TypeError, match="mixture must be a GaussianMixture or None, got PointCloud"):
        limit_explorer(PointCloud([[0.0]]))
    with pytest.raises(ValueError, match=r"degree must lie in \[0, 60\]"):
        spectrum_explorer(degree=61)
    with pytest.raises(TypeError, match=r"degree must be an integer, got 2\.5"):
        spectrum_explorer(degree=2.5)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"low": 2}, "low must lie below high"),
        ({"scale": "cubic"}, "scale must be 'linear' or 'log'"),
        ({"scale": "log", "low": 0}, "low must be positive on a log scale"),
        ({"step": 0}, "step must be greater than 0, got 0"),
    ],
)
def test_a_slider_must_make_sense(bad, message):
    with pytest.raises(ValueError, match=message):
        Slider(**({"name": "a", "label": "a", "low": 0.1, "high": 1, "value": 0.5} | bad))


def test_a_log_slider_stands_on_round_numbers_and_both_ends():
    places = Slider("d", "d", 0.001, 1.0, 0.05, scale="log").places()
    assert places[0] == 0.001
    assert places[-1] == 1.0
    assert 0.05 in places
    assert max(b / a for a, b in itertools.pairwise(places)) < 1.2


def line(alpha, delta=0.1):
    fig, axes = plt.subplots()
    axes.plot([0, 1], [alpha, delta])
    axes.set(ylim=(0, 1))
    return fig


def test_a_page_holds_all_frames_and_shows_the_first(monkeypatch):
    monkeypatch.setenv("ECHOLIMIT_BUILDING_BOOK", "1")
    shown = explore(line, alt="A line.", start={"delta": 0.5}, alpha=[0.1, 0.9], delta=[0.1, 0.5])
    assert isinstance(shown, Frames)
    spec = blob_of(shown.html)
    frames = ["".join(spec["parts"][part] for part in frame) for frame in spec["frames"]]
    assert len(set(frames)) == 4
    assert f'<div class="echo-frame">{frames[1]}</div>' in shown.html
    assert "Here fresh share α = 0.9, truncation time δ = 0.1." in frames[2]
    assert sum(map(len, spec["parts"])) < 0.6 * sum(map(len, frames))
    bundle = shown._repr_mimebundle_()
    assert set(bundle) == {"text/html", "image/png", "text/plain"}


def test_cut_pictures_join_to_themselves():
    pictures = ["<svg><g id='a'><path d='1'/></g></svg>", "<svg><g id='a'><path d='2'/></g></svg>"]
    parts, lists = share(pictures)
    assert ["".join(parts[k] for k in one) for one in lists] == pictures
    assert len(parts) < sum(map(len, lists))


def test_a_kernel_gets_widgets_that_redraw(monkeypatch):
    monkeypatch.delenv("ECHOLIMIT_BUILDING_BOOK", raising=False)
    monkeypatch.setattr("echolimit.figures.exploring._in_notebook", lambda: True)
    shown = explore(line, alt=lambda alpha: f"A line at {alpha}.", alpha=[0.1, 0.9])
    assert isinstance(shown, Widgets)
    assert "A line at 0.1." in shown.picture.value
    shown.sliders["alpha"].value = 0.9
    assert "A line at 0.9." in shown.picture.value
    assert not plt.get_fignums()


def test_an_error_while_redrawing_is_seen():
    def fails(alpha):
        if alpha > 0.5:
            raise ArithmeticError("too <large>")
        return line(alpha)

    shown = Widgets(fails, {"alpha": [0.1, 0.9]}, {"alpha": 0.1}, "A line.")
    with pytest.raises(ArithmeticError):
        shown.sliders["alpha"].value = 0.9
    assert shown.picture.value == "<pre>ArithmeticError: too &lt;large&gt;</pre>"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"alt": "A line."}, "needs at least one slider"),
        ({"alt": "A line.", "alpha": []}, "alpha must hold at least one value"),
        (
            {"alt": "A line.", "alpha": range(10), "delta": range(9)},
            f"10 x 9 = 90 combinations, more than {MAX_FRAMES}",
        ),
        ({"alt": " ", "alpha": [0.1]}, "alt must say what there is to see"),
        ({"alt": "A line.", "alpha": [0.1], "start": {"alpha": 0.2}}, "start must name places of the sliders"),
        ({"alt": "A line.", "alpha": [0.1], "start": {"beta": 0.2}}, "start must name places of the sliders"),
    ],
)
def test_explore_says_what_is_wrong(arguments, message):
    with pytest.raises(ValueError, match=message):
        explore(line, **arguments)


def test_explore_says_what_is_of_another_kind():
    with pytest.raises(TypeError, match="f must be a function that returns a figure, got 3"):
        explore(3, alt="A line.", alpha=[0.1])
    with pytest.raises(TypeError, match=r"alpha must be a sequence of places for its slider, got 0\.1: pass \[0\.1\]"):
        explore(line, alt="A line.", alpha=0.1)
    with pytest.raises(TypeError, match="start must map sliders to their places, got 3"):
        explore(line, alt="A line.", start=3, alpha=[0.1])


def test_a_canvas_draws_on_its_own_panels():
    with pytest.raises(ValueError, match="axes must be a panel of this canvas"):
        Canvas().text(plt.subplots()[1], "word", 0, 0, "x")
    with pytest.raises(ValueError, match="at least one panel, got none"):
        Canvas().finish("limit", {}, [], "Nothing.", "")
    with pytest.raises(ValueError, match=r"model must be one of noising, .*, reuse, .*, got 'nope': add yours"):
        Canvas().finish("nope", {}, [], "Nothing.", "")


@pytest.mark.parametrize("make", [limit_explorer, age_explorer, spectrum_explorer])
def test_a_mixture_of_torch_tensors_gives_the_same_figure(make):
    torch = pytest.importorskip("torch")
    parts = ([0.3, 0.7], [[-1.2], [0.9]], [0.25, 0.16])
    tensors = (torch.tensor(part, dtype=torch.float64) for part in parts)
    assert make(GaussianMixture(*tensors)).html == make(GaussianMixture(*parts)).html


def test_sliders_speak_the_book_s_words_and_print_a_true_minus(monkeypatch):
    monkeypatch.setenv("ECHOLIMIT_BUILDING_BOOK", "1")
    html = explore(
        lambda tau, t, rounds, shift: line(tau), alt="A line.", tau=[0.1], t=[1e-5], rounds=[3], shift=[-2, 0.5, "a-b"]
    ).html
    said = "mean blurring time τ = 0.1, noise time t = 1e−05, round i = 3, shift = −2"
    assert f'role="status">{said}</p>' in html
    assert blob_of(html)["parameters"][3]["labels"] == ["−2", "0.5", "a-b"]
    assert re.search(r'<label class="echo-name" for="([^"]+)">noise time t</label><input type="range" id="\1"', html)


def test_explore_needs_a_figure():
    with pytest.raises(TypeError, match="f must return a matplotlib Figure, got list: end it with `return fig`"):
        explore(lambda alpha: [], alt="Nothing.", alpha=[0.1])
