"""Style sheet and fonts of the formulas: of MathJax's 240 kB and twenty fonts, the characters that the book has."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

from booktools.ext.fonts import cut
from booktools.typesetting import FONTS, fonts

STYLE = "formulas.css"
ALWAYS = ("MathJax_Main-Regular", "MathJax_Math-Italic")  # the fonts of letters: nearly every page needs both
CHARACTER = re.compile(r"mjx-c([0-9A-F]+)\b(?:[ .]TEX-(\w+))?")  # a character, and its font where it is not the first
RULE = re.compile(r'([^{}]+)\{((?:[^{}"]|"(?:[^"\\]|\\.)*")*)\}\s*')  # a brace may be a character: content: "{"
CONTENT = re.compile(r'content: "((?:[^"\\]|\\.)*)"')
ESCAPED = re.compile(r"\\([0-9A-F]+) ?|\\(.)|(.)")


def write(folder: Path, style: str, formulas: Iterable[str]) -> str:
    """Write the style sheet and the fonts for these formulas into the folder `_static`; returns a digest of them."""
    used = {character for formula in formulas for character in CHARACTER.findall(formula)}
    rules = [rule for rule in RULE.finditer(style) if is_needed(rule[1], used)]
    wanted = {point for rule in rules for point in code_points(rule[2])}
    target = folder / FONTS
    target.mkdir(parents=True, exist_ok=True)
    empty = {font.stem for font in fonts() if font.name in style and not cut(font, target, wanted)}
    for name in empty:
        (target / f"{name}.woff2").unlink()
    kept = [rule[0].strip() for rule in rules if not any(f"{name}.woff" in rule[2] for name in empty)]
    text = "\n".join(re.sub(r"\s+", " ", rule) for rule in kept) + "\n"
    digest = hashlib.sha256(text.encode()).hexdigest()[:8]
    text = text.replace('.woff") format("woff")', f'.woff2?v={digest}") format("woff2")')
    (folder / STYLE).write_text(text, encoding="utf-8")
    return digest


def stamp(site: Path, digest: str) -> None:
    """Name the digest where pages load style and fonts: a browser must not put old ones to new formulas."""
    loaded = re.compile(rf'(_static/(?:{re.escape(STYLE)}|{FONTS}/[\w-]+\.woff2))"')
    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        page.write_text(loaded.sub(rf'\1?v={digest}"', text), encoding="utf-8")


def is_needed(selector: str, used: set[tuple[str, str]]) -> bool:
    """Does the rule hold for all formulas, or for a character in use?"""
    named = CHARACTER.findall(selector)
    return not named or any(character in used for character in named)


def code_points(declarations: str) -> set[int]:
    """The characters that a rule writes: content: "\\\\3B1" or "a"."""
    found = set()
    for text in CONTENT.findall(declarations):
        for code, escaped, plain in ESCAPED.findall(text):
            found.add(int(code, 16) if code else ord(escaped or plain))
    return found


def link(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None) -> None:
    """The style sheet for the pages with formulas; the fonts of letters come with it, not after it."""
    if doctree is None or not any(doctree.findall(lambda n: isinstance(n, nodes.math | nodes.math_block))):
        return
    app.add_css_file(STYLE)
    for name in ALWAYS:
        address = context["pathto"](f"_static/{FONTS}/{name}.woff2", 1)
        context["metatags"] += f'<link rel="preload" as="font" type="font/woff2" crossorigin href="{address}" />\n'
