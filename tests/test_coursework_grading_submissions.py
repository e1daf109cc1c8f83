"""Whose a file is, of which chapter, and what is in it, however a learning platform names it."""

from __future__ import annotations

import json
import os

import pytest

from booktools.coursework.course import Student
from booktools.coursework.grading import submissions
from booktools.coursework.grading.submissions import find_submissions
from coursework_toy import LINEAR, hand_in, notebook

ROSTER = (Student("s01", "Ada Example"), Student("s02"), Student("s10"), Student("s1"), Student("a.b@x.org"))


def only(folder, roster=ROSTER, chapter=""):
    (found,) = find_submissions(folder, roster, chapter)
    return found


@pytest.mark.parametrize(
    ("name", "student"),
    [
        ("chapter-04_s01.ipynb", "s01"),
        ("examplea_4711_815_chapter-04_s01-2.ipynb", "s01"),
        ("S10 chapter 4.ipynb", "s10"),
        ("s1.ipynb", "s1"),
        ("a.b@x.org_chapter-04.ipynb", "a.b@x.org"),
        ("Ada Example_12345_assignsubmission_file_/chapter-04.ipynb", "s01"),
        ("Ada Example_1_assignsubmission_file_/chapter-04_s02.ipynb", "s01"),  # nobody hands in for another
        ("s02/work.ipynb", "s02"),
        ("s01 and s02.ipynb", ""),
        ("somebody.ipynb", ""),
    ],
)
def test_the_name_of_a_file_says_whose_it_is(tmp_path, name, student):
    hand_in(tmp_path, name, LINEAR)
    assert only(tmp_path).student == student


def test_the_notebook_says_whose_it_is_where_its_name_does_not(tmp_path):
    hand_in(tmp_path, "mine.ipynb", LINEAR, student="s02")
    found = only(tmp_path)
    assert (found.student, found.chapter, found.cells, found.notes) == ("s02", "04", (LINEAR,), ())


def test_a_notebook_made_for_another_student_is_noted(tmp_path):
    hand_in(tmp_path, "chapter-04_s01.ipynb", LINEAR, student="s02")
    found = only(tmp_path)
    assert found.student == "s01"
    assert "made for s02" in found.notes[0]


def test_a_name_that_is_not_on_the_roster_is_noted(tmp_path):
    hand_in(tmp_path, "chapter-04_s99.ipynb", LINEAR, student="s02")
    found = only(tmp_path)
    assert (found.student, found.is_named) == ("s02", False)
    assert found.notes == ("The file's name says s99, who is not on the roster; it was graded as s02's.",)


def test_a_notebook_of_another_chapter_is_noted(tmp_path):
    path = hand_in(tmp_path, "chapter-05_s01.ipynb", LINEAR, student="s01")
    found = only(tmp_path)
    assert (found.chapter, found.path) == ("05", path)
    assert "of chapter 04" in found.notes[0]


def test_without_a_roster_the_name_of_the_file_is_the_student(tmp_path):
    hand_in(tmp_path, "Jo O'Neil; rm -rf.ipynb", LINEAR)
    found = only(tmp_path, roster=(), chapter="04")
    assert (found.student, found.chapter) == ("Jo-O-Neil-rm--rf", "04")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"not json", "not a notebook"),
        (b"\xff\xfe\x00", "not a notebook"),
        (b"[" * 500_000, "not a notebook"),
        (b"[" + b"[]," * 1_000_000 + b"[]]", "too many values"),
        (b'{"worksheets": []}', "format 4"),
        (b"[]", "format 4"),
        (b"", "not a notebook"),
    ],
)
def test_what_is_not_a_notebook_is_said(tmp_path, content, says):
    (tmp_path / "chapter-04_s01.ipynb").write_bytes(content)
    found = only(tmp_path)
    assert (found.student, found.chapter) == ("s01", "04")
    assert says in found.problem


def test_a_file_that_is_too_large_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(submissions, "MOST_BYTES", 1 << 20)
    (tmp_path / "chapter-04_s01.ipynb").write_bytes(b" " * ((1 << 20) + 1))
    assert "larger than 1 MB" in only(tmp_path).problem


def test_links_are_not_followed(tmp_path):
    hidden = hand_in(tmp_path / "hidden", "tests.ipynb", "secret")
    folder = tmp_path / "handed-in"
    folder.mkdir()
    (folder / "chapter-04_s01.ipynb").symlink_to(hidden)
    (folder / "s02").symlink_to(hidden.parent)
    found = only(folder)
    assert found.cells == ()
    assert "link" in found.problem


def test_pipes_and_folders_do_not_stop_the_search(tmp_path):
    os.mkfifo(tmp_path / "chapter-04_s01.ipynb")
    (tmp_path / "chapter-04_s02.ipynb").mkdir()
    assert "not a plain file" in only(tmp_path).problem


def test_a_file_that_is_no_notebook_counts_only_without_one(tmp_path):
    (tmp_path / "chapter-04_s01.pdf").write_text("x")
    (tmp_path / "chapter-04_s02.pdf").write_text("x")
    (tmp_path / "readme.txt").write_text("x")
    hand_in(tmp_path, "chapter-04_s02.ipynb", LINEAR)
    found = {one.student: one for one in find_submissions(tmp_path, ROSTER)}
    assert "hand in the .ipynb file" in found["s01"].problem
    assert found["s02"].problem == ""
    assert set(found) == {"s01", "s02"}


def test_what_systems_leave_behind_is_passed_over(tmp_path):
    for place in (".ipynb_checkpoints", "__MACOSX", ".git"):
        hand_in(tmp_path / place, "chapter-04_s01.ipynb", LINEAR)
    hand_in(tmp_path, "._chapter-04_s01.ipynb", LINEAR)
    assert find_submissions(tmp_path, ROSTER) == []


def test_cells_of_every_shape_are_read(tmp_path):
    cells = [
        {"cell_type": "code", "source": ["a = 1\n", "b = 2"]},
        {"cell_type": "markdown", "source": "text"},
        {"cell_type": "code", "source": None},
        {"cell_type": "code"},
        "not a cell",
        {"cell_type": "code", "source": "\ud800"},
    ]
    data = {**json.loads(notebook()), "cells": cells, "metadata": [1]}
    (tmp_path / "s01.ipynb").write_text(json.dumps(data))
    assert only(tmp_path).cells == ("a = 1\nb = 2", "None", "None", "?")
