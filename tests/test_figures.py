"""Style, SVG and `show`: what every figure of the book promises."""

import base64
import re
import subprocess
import sys
import xml.etree.ElementTree as ET

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest

from echolimit.figures import PALETTE, role, show, use_style
from echolimit.figures.readme_picture import main as write_picture
from echolimit.figures.svg import render


@pytest.fixture(autouse=True)
def _style():
    with mpl.rc_context():
        use_style()
        yield
    plt.close("all")


def curve(colour: str = PALETTE["limit"]):
    fig, axes = plt.subplots()
    axes.plot([0, 1, 2], [0.123456789, 1, 4], color=colour, label="a < b")
    axes.set(xlabel="x", ylabel="density")
    axes.legend()
    return fig


def pair():
    fig, (left, right) = plt.subplots(1, 2, figsize=(8, 3))
    left.plot([0, 1], [0, 1], label="left")
    right.imshow(np.eye(3))
    return fig


def luminance(colour: str) -> float:
    parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return float(np.dot(linear, [0.2126, 0.7152, 0.0722]))


@pytest.mark.parametrize("name", PALETTE)
def test_each_role_is_legible_on_a_white_and_on_a_dark_page(name):
    own = luminance(PALETTE[name]) + 0.05
    assert 1.05 / own >= 3
    assert own / (luminance("#14181e") + 0.05) >= 3


def test_roles_differ_also_without_colour():
    looks = {(str(role(name)["linestyle"]), role(name)["linewidth"]) for name in PALETTE}
    assert len(looks) == len(PALETTE)
    assert role("limit", linewidth=1.0)["linewidth"] == 1.0
    with pytest.raises(ValueError, match=r"name must be a role, one of data, round.*got 'model'"):
        role("model")


def test_ink_and_roles_follow_the_page():
    html = show(curve(), alt="A curve.").html
    assert "stroke: var(--echo-limit, #0072b2)" in html
    assert "currentColor" in html
    assert not re.search(r"(fill|stroke): (#000000|black)", html)
    assert "<style" not in html[html.index("<svg") :]
    assert 'role="img"' in html
    assert 'aria-label="A curve."' in html


def test_text_stays_text_and_coordinates_are_short():
    html = show(curve(), alt="A curve.").html
    assert ">density</text>" in html
    assert "a &lt; b" in html
    assert not re.search(r' d="[^"]*\.\d{3}', html)


def test_equal_figures_give_equal_output():
    assert show(curve(), alt="A curve.").html == show(curve(), alt="A curve.").html
    assert show(curve(), alt="A curve.").png == show(curve(), alt="A curve.").png


def test_ids_of_two_figures_never_meet():
    pictures = [show(curve(PALETTE[name]), alt="A curve.").html for name in ("limit", "round")]
    first, second = (set(re.findall(r'\bid="([^"]+)"', picture)) for picture in pictures)
    assert first
    assert first.isdisjoint(second)


@pytest.mark.parametrize("make", [curve, pair])
def test_every_reference_inside_has_its_target(make):
    html = show(make(), alt="A picture.").html
    ids = re.findall(r'\bid="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'(?:url\(|href=")#([^")]+)', html)) <= set(ids)
    for picture in re.findall(r"<svg.*?</svg>", html, flags=re.S):
        ET.fromstring(picture)


def test_panels_of_one_row_come_apart_and_keep_their_line():
    html = show(pair(), alt="Two panels.").html
    views = [view.split() for view in re.findall(r'viewBox="([^"]+)"', html)]
    assert len(views) == 2
    assert views[0][1] == views[1][1]
    assert views[0][3] == views[1][3]
    assert len(re.findall("<svg", show(pair(), alt="Two panels.", stack=False).html)) == 1


def test_a_panel_of_a_shared_axis_says_its_own_numbers_when_alone():
    fig, (left, right) = plt.subplots(1, 2, sharey=True)
    left.set_yticks([0.25, 0.75], ["a quarter", "three quarters"])
    panels = render(fig)
    assert len(panels) == 2
    assert all("three quarters" in panel for panel in panels)
    assert not right.yaxis.get_tick_params()["labelleft"]


def test_a_colour_bar_stays_with_its_panel():
    fig, axes = plt.subplots()
    fig.colorbar(axes.imshow(np.eye(3)))
    assert len(render(fig)) == 1


def test_what_belongs_to_the_whole_figure_keeps_it_whole():
    fig = pair()
    fig.legend()
    assert len(render(fig)) == 1


def test_the_png_twin_is_a_picture_on_white():
    shown = show([curve(), curve()], alt="Two curves.")
    bundle = shown._repr_mimebundle_()
    assert base64.b64decode(bundle["image/png"]) == shown.png
    assert shown.png.startswith(b"\x89PNG")
    assert bundle["text/plain"] == "[figure] Two curves."


def test_the_book_links_the_style_and_a_notebook_carries_it(monkeypatch):
    monkeypatch.delenv("ECHOLIMIT_BUILDING_BOOK", raising=False)
    assert "<style>" in show(curve(), alt="A curve.")._repr_mimebundle_()["text/html"]
    monkeypatch.setenv("ECHOLIMIT_BUILDING_BOOK", "1")
    assert "<style>" not in show(curve(), alt="A curve.")._repr_mimebundle_()["text/html"]


def test_show_closes_the_figure_lest_it_shows_twice():
    fig = curve()
    show(fig, alt="A curve.")
    assert not plt.fignum_exists(fig.number)


@pytest.mark.parametrize("alt", ["", "  ", None])
def test_alternative_text_is_required(alt):
    with pytest.raises(ValueError, match=r"alt must say what there is to see, got .*: describe"):
        show(curve(), alt=alt)


def test_only_figures_are_shown():
    with pytest.raises(TypeError, match=r"fig must be a matplotlib Figure .* got Axes: pass ax.figure"):
        show(curve().axes[0], alt="A curve.")


def test_the_library_loads_without_matplotlib():
    code = "import sys, echolimit; sys.exit(any(m in sys.modules for m in ('matplotlib', 'ipywidgets', 'torch')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_picture_of_the_readme_is_a_file_of_its_own(tmp_path):
    path = tmp_path / "pictures" / "limit.svg"
    assert write_picture([str(path)]) == 0
    text = path.read_text(encoding="utf-8")
    assert ET.fromstring(text).find("{http://www.w3.org/2000/svg}title") is not None
    assert "currentColor" not in text
    assert "10 rounds" in text
    assert write_picture([]) == 2
