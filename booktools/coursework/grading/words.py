"""Text that came from a student, made fit to be shown: in a terminal, a table or a page."""

from __future__ import annotations

import re
import unicodedata

# Control characters (escape sequences of terminals begin with one), invisible and direction-changing characters, lone
# surrogates, private use, and what is not assigned.
UNSHOWN = {"Cc", "Cf", "Cs", "Co", "Cn"}
ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|.)")


def clean(text: str, most: int = 500) -> str:
    """The text without what changes how other text is shown; lines stay, and a long text is cut."""
    text = ESCAPE.sub("", text[: 20 * most])
    text = "".join(c for c in text if c == "\n" or unicodedata.category(c) not in UNSHOWN).strip()
    return text if len(text) <= most else text[: most - 1] + "…"


def one_line(text: str, most: int = 200) -> str:
    """As `clean`, on one line."""
    return clean(" ".join(text.split()), most)
