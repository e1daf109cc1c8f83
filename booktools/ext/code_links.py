"""Link a chapter and the library: names in code lead to the library reference, and each entry there to its chapters.

Only names that a page imports from the library are linked, each once a listing. (sphinx-codeautolink reads every
finished page back and writes it anew, half a million characters at a time; here the body is at hand while it is made.)
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

from booktools.ext.code_names import Names, read_names
from booktools.ext.doctree import is_inside

LISTING = re.compile(r'<div class="highlight-(?:ipython3|python)\b[^>]*>.*?</pre>', re.DOTALL)
# A name as Pygments sets it: after `el.`, or free; no keyword of a call (`score=`), which has no space before "=".
SPAN = re.compile(
    r'(?P<before><span class="n">(?P<module>\w+)</span><span class="o">\.</span>|<span class="o">\.</span>)?'
    r'(?P<span><span class="n[a-z]?">(?P<name>[A-Za-z]\w*)</span>)(?!<span class="o">=</span>)'
)
BARE = re.compile(r"(?:[a-z]\w*\.)?([A-Za-z]\w*)(?:\(\))?")


class used_in(nodes.General, nodes.Element):
    """Placeholder in the library reference: the chapters that use a name."""


def uses_of(env: Any) -> dict[str, Names]:
    """By page: what its code uses of the library."""
    if not hasattr(env, "echolimit_uses"):
        env.echolimit_uses = {}
    return env.echolimit_uses


def read(app: Sphinx, page: str, source: list[str]) -> None:
    """When a page is read."""
    uses_of(app.env)[page] = read_names(source[0])


def forget(app: Sphinx, env: BuildEnvironment, page: str) -> None:
    """Before a page is read again, or when it is gone."""
    uses_of(env).pop(page, None)


def merge(app: Sphinx, env: BuildEnvironment, pages: list[str], other: BuildEnvironment) -> None:
    """Take over what a parallel reader found."""
    uses_of(env).update({page: names for page, names in uses_of(other).items() if page in pages})


def address(app: Sphinx, page: str, name: str) -> str | None:
    """Where the library reference describes a name, seen from a page; None for a name that it does not."""
    found = app.env.domaindata["std"]["anonlabels"].get(f"api-{name}")
    return f"{app.builder.get_relative_uri(page, found[0])}#{found[1]}" if found else None


def link_listings(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Link the names in the listings of a page."""
    names = uses_of(app.env).get(page)
    if doctree is None or names is None or not names.used:
        return
    links = {name: uri for name in names.used if (uri := address(app, page, name))}
    context["body"] = LISTING.sub(lambda found: link_listing(found[0], names, links), context["body"])


def link_listing(html: str, names: Names, links: dict[str, str]) -> str:
    """One listing, with the first mention of each name as a link."""
    left = dict(links)

    def link(found: re.Match[str]) -> str:
        name, module = found["name"], found["module"]
        known = module in names.modules if found["before"] else name in names.direct
        if not known or name not in left:
            return found[0]
        return f'{found["before"] or ""}<a class="code-link" href="{left.pop(name)}">{found["span"]}</a>'

    return SPAN.sub(link, html)


def link_words(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """A public name in the text, set as code, leads to its description too."""
    for word in list(doctree.findall(nodes.literal)):
        found = BARE.fullmatch(word.astext())
        uri = address(app, page, found[1]) if found else None
        if uri is None or is_inside(word, (nodes.reference, nodes.title, nodes.term)):
            continue
        word.replace_self(nodes.reference("", "", word.deepcopy(), refuri=uri, internal=True, classes=["code-link"]))


def name_the_chapters(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Fill the placeholders of the library reference."""
    pages = [name for name in uses_of(app.env) if name.startswith("chapters/")]
    for place in list(doctree.findall(used_in)):
        users = [one for one in sorted(pages) if place["name"] in uses_of(app.env)[one].used]
        links = [chapter_link(app, page, one) for one in users]
        if not links:
            place.parent.remove(place)
            continue
        words = [part for link in links for part in (nodes.Text(", "), link)][1:]
        line = [nodes.Text("Used in "), *words, nodes.Text(".")]
        place.replace_self(nodes.paragraph("", "", *line, classes=["used-in"]))


def chapter_link(app: Sphinx, page: str, chapter: str) -> nodes.reference:
    """"chapter 3", with the title as a tooltip."""
    number = ".".join(map(str, app.env.toc_secnumbers.get(chapter, {}).get("", ()))) or Path(chapter).name
    link = nodes.reference("", f"chapter {number}", refuri=app.builder.get_relative_uri(page, chapter), internal=True)
    link["reftitle"] = app.env.titles[chapter].astext()
    return link


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_node(used_in)
    app.connect("source-read", read)
    app.connect("env-purge-doc", forget)
    app.connect("env-merge-info", merge)
    app.connect("doctree-resolved", name_the_chapters)
    app.connect("doctree-resolved", link_words, priority=550)
    app.connect("html-page-context", link_listings)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
