"""Read one built page: what it loads, and which of its pictures have no words."""

from __future__ import annotations

import re
from html.parser import HTMLParser

LOADING = {
    "script": ("src",),
    "img": ("src", "srcset"),
    "source": ("src", "srcset"),
    "iframe": ("src",),
    "video": ("src", "poster"),
    "audio": ("src",),
    "embed": ("src",),
    "object": ("data",),
    "use": ("href", "xlink:href"),
    "image": ("href", "xlink:href"),
}
LOADING_LINKS = {"stylesheet", "preload", "modulepreload", "prefetch", "preconnect", "dns-prefetch", "icon", "manifest"}
IN_STYLE = re.compile(r"""(?:@import\s+(?:url\()?|url\()\s*["']?((?:https?:)?//[^"')\s]+)""", re.IGNORECASE)
IN_MODULE = re.compile(r"""(?:^|[;}\s])(?:import|from)\s*\(?\s*["']((?:https?:)?//[^"']+)["']""")
FILE_NAME = re.compile(r"\.(png|svg|jpe?g|gif|webp)$", re.IGNORECASE)
# Words that only say that there is a picture: what it shows is what counts.
EMPTY_WORDS = re.compile(r"(an? )?(figure|plot|image|picture|chart|graph|diagram|drawing)s?[\s\d.]*", re.IGNORECASE)
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}

Attributes = dict[str, str | None]


class Page(HTMLParser):
    """Feed it a page, then read `loads` (addresses) and `mute` (pictures without words, one line each)."""

    def __init__(self) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.mute: list[str] = []
        self.open: list[tuple[str, Attributes]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.loads += [given[name] or "" for name in LOADING.get(tag, ()) if name in given]
        if tag == "link" and LOADING_LINKS & set((given.get("rel") or "").split()):
            self.loads.append(given.get("href") or "")
        self.loads += IN_STYLE.findall(given.get("style") or "")
        if tag == "img" and self.is_inside("article") and not self.is_described(given):
            self.mute.append(f"an image without alt text: {given.get('src')}")
        if tag == "svg" and self.is_inside("article") and not self.is_described(given):
            self.mute.append(f"a drawing without words: <svg id={given.get('id')!r}> (show(fig, alt=...) gives them)")
        if tag not in VOID:
            self.open.append((tag, given))

    def handle_endtag(self, tag: str) -> None:
        for depth in range(len(self.open) - 1, -1, -1):
            if self.open[depth][0] == tag:
                del self.open[depth:]
                return

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1][0] == "style":
            self.loads += IN_STYLE.findall(data)
        elif self.open and self.open[-1][0] == "script":
            self.loads += IN_MODULE.findall(data)

    def is_inside(self, tag: str) -> bool:
        """Is such an element open?"""
        return any(name == tag for name, _ in self.open)

    def is_described(self, given: Attributes) -> bool:
        """Words of its own, or an element around it that has them, or declared to be decoration."""
        alt = (given.get("alt") or "").strip()
        if says_something(alt):
            return True
        around = [given, *(attributes for _, attributes in self.open)]
        if any(a.get("aria-labelledby") or a.get("aria-hidden") == "true" for a in around):
            return True
        return any(says_something(a.get("aria-label")) for a in around)


def says_something(words: str | None) -> bool:
    """Not a file's name (MyST-NB puts it in where there is no text), and not only that here is a figure."""
    text = (words or "").strip()
    return bool(text) and not FILE_NAME.search(text) and not EMPTY_WORDS.fullmatch(text)
