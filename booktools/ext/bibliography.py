"""References by author and year: papers of the same authors and year become 2026a and 2026b, in text and list alike."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from pybtex.database import Entry
from pybtex.plugin import register_plugin
from pybtex.style.formatting.plain import Style as PlainStyle
from pybtex.style.labels import BaseLabelStyle
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

STYLE = "author_year_list"  # bibtex_default_style in _config.yml


def authors(entry: Entry) -> str:
    """The names as the text cites them: "Otto and Villani", "Khelifa et al."."""
    people = entry.persons.get("author") or entry.persons.get("editor") or []
    names = [" ".join(str(part) for part in [*one.rich_prelast_names, *one.rich_last_names]) for one in people]
    if len(names) > 2 or (len(names) == 2 and names[1] == "others"):
        return f"{names[0]} et al."
    return " and ".join(names) or entry.key


class AuthorYear(BaseLabelStyle):
    """The label of an entry in the list is what the text says."""

    def format_labels(self, entries: Iterable[Entry]) -> Iterable[str]:
        return [f"{authors(entry)} {entry.fields.get('year', 'n.d.')}" for entry in entries]


class Style(PlainStyle):
    """pybtex's plain style, in the order of authors, years and titles, with these labels."""

    default_label_style = AuthorYear


def tell_years_apart(entries: Iterable[Entry]) -> None:
    """Give the entries that would be cited alike the years 2026a, 2026b, in the order of their titles."""
    alike: dict[tuple[str, str], list[Entry]] = defaultdict(list)
    for entry in entries:
        if re.fullmatch(r"\d+", entry.fields.get("year", "")):
            alike[authors(entry), entry.fields["year"]].append(entry)
    for (_, year), group in alike.items():
        if len(group) == 1:
            continue
        for letter, entry in zip("abcdefghijklmnopqrstuvwxyz", sorted(group, key=by_title), strict=False):
            entry.fields["year"] = year + letter


def by_title(entry: Entry) -> str:
    """What the list is sorted by, among entries of the same authors and year."""
    return entry.fields.get("title", "").lower()


def change_the_years(app: Sphinx, env: BuildEnvironment, pages: list[str]) -> None:
    """Before a page is read."""
    tell_years_apart(env.get_domain("cite").bibdata.data.entries.values())


def setup(app: Sphinx) -> dict[str, Any]:
    register_plugin("pybtex.style.formatting", STYLE, Style)
    app.connect("env-before-read-docs", change_the_years)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
