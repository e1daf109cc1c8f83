"""Formulas as plain text, run times in words, meanings of symbols by chapter."""

from __future__ import annotations

import pytest

from booktools.ext.notation_rows import Row, rows_for
from booktools.ext.plain_formulas import plain, plain_formula
from booktools.notebooks.run_time import in_words


@pytest.mark.parametrize(
    ("formula", "words"),
    [
        (r"W_2", "W_2"),
        (r"\alpha", "\u03b1"),
        (r"\Phi \to \infty", "\u03a6\u2192\u221e"),
        (r"\mathbb{E}\, X", "E X"),
        (r"e^{-n\delta}", "e^-n\u03b4"),
    ],
)
def test_formula_in_words(formula: str, words: str) -> None:
    assert plain_formula(formula) == words


def test_title_with_formulas() -> None:
    assert plain(r"The law of $H_n$ and *its* `mean`") == "The law of H_n and its mean"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.4, "under 5 seconds"), (7, "about 5 seconds"), (18.2, "about 20 seconds"), (44, "about 40 seconds")],
)
def test_run_time_in_words(seconds: float, words: str) -> None:
    assert in_words(seconds) == words


def test_a_chapters_own_symbols_go_before_those_of_the_book() -> None:
    general, own = Row(("n", "p"), "symbol-1", "notation", None, 2), Row(("n",), "symbol-2", "notation", 8, 1)
    assert rows_for([general, own], 1) == {}
    assert rows_for([general, own], 2) == {"n": [general], "p": [general]}
    assert rows_for([general, own], 8) == {"n": [own], "p": [general]}
    assert rows_for([general, own], None) == {"n": [general], "p": [general]}
