"""Reading exercises from a chapter: what belongs together, and what is refused with file and line."""

import re
from pathlib import Path

import pytest

from booktools.coursework.exercises import starter
from booktools.coursework.source import SourceError, find_chapter, read_chapter
from booktools.coursework.trial import try_chapter

EXERCISE = """\
# A chapter

```{numbers}
alpha: [0.1, 0.4]
```

```{exercise} Compute: twice
:label: ex-twice
:class: graded level-2 minutes-20
Write `twice(x)` and `my_twice`, for {prf:ref}`thm-x`.
```
"""
ANSWER = """
```{answer} ex-twice
:blocked: transfer
def helper(x):
    return x

def twice(x):
    # BEGIN SOLUTION
    return 2 * helper(x)
    # END SOLUTION

my_twice = twice(numbers["alpha"])  # SOLUTION
```
"""
CHECKS = """
```{check} ex-twice
:title: additive
:points: 1
def additive(twice):
    assert twice(3) == twice(1) + twice(2)
```

```{hidden-check} ex-twice
:title: own
:points: 3
def own(twice, my_twice, numbers, rng):
    assert my_twice == 2 * numbers["alpha"]
```
"""
WRONG = """
```{wrong-answer} ex-twice
:title: half
:points: 1
def twice(x):
    return x / 2
```

```{wrong-answer} ex-twice
:title: square
:points: 0
def twice(x):
    return x * x
```
"""


def read(tmp_path, text):
    path = tmp_path / "04-chapter.md"
    path.write_text(text, encoding="utf-8")
    return read_chapter(path)


def test_the_parts_of_an_exercise_come_together(tmp_path):
    chapter = read(tmp_path, EXERCISE + ANSWER + CHECKS + WRONG)
    (question,) = chapter.graded
    assert (chapter.number, chapter.title, chapter.numbers) == ("04", "A chapter", {"alpha": [0.1, 0.4]})
    assert (question.name, question.kind, question.level, question.minutes) == ("twice", "compute", 2, 20)
    assert (question.points, question.blocked) == (4, ("transfer",))
    assert question.wanted == ("twice", "my_twice")  # the helper is nobody's business
    assert [check.hidden for check in question.checks] == [False, True]
    assert [wrong.points for wrong in question.wrong_answers] == [1, 0]


def test_a_chapter_says_what_its_code_needs(tmp_path):
    assert read(tmp_path, "---\nlibrary_extra: images\n---\n# T\n").extra == "images"
    assert read(tmp_path, "# T\n").extra == ""


def test_the_starter_holds_nothing_of_the_answer(tmp_path):
    (question,) = read(tmp_path, EXERCISE + ANSWER + CHECKS + WRONG).graded
    shown = starter(question.answer)
    assert "2 * helper" not in shown
    assert "numbers" not in shown
    assert "    ...\n" in shown
    assert shown.endswith("my_twice = ...")


PROOF = "\n```{exercise} Prove: it\n:label: ex-it\n:class: graded level-1 minutes-5\nProve it.\n```\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (EXERCISE, "needs an answer, an open check and a hidden check"),
        (EXERCISE + ANSWER + CHECKS, "needs two wrong answers"),
        (EXERCISE + ANSWER + CHECKS + WRONG.replace("ex-twice", "ex-x"), "the label 'ex-x'"),
        (EXERCISE.replace(" level-2", ""), "needs one class level-N"),
        (EXERCISE.replace("level-2", "level-4"), "needs one class level-N"),
        (EXERCISE.replace("minutes-20", "minutes-0"), "needs one class minutes-N"),
        (EXERCISE.replace("Compute:", "Calculate:"), "must begin with Predict:, Compute:"),
        (EXERCISE + ANSWER + CHECKS.replace("own(twice", "own(thrice") + WRONG, "ask for .'thrice'"),
        (EXERCISE + ANSWER + CHECKS.replace("def own", "x = 1\ndef own") + WRONG, "one function and nothing beside it"),
        (EXERCISE + ANSWER + CHECKS.replace("title: own", 'title: "own"') + WRONG, "title without quotes"),
        (EXERCISE + ANSWER + CHECKS.replace("points: 3", "points: 1.5") + WRONG, "must be a whole number, got '1.5'"),
        (EXERCISE + ANSWER.replace("return x", "return (") + CHECKS + WRONG, "of the block"),
        (EXERCISE.replace("graded ", "") + ANSWER + CHECKS + WRONG, "but not the class graded"),
        (EXERCISE + ANSWER + CHECKS.replace("twice(1) +", "el.transfer(1) +") + WRONG, "uses .'transfer'., blocked"),
        ("# T\n" + PROOF, "graded by hand and needs a marking"),
        ("# T\n" + PROOF + "```{marking} ex-it\n- two: it\n```\n", 'each line of a marking reads "- POINTS'),
    ],
)
def test_what_cannot_be_used_is_refused(tmp_path, text, words):
    with pytest.raises(SourceError, match=words):
        read(tmp_path, text)


def test_the_guides_example_does_what_it_says(tmp_path):
    """For instructors shows an exercise: as printed there, its answer and mistakes earn what they must."""
    guide = (Path(__file__).resolve().parent.parent / "appendices" / "for-instructors.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"^````\n(.*?)^````$", guide, re.MULTILINE | re.DOTALL)
    chapter = read(tmp_path, "# A chapter\n\n```{numbers}\nalpha: [0.1, 0.4]\n```\n\n" + example)
    trials = list(try_chapter(chapter))
    assert len(trials) > 4
    assert [trial for trial in trials if not trial.is_right] == []


def test_an_unknown_chapter_is_named(tmp_path):
    (tmp_path / "chapters").mkdir()
    (tmp_path / "chapters" / "01-x.md").write_text("# X\n")
    assert find_chapter(tmp_path, "1").name == "01-x.md"
    with pytest.raises(SourceError, match="CHAPTER must be one of 01, got '12'"):
        find_chapter(tmp_path, "12")
