"""The exercises of the chapters: enough of each kind, answers that earn all points, and mistakes that do not."""

from collections import Counter
from pathlib import Path

import pytest

from booktools.coursework.numbers import numbers_for
from booktools.coursework.source import read_chapter
from booktools.coursework.trial import names_of, points_of, try_question

BOOK = Path(__file__).resolve().parent.parent
CHAPTERS = [read_chapter(path) for path in sorted((BOOK / "chapters").glob("[0-9][0-9]-*.md"))]
MACHINE = [
    pytest.param(chapter, question, id=f"{chapter.number}-{question.name}")
    for chapter in CHAPTERS
    for question in chapter.graded
    if not question.is_manual
]


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.number)
def test_each_chapter_has_enough_of_each_kind(chapter):
    kinds = Counter(question.kind for question in chapter.questions)
    graded = Counter(question.kind for question in chapter.graded)
    assert kinds["predict"] >= 2
    assert graded["compute"] >= 2
    assert graded["prove"] >= 1
    assert graded["open"] == kinds["open"] == 1
    for question in chapter.graded:
        assert question.marking if question.is_manual else question.answer
        assert question.model_answer or question.kind != "prove"


def test_names_of_exercises_differ():
    names = Counter(question.name for chapter in CHAPTERS for question in chapter.questions)
    assert [name for name, count in names.items() if count > 1] == []


@pytest.mark.parametrize(("chapter", "question"), MACHINE)
def test_every_answer_earns_what_it_must(chapter, question):
    """The book's answer all points; what is handed out, and constants, nothing; known mistakes what the source says."""
    numbers = numbers_for(chapter.numbers, b"a trial", "student", chapter.number)
    assert [trial for trial in try_question(question, numbers) if not trial.is_right] == []


@pytest.mark.slow
@pytest.mark.parametrize(("chapter", "question"), MACHINE)
def test_the_answer_holds_for_other_students(chapter, question):
    """No student may get numbers for which the right answer fails."""
    for student in map(str, range(8)):
        numbers = numbers_for(chapter.numbers, b"another trial", student, chapter.number)
        names = names_of(question.answer, question.wanted, numbers)
        earned, failures = points_of(question, names, numbers, b"another trial", student)
        assert earned == question.points, failures
