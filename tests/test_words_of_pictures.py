"""The gate on pictures without words, on single lines of HTML."""

from __future__ import annotations

import pytest

from booktools.html_page import Page

SAYS = "the limit is wider than the data"


def mute(html: str) -> list[str]:
    """What the gate says of an article with this inside."""
    page = Page()
    page.feed(f"<article>{html}</article>")
    return page.mute


@pytest.mark.parametrize("words", ["", " ", "figure.png", "Figure", "A plot", "Figure 3.1", "images", "diagram."])
def test_words_that_say_nothing_are_refused(words: str) -> None:
    assert mute(f'<img src="a.png" alt="{words}">')
    assert mute(f'<div role="img" aria-label="{words}"><svg></svg></div>')


def test_words_that_say_what_to_see_are_enough() -> None:
    assert not mute(f'<img src="a.png" alt="{SAYS}">')
    assert not mute(f'<div role="img" aria-label="{SAYS}"><svg></svg></div>')
    assert not mute(f'<p id="words">{SAYS}</p><svg aria-labelledby="words"></svg>')
    assert not mute('<svg aria-hidden="true"></svg>')
