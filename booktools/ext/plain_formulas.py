"""Formulas as plain text, where no mathematics can be set: in search results, cards and titles."""

from __future__ import annotations

import re
import unicodedata

COMMAND = re.compile(r"\\([A-Za-z]+)\s*|\\[,;:! ]")
# Commands that only say how the signs after them look.
LOOKS = {"mathbb", "mathcal", "mathrm", "operatorname", "text", "left", "right", "lvert", "rvert", "hat", "bar", "big"}
SIGNS = {"le": "\u2264", "ge": "\u2265", "to": "\u2192", "infty": "\u221e", "cdot": "\u00b7", "times": "\u00d7"}


def plain_formula(formula: str) -> str:
    r"""LaTeX in signs that any font has: "W_2(p_\\infty)" as "W_2(p_\u221e)", "\\alpha" as the letter."""
    text = COMMAND.sub(lambda found: sign(found[1] or ""), formula)
    return " ".join(re.sub(r"[${}\\]", "", text).split())


def plain(text: str) -> str:
    """Markdown of one line, with the formulas between dollar signs as plain text."""
    parts = text.split("$")
    shown = (plain_formula(part) if i % 2 else re.sub(r"[*`]", "", part) for i, part in enumerate(parts))
    return " ".join("".join(shown).split())


def sign(command: str) -> str:
    """What stands for one command; its name where there is no sign."""
    if command in LOOKS or not command:
        return ""
    if command.endswith("dots"):
        return "..."
    if command in SIGNS:
        return SIGNS[command]
    kind = "CAPITAL" if command[0].isupper() else "SMALL"
    try:
        return unicodedata.lookup(f"GREEK {kind} LETTER {command.upper()}")
    except KeyError:
        return command
