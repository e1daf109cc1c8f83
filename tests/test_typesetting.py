"""Formulas set at build time: TeX in, HTML with MathML out; a style sheet and fonts cut to the characters in use."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont

from booktools.ext.formula_style import code_points, is_needed, stamp, write
from booktools.ext.typeset import Formulas, display_tex
from booktools.typesetting import FormulaError, Typesetter


@pytest.fixture(scope="module")
def typesetter() -> Iterator[Typesetter]:
    with Typesetter() as one:
        yield one


def words(html: str) -> str:
    """What a screen reader is given."""
    mathml = re.search(r"<math.*</math>", html, re.S)
    assert mathml
    return re.sub("<[^>]+>", "", mathml[0])


@pytest.mark.parametrize(
    ("tex", "display", "read"),
    [
        (r"p_\infty", False, "p∞"),
        (r"\mathbb{E}\,X^2", False, "EX2"),
        (r"\frac{\alpha}{e^{n\delta}-1+\alpha}", True, "αenδ−1+α"),
        (r"\operatorname{Var}\bigl(x\bigr) \le \text{a half}", True, "Var(x)≤a half"),
        (r"\begin{aligned} a &= b \\ c &= d \end{aligned}", True, "a=bc=d"),
    ],
)
def test_a_formula_is_drawn_and_said(typesetter: Typesetter, tex: str, display: bool, read: str) -> None:
    html = typesetter.html(tex, display)
    assert html.startswith("<mjx-container")
    assert html.endswith("</mjx-container>")
    assert ('display="true"' in html) == display
    assert "<mjx-c " in html
    assert re.sub(r"[\u2061-\u2064\s]", "", words(html)) == re.sub(r"\s", "", read)
    assert "tabindex" not in html  # no stop of the tab key
    assert "merror" not in html


@pytest.mark.parametrize("tex", [r"\frac{a}{b", r"\nosuchmacro", r"a \right)", r"\begin{aligned} a"])
def test_what_cannot_be_read_is_said(typesetter: Typesetter, tex: str) -> None:
    with pytest.raises(FormulaError):
        typesetter.html(tex, display=True)


def test_a_bad_formula_leaves_the_next_one_whole(typesetter: Typesetter) -> None:
    good = typesetter.html("x", display=False)
    with pytest.raises(FormulaError):
        typesetter.html("{", display=False)
    assert typesetter.html("x", display=False) == good


@pytest.mark.parametrize(
    ("text", "tex"),
    [
        ("a = b", "a = b"),
        (r"a &= b \\ c &= d", r"\begin{split}a &= b \\ c &= d\end{split}"),
        ("a\n\nb", r"\begin{aligned}a\\b\end{aligned}"),
    ],
)
def test_lines_of_a_display(text: str, tex: str) -> None:
    assert display_tex(text) == tex


def test_formulas_are_kept_between_builds(tmp_path: Path) -> None:
    first = Formulas(tmp_path)
    html, style = first.html("x^2", False), first.style()
    first.typesetter.close()
    first.keep()
    second = Formulas(tmp_path)
    second.typesetter = None  # type: ignore[assignment]  # no engine is needed
    assert (second.html("x^2", False), second.style()) == (html, style)
    second.keep()
    assert len(list(tmp_path.iterdir())) == 1


def test_a_display_and_a_formula_in_the_text_are_kept_apart(tmp_path: Path) -> None:
    formulas = Formulas(tmp_path)
    assert formulas.html(r"\sum_i x_i", True) != formulas.html(r"\sum_i x_i", False)
    formulas.typesetter.close()


def test_style_and_fonts_hold_what_the_formulas_need_and_little_more(typesetter: Typesetter, tmp_path: Path) -> None:
    style, formula = typesetter.style(), typesetter.html(r"\alpha + \Bigl( x \Bigr)", True)
    digest = write(tmp_path, style, [formula])
    text = (tmp_path / "formulas.css").read_text(encoding="utf-8")
    assert "mjx-c.mjx-c1D6FC.TEX-I::before" in text
    assert "mjx-c1D6FD" not in text  # no beta in the formula
    assert len(text) < len(style) / 4
    named = set(re.findall(rf'url\("([^"?]+)\?v={digest}"\)', text))
    there = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.woff2")}
    assert named == there
    italic = TTFont(tmp_path / "formulas" / "MathJax_Math-Italic.woff2").getBestCmap()
    assert ord("α") in italic
    assert ord("β") not in italic


def test_braces_are_characters_like_others(typesetter: Typesetter, tmp_path: Path) -> None:
    """Rules are found between braces, and some rules write one."""
    write(tmp_path, typesetter.style(), [typesetter.html(r"\{ x \} \le y", display=True)])
    text = (tmp_path / "formulas.css").read_text(encoding="utf-8")
    for character, content in (("7B", "{"), ("7D", "}"), ("2264", r"\2264")):
        assert re.search(rf'^mjx-c\.mjx-c{character}::before \{{[^"]*content: "{re.escape(content)}"; \}}$', text, re.M)
    unquoted = re.sub(r'"[^"]*"', "", text)
    assert unquoted.count("{") == unquoted.count("}") == len(text.splitlines())


def test_pages_name_the_style_and_fonts_that_they_were_made_with(tmp_path: Path) -> None:
    page = tmp_path / "chapters" / "one.html"
    page.parent.mkdir()
    page.write_text('<link href="../_static/formulas.css" /><link href="../_static/formulas/A-B.woff2" />')
    stamp(tmp_path, "12ab")
    stamp(tmp_path, "12ab")
    assert re.findall('href="([^"]+)"', page.read_text()) == [
        "../_static/formulas.css?v=12ab",
        "../_static/formulas/A-B.woff2?v=12ab",
    ]


def test_characters_of_a_rule() -> None:
    assert code_points('padding: 0; content: "\\3B1";') == {0x3B1}
    assert code_points('content: "a";') == {ord("a")}
    assert code_points(r'content: "\"";') == {ord('"')}
    assert code_points("color: red;") == set()


def test_rules_for_all_formulas_stay() -> None:
    assert is_needed("mjx-mfrac", set())
    assert is_needed("mjx-c.mjx-c41.TEX-I::before", {("41", "I")})
    assert not is_needed("mjx-c.mjx-c41.TEX-I::before", {("42", "I"), ("41", "")})
    assert is_needed("mjx-stretchy-v.mjx-c28 mjx-beg mjx-c::before", {("28", "")})
