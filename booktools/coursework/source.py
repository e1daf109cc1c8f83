"""Read the exercises of a chapter: statements, answers, checks, marking, and the numbers that students get.

`chapters/04-low-pass.md` is the single source. Its directives `{numbers}`, `{answer}`, `{check}`, `{hidden-check}`,
`{wrong-answer}`, `{marking}` and `{model-answer}` belong to the `{exercise}` whose label they name; the appendix
For instructors says how to write one.
"""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from booktools.coursework.blocks import Block, read_blocks
from booktools.coursework.exercises import (
    KINDS,
    Chapter,
    Check,
    Question,
    WrongAnswer,
    arguments_of,
    names_defined,
    names_used,
)

MARK = re.compile(r"^- (\d+): (.+)$", re.MULTILINE)
# Otter writes titles between double quotes.
UNQUOTABLE = re.compile(r'["\\\n]')


class SourceError(ValueError):
    """An exercise that cannot be used as it is written; the message says where and why."""


def find_chapter(book: Path, number: str) -> Path:
    """The file of chapter "4" or "04". Raises SourceError if there is none."""
    found = sorted((book / "chapters").glob(f"{number.zfill(2)}-*.md"))
    if len(found) != 1:
        known = ", ".join(path.name[:2] for path in sorted((book / "chapters").glob("[0-9][0-9]-*.md")))
        raise SourceError(f"CHAPTER must be one of {known}, got {number!r}")
    return found[0]


def read_chapter(path: Path) -> Chapter:
    """All exercises of a chapter. Raises SourceError for what cannot be used, with file and line."""
    questions: dict[str, Question] = {}
    numbers: dict[str, Any] = {}
    for block in read_blocks(path):
        if block.name == "exercise":
            question = read_exercise(block)
            questions[question.label] = question
        elif block.name == "numbers":
            numbers = yaml.safe_load(block.body) or {}
        elif block.name == "solution" and block.argument in questions:
            questions[block.argument] = replace(questions[block.argument], advice=block.body)
        elif block.name in ATTACHED:
            if block.argument not in questions:
                raise SourceError(f"{block.where}: no exercise above it has the label {block.argument!r}")
            questions[block.argument] = ATTACHED[block.name](questions[block.argument], block)
    for question in questions.values():
        refuse_unusable(question, path)
    text = path.read_text(encoding="utf-8")
    title = re.search(r"^# (.+)$", text, re.MULTILINE)
    extra = re.search(r"^library_extra: (\w+)$", text, re.MULTILINE)
    chapter = Chapter(
        number=path.name[:2],
        title=title.group(1) if title else path.stem,
        page=f"{path.parent.name}/{path.stem}",
        questions=tuple(questions.values()),
        numbers=numbers,
        extra=extra.group(1) if extra else "",
    )
    refuse_blocked_names(chapter, path)
    return chapter


def read_exercise(block: Block) -> Question:
    """The statement, and what its title and classes say."""
    kind, _, title = block.argument.partition(":")
    classes = block.options.get("class", "").split()
    if kind.lower() not in KINDS or not title:
        raise SourceError(f"{block.where}: the title must begin with Predict:, Compute:, Prove: or Open:")
    return Question(
        label=block.options.get("label", ""),
        title=block.argument,
        kind=kind.lower(),
        statement=block.body,
        level=number_in(classes, "level", block),
        minutes=number_in(classes, "minutes", block),
        graded="graded" in classes,
    )


def number_in(classes: list[str], word: str, block: Block) -> int:
    """The N of a class `word-N`."""
    found = [int(one.removeprefix(f"{word}-")) for one in classes if re.fullmatch(rf"{word}-\d+", one)]
    if len(found) != 1 or found[0] < 1 or (word == "level" and found[0] > 3):
        raise SourceError(f"{block.where}: the exercise needs one class {word}-N ({block.options.get('class', '')!r})")
    return found[0]


def add_answer(question: Question, block: Block) -> Question:
    parse(block)
    return replace(question, answer=block.body, blocked=tuple(block.options.get("blocked", "").split()))


def add_check(question: Question, block: Block) -> Question:
    tree = parse(block)
    title = block.options.get("title", "")
    if len(tree.body) != 1 or not isinstance(tree.body[0], ast.FunctionDef):
        raise SourceError(f"{block.where}: a check is one function and nothing beside it")
    if not title or UNQUOTABLE.search(title):
        raise SourceError(f"{block.where}: a check needs a title without quotes and backslashes, got {title!r}")
    check = Check(title, whole(block), block.name == "hidden-check", block.body)
    return replace(question, checks=(*question.checks, check))


def add_wrong_answer(question: Question, block: Block) -> Question:
    parse(block)
    wrong = WrongAnswer(block.options.get("title", ""), whole(block), block.body)
    return replace(question, wrong_answers=(*question.wrong_answers, wrong))


def add_marking(question: Question, block: Block) -> Question:
    marks = tuple((int(points), text) for points, text in MARK.findall(block.body))
    if not marks or len(marks) != len([line for line in block.body.splitlines() if line.strip()]):
        raise SourceError(f'{block.where}: each line of a marking reads "- POINTS: what earns them"')
    return replace(question, marking=marks)


def add_model_answer(question: Question, block: Block) -> Question:
    return replace(question, model_answer=block.body)


ATTACHED = {
    "answer": add_answer,
    "check": add_check,
    "hidden-check": add_check,
    "wrong-answer": add_wrong_answer,
    "marking": add_marking,
    "model-answer": add_model_answer,
}


def parse(block: Block) -> ast.Module:
    try:
        return ast.parse(block.body)
    except SyntaxError as error:
        raise SourceError(f"{block.where}: {error.msg} in line {error.lineno} of the block") from None


def whole(block: Block) -> int:
    text = block.options.get("points", "")
    if not text.isdigit():
        raise SourceError(f"{block.where}: points must be a whole number, got {text!r}")
    return int(text)


def refuse_unusable(question: Question, path: Path) -> None:
    """A graded exercise needs an answer and both kinds of checks, or a marking."""
    where = f"{path.name}: {question.label}"
    if question.graded and question.kind in ("predict", "compute"):
        hidden = {check.hidden for check in question.checks}
        if hidden != {True, False} or not question.answer:
            raise SourceError(f"{where} needs an answer, an open check and a hidden check")
        if len(question.wrong_answers) < 2:
            raise SourceError(f"{where} needs two wrong answers: without them nobody knows that its checks can fail")
        unknown = {name for check in question.checks for name in arguments_of(check.code)}
        unknown -= {*names_defined(question.answer), "numbers", "rng"}
        if unknown:
            raise SourceError(f"{where}: the checks ask for {sorted(unknown)}, which the answer does not define")
    elif question.graded and not question.marking:
        raise SourceError(f"{where} is graded by hand and needs a marking")
    elif not question.graded and (question.checks or question.marking):
        raise SourceError(f"{where} has checks or a marking but not the class graded")


def refuse_blocked_names(chapter: Chapter, path: Path) -> None:
    """What runs in the student's notebook finds the blocked names of the whole chapter blocked."""
    blocked = set(chapter.blocked)
    for question in chapter.questions:
        codes = [question.answer, *(check.code for check in question.checks if not check.hidden)]
        used = {name for code in codes for name in names_used(code)} & blocked
        if used:
            raise SourceError(f"{path.name}: {question.label}: answer or open check uses {sorted(used)}, blocked there")
