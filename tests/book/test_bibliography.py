"""Sources: cited by author and year, told apart where both are the same, listed without TeX."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest
from pybtex.database import Entry, Person

from booktools.ext.bibliography import AuthorYear, tell_years_apart


def paper(names: str, year: str, title: str) -> Entry:
    return Entry("misc", {"year": year, "title": title}, {"author": [Person(name) for name in names.split(" and ")]})


def test_papers_that_would_be_cited_alike_get_letters_in_the_order_of_their_titles() -> None:
    later, sooner = paper("Ann One and Bob Two", "2026", "Zeros"), paper("Ann One and Bob Two", "2026", "Ones")
    others = [paper("Ann One and Bob Two", "2025", "Ones"), paper("Ann One and Cid Three", "2026", "Ones")]
    for _ in range(2):  # a second build over the same entries changes nothing
        tell_years_apart([later, sooner, *others])
        assert [entry.fields["year"] for entry in (sooner, later, *others)] == ["2026a", "2026b", "2025", "2026"]


@pytest.mark.parametrize(
    ("names", "label"),
    [
        ("Ann One", "One 2026"),
        ("Ann One and Bob von Two", "One and von Two 2026"),
        ("Ann One and others", "One et al. 2026"),
        ("Ann One and Bob Two and Cid Three", "One et al. 2026"),
    ],
)
def test_the_label_is_what_the_text_says(names: str, label: str) -> None:
    assert list(AuthorYear().format_labels([paper(names, "2026", "Ones")])) == [label]


@pytest.mark.slow
def test_text_and_list_say_the_same_year(built_miniature: Path) -> None:
    folder = built_miniature / "_build" / "html"
    chapter = text(folder / "chapters" / "01-small.html")
    assert "Someone [2026b], prepared elsewhere [Someone, 2026a]" in chapter
    listed = text(folder / "appendices" / "bibliography.html")
    assert "[Someone 2026a]" in listed
    assert "[Someone 2026b]" in listed


def test_the_list_holds_no_tex_and_no_year_twice(site: Path) -> None:
    listed = text(site / "appendices" / "bibliography.html")
    labels = re.findall(r"\[([^\]]+ \d{4}[a-z]?)\]", listed)
    assert len(labels) > 20
    assert len(set(labels)) == len(labels)
    assert not re.search(r"[$\\{}]", listed[listed.index(labels[0]) : listed.rindex(labels[-1])])


def text(path: Path) -> str:
    """The words of a page."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", "", path.read_text(encoding="utf-8"))))
