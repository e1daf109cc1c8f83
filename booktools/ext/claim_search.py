"""Let the page's search find a theorem by its name or number, and a name of the library.

Both are objects of a Sphinx domain: the search lists objects whose names hold the words above pages that only mention
them, and leads to the statement itself. The inventory (`objects.inv`) lists them too. In which order all that is found
stands, search_scorer.js says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.domains import Domain, ObjType

from booktools.ext.claims import PREFIXES, Claim, notes_of
from booktools.ext.claims_table import number_of
from booktools.ext.plain_formulas import plain

API_LABEL = re.compile(r"api-([A-Za-z][\w.]*)")
SCORER = Path(__file__).with_name("search_scorer.js")
FIRST = 0  # Sphinx's priority for what is listed before titles and text


class FoundByName(Domain):
    """What a reader may look for by name: claims and public names."""

    name = "book"
    label = "The book"
    object_types: ClassVar = {kind: ObjType(kind) for kind in (*PREFIXES, "function")}

    def get_objects(self) -> Iterator[tuple[str, str, str, str, str, int]]:
        """(name, name shown, type, page, anchor, priority) of each."""
        for label, claim in notes_of(self.env).claims.items():
            # The first name must not be the anchor: where they agree, the search would take the shown name for it.
            yield f"claim.{label}", self.shown(claim), claim.kind, claim.page, label, FIRST
        for label, (page, anchor) in self.env.domaindata["std"]["anonlabels"].items():
            if found := API_LABEL.fullmatch(label):
                yield f"library.{found[1]}", found[1], "function", page, anchor, FIRST

    def shown(self, claim: Claim) -> str:
        """"Theorem 3.1: The limit": the search shows plain text."""
        number = ".".join(map(str, number_of(self.env, claim)))
        name = f"{claim.kind.title()} {number}".strip()
        return f"{name}: {plain(claim.title)}" if claim.title else name

    def get_type_name(self, type: ObjType, primary: bool = False) -> str:
        """What the search says of a result: "theorem, in The limit"."""
        return str(type.lname)

    def merge_domaindata(self, docnames: list[str], otherdata: dict[str, Any]) -> None:
        """Nothing: the claims' own notes are merged by `claims`."""


def set_order(app: Sphinx, config: Config) -> None:
    """Hand our order of results to Sphinx, which looks for its file where the build was started."""
    config.html_search_scorer = str(SCORER)


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_domain(FoundByName)
    app.connect("config-inited", set_order)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
