"""Exercise text as plain Markdown: the references of MyST become links into the published book.

Only what a statement may hold is known: `{prf:ref}` and `{doc}`. Everything else is refused by name, so that no role
reaches a student.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from booktools.coursework.blocks import read_blocks
from booktools.coursework.source import SourceError

ROLE = re.compile(r"\{([\w:.+-]+)\}`([^`]+)`")
NAMED = re.compile(r"^(.*?)\s*<([^<>]+)>$", re.DOTALL)
# One counter for all of them, as _config.yml sets it.
COUNTED = {"theorem", "proposition", "corollary", "lemma", "definition"}


@dataclass(frozen=True)
class Target:
    """Something that a reference can point to: what it is called, and where it stands."""

    text: str
    page: str


class References:
    """The labels of all chapters, and how a text that uses them reads outside the book."""

    def __init__(self, book: Path, pages_url: str) -> None:
        self.pages_url = pages_url
        self.targets: dict[str, Target] = {}
        self.titles: dict[str, str] = {}
        for path in sorted([*(book / "chapters").glob("*.md"), *(book / "appendices").glob("*.md")]):
            self.read(path, f"{path.parent.name}/{path.stem}")

    def read(self, path: Path, page: str) -> None:
        """Collect title and labels of one page, numbered as the book numbers them."""
        title = re.search(r"^# (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
        self.titles[page] = title.group(1) if title else page
        counters: dict[str, int] = {}
        for block in read_blocks(path):
            kind = block.name.removeprefix("prf:")
            if kind != "exercise" and not block.name.startswith("prf:"):
                continue
            if "nonumber" in block.options or kind == "proof":
                continue
            counter = "theorem" if kind in COUNTED else kind
            counters[counter] = counters.get(counter, 0) + 1
            if "label" in block.options:
                text = f"{kind.title()} {int(path.name[:2])}.{counters[counter]}"
                self.targets[block.options["label"]] = Target(text, page)

    def plain(self, text: str, page: str, strict: bool = True) -> str:
        """`text` of `page` with its references as links.

        Raises SourceError for a role it does not know; if not `strict`, the role's text stays.
        """

        def link(match: re.Match[str]) -> str:
            role, inside = match.groups()
            named = NAMED.match(inside)
            words, goal = (named.group(1), named.group(2)) if named else ("", inside)
            if role == "prf:ref" and goal in self.targets:
                target = self.targets[goal]
                return f"[{words or target.text}]({self.pages_url}{target.page}.html#{goal})"
            if role == "doc":
                place = (Path(page).parent / goal).as_posix().removeprefix("chapters/../")
                if place in self.titles:
                    return f"[{words or self.titles[place]}]({self.pages_url}{place}.html)"
            if not strict:
                return words or goal
            raise SourceError(f"{page}: a graded exercise may hold prf:ref and doc to known goals, not {match[0]}")

        return ROLE.sub(link, text)
