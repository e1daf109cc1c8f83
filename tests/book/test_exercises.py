"""Exercises on the built pages: facts shown, answers not; references outside the book carry the book's numbers."""

import re
from html import unescape
from pathlib import Path

import pytest

from booktools.coursework.exercises import SOLUTION_PART, in_words
from booktools.coursework.handout.references import References
from booktools.coursework.source import read_chapter

BOOK = Path(__file__).resolve().parent.parent.parent
CHAPTERS = sorted((BOOK / "chapters").glob("[0-9][0-9]-*.md"))


def words(html):
    """The text of a page, its spaces made equal."""
    return " ".join(unescape(re.sub(r"<[^<>]*>", "", html)).split())


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_a_page_shows_level_and_time_and_no_answer(path, site):
    text = words((site / "chapters" / f"{path.stem}.html").read_text(encoding="utf-8"))
    notebook = (site / "_notebooks" / "chapters" / f"{path.stem}.ipynb").read_text(encoding="utf-8")
    chapter = read_chapter(path)
    for question in chapter.questions:
        assert f"Level {question.level} of 3, about {in_words(question.minutes)}" in text
    for question in chapter.graded:
        for part in SOLUTION_PART.finditer(question.answer):
            solution = " ".join(part.group(0).split()[3:-3])  # without the two marks
            assert solution not in text
            assert solution not in words(notebook.replace("\\n", " "))
        for check in question.checks:
            assert (check.title in text) is not check.hidden
        assert not question.model_answer or question.model_answer[:50] not in notebook


def test_references_outside_the_book_have_the_books_numbers(site):
    """Students' notebooks are made without Sphinx: what they call Theorem 4.3 must be the page's Theorem 4.3."""
    references = References(BOOK, "https://example.org/")
    assert len(references.targets) > 150
    for label, target in references.targets.items():
        page = (site / f"{target.page}.html").read_text(encoding="utf-8")
        found = re.search(rf'id="{re.escape(label)}".*?admonition-title">(.*?)</p>', page, re.DOTALL)
        assert found, label
        assert words(found.group(1)).strip().startswith(target.text), label
