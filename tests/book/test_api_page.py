"""The library reference: every public name is there, as an anchor, with a readable text."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

from booktools.ext.api_page import by_module, thoughts


@pytest.mark.parametrize("package", ["echolimit", "echolimit.figures"])
def test_every_public_name_has_one_anchor(site: Path, package: str) -> None:
    html = (site / "appendices" / "api.html").read_text(encoding="utf-8")
    names = [name for group in by_module(importlib.import_module(package)).values() for name in group]
    assert names
    for name in names:
        assert html.count(f'id="api-{name}"') == 1, name


def test_labels_of_claims_are_links(site: Path) -> None:
    html = (site / "appendices" / "api.html").read_text(encoding="utf-8")
    assert re.search(r'href="[^"]*#thm-limit-law"[^>]*>Theorem [\d.]+</a>', html)
    words = re.sub(r"<[^>]+>", "", html)
    assert not re.findall(r"\b(?:thm|prop|cor|lem)-[a-z]\w*", words)


def test_a_docstring_falls_into_thoughts() -> None:
    text = "One line\nand its end.\n\nalpha: share,\nin (0, 1].\nRaises ValueError.\n\nx = [\n    1,\n]"
    first, *rest = thoughts(text)
    assert first == "One line\nand its end."
    assert rest == ["alpha: share,\nin (0, 1].", "Raises ValueError.", "x = [\n    1,\n]"]
