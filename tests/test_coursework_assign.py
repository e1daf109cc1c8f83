"""`make assignment`: what students, instructor and grader get, and what students must not."""

import ast
import csv
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest
from otter.test_files import ExceptionTestFile

from booktools.coursework.course import CourseError, read_course
from booktools.coursework.exercises import starter
from booktools.coursework.handout import gradescope
from booktools.coursework.handout.assign import assign
from booktools.coursework.numbers import digest_of
from booktools.coursework.source import SourceError, find_chapter, read_chapter
from booktools.notebooks.leftovers import find_leftovers

BOOK = Path(__file__).resolve().parent.parent
COURSE = """\
title = "Generative models"
term = "Spring"
deadline = "Friday, 18:00"
chapters = ["04", "08"]
secret_file = "course.secret"
roster = "roster.csv"
"""


@pytest.fixture(scope="module")
def course_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("course")
    (folder / "course.toml").write_text(COURSE)
    (folder / "roster.csv").write_text("id,name,email\ns01,Ada,ada@example.org\ns02,Bo,bo@example.org\n")
    (folder / "course.secret").write_text("0123456789abcdef0123456789abcdef\n")
    return folder


@pytest.fixture(scope="module", params=["04", "08"])
def made(request, course_folder):
    """Chapter and folder of an assignment."""
    return read_chapter(find_chapter(BOOK, request.param)), assign(
        BOOK, request.param, read_course(course_folder / "course.toml")
    )


def lines_of_answers(question):
    """The lines of an answer that a student must not see."""
    shown = {line.strip() for line in starter(question.answer).splitlines()}
    lines = [line.strip() for line in question.answer.splitlines()]
    return [line for line in lines if line not in shown and len(line) > 12]


def test_a_student_sees_no_answer_and_no_hidden_check(made):
    chapter, folder = made
    for path in (folder / "student").iterdir():
        text = path.read_text(encoding="utf-8")
        for question in chapter.graded:
            for line in lines_of_answers(question):
                assert json.dumps(line)[1:-1] not in text, line
            assert question.model_answer[:60] == "" or json.dumps(question.model_answer[:60])[1:-1] not in text
            for check in question.checks:
                name = ast.parse(check.code).body[0].name
                assert (f"def {name}(" in text) is not check.hidden
                assert (check.title in text) is not check.hidden


def test_a_student_gets_one_notebook_with_own_numbers(made):
    chapter, folder = made
    paths = sorted((folder / "student").iterdir())
    assert [path.name for path in paths] == [f"chapter-{chapter.number}_{one}.ipynb" for one in ("s01", "s02")]
    first, second = (nbformat.read(path, as_version=4) for path in paths)
    assert first.metadata.echo_limit == {
        "chapter": chapter.number, "student": "s01", "numbers": digest_of(numbers_of(folder, "s01"))
    }
    own = [next(cell.source for cell in notebook.cells if "numbers = {" in cell.source) for notebook in (first, second)]
    assert own[0] != own[1]
    for notebook in (first, second):
        nbformat.validate(notebook)
        assert find_leftovers(notebook) == []
        assert all(not cell.get("outputs") for cell in notebook.cells)
        assert "{student}" not in "".join(cell.source for cell in notebook.cells)
    with (folder / "instructor" / "numbers.csv").open() as file:
        rows = {row["id"]: row for row in csv.DictReader(file)}
    scope = {}
    exec(own[1], scope)
    assert {name: json.loads(rows["s02"][name]) for name in scope["numbers"]} == scope["numbers"]


def test_an_instructor_gets_all(made):
    chapter, folder = made
    (path,) = (folder / "instructor").glob("*.ipynb")
    text = "\n".join(cell.source for cell in nbformat.read(path, as_version=4).cells)
    for question in chapter.graded:
        assert question.answer in text
        assert all(check.code in text and check.title in text for check in question.checks)
        assert all(wrong.code in text for wrong in question.wrong_answers)


def test_the_grader_gets_all_checks_and_no_secret(made, course_folder):
    chapter, folder = made
    manifest = json.loads((folder / "autograder" / "manifest.json").read_text())
    assert [one["name"] for one in manifest["questions"]] == [question.name for question in chapter.graded]
    assert [one["points"] for one in manifest["questions"]] == [question.points for question in chapter.graded]
    secret = (course_folder / "course.secret").read_bytes().strip()
    for path in folder.rglob("*"):
        if path.suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                assert all(secret not in archive.read(name) for name in archive.namelist())
        elif path.is_file():
            assert secret not in path.read_bytes()


def test_gradescope_checks_know_the_student(made, tmp_path):
    """In its zip: s02's answers earn all points for s02's account, and fewer for s01's."""
    chapter, folder = made
    metadata = tmp_path / "submission_metadata.json"
    numbers = numbers_of(folder, "s02")
    (path,) = (folder / "autograder").glob("*.zip")
    earned = {}
    for account in ("bo@example.org", "ADA@example.org", "nobody@example.org"):
        metadata.write_text(json.dumps({"users": [{"email": account}]}))
        total = 0
        for question in chapter.graded:
            if not question.is_manual:
                with zipfile.ZipFile(path) as archive:
                    text = archive.read(f"tests/{question.name}.py").decode()
                file = ExceptionTestFile.from_string(text.replace(gradescope.METADATA, str(metadata)))
                scope = {"numbers": numbers}
                exec(question.answer, scope)
                file.run(scope)
                total += sum(result.test_case.points for result in file.test_case_results if result.passed)
        earned[account] = total
    whole = sum(question.points for question in chapter.graded if not question.is_manual)
    assert earned["bo@example.org"] == whole
    assert earned["nobody@example.org"] < earned["ADA@example.org"] < whole


def numbers_of(folder, student):
    (path,) = (folder / "student").glob(f"*_{student}.ipynb")
    cell = next(cell for cell in nbformat.read(path, as_version=4).cells if "numbers = {" in cell.source)
    scope = {}
    exec(cell.source, scope)
    return scope["numbers"]


def test_the_same_course_makes_the_same_bytes_and_keeps_marks(made, course_folder):
    chapter, folder = made
    before = {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    (folder / "grades").mkdir(exist_ok=True)
    (folder / "grades" / "grades.csv").write_text("kept")
    assign(BOOK, chapter.number, read_course(course_folder / "course.toml"))
    after = {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert after.pop(Path("grades/grades.csv")) == b"kept"
    assert after == before


def test_points_of_the_course_scale_the_checks(course_folder, tmp_path):
    chapter = read_chapter(find_chapter(BOOK, "04"))
    name = next(question.name for question in chapter.graded if not question.is_manual)
    path = course_folder / "points.toml"
    path.write_text(f'{COURSE}folder = "{tmp_path.as_posix()}"\n[points]\n{name} = 10\n')
    folder = assign(BOOK, "04", read_course(path))
    file = ExceptionTestFile.from_file(str(folder / "autograder" / "tests" / f"{name}.py"))
    assert sum(case.points for case in file.test_cases) == pytest.approx(10)


@pytest.mark.parametrize(
    ("change", "chapter", "error", "words"),
    [
        ("", "05", CourseError, "chapters of the course are 04, 08: add '05'"),
        ("", "99", SourceError, "CHAPTER must be one of"),
        ("[points]\nno-such = 3\n", "04", CourseError, "no graded exercise is called 'no-such'"),
    ],
)
def test_a_bad_order_is_refused_before_anything_is_written(course_folder, tmp_path, change, chapter, error, words):
    path = course_folder / "bad.toml"
    path.write_text(f'{COURSE}folder = "{tmp_path.as_posix()}"\n{change}')
    with pytest.raises(error, match=words):
        assign(BOOK, chapter, read_course(path))
    assert list(tmp_path.iterdir()) == []


def test_students_that_would_share_numbers_are_named(course_folder, tmp_path, monkeypatch):
    path = course_folder / "shared.toml"
    path.write_text(f'{COURSE}folder = "{tmp_path.as_posix()}"\n')
    monkeypatch.setattr("booktools.coursework.handout.assign.numbers_for", lambda *_: {"alpha": 0.1})
    with pytest.raises(CourseError, match="'s01' and 's02' would share their numbers"):
        assign(BOOK, "04", read_course(path))


def test_a_course_may_name_another_library(course_folder, tmp_path):
    path = course_folder / "library.toml"
    path.write_text(f'{COURSE}folder = "{tmp_path.as_posix()}"\nlibrary = "git+https://example.org/mine"\n')
    folder = assign(BOOK, "04", read_course(path))
    text = (folder / "student" / "chapter-04_s01.ipynb").read_text(encoding="utf-8")
    assert "git+https://example.org/mine" in text
    assert "github.com/echolimit/echolimit@" not in text


def test_without_a_roster_there_is_one_notebook(course_folder, tmp_path):
    path = course_folder / "alone.toml"
    path.write_text(COURSE.replace('roster = "roster.csv"', f'folder = "{tmp_path.as_posix()}"'))
    folder = assign(BOOK, "04", read_course(path))
    assert [one.name for one in (folder / "student").iterdir()] == ["chapter-04.ipynb"]


def test_the_handed_out_notebook_runs_from_an_empty_folder(made, tmp_path):
    """As a student would: all cells, with Otter; the checks are red, and nothing else stops."""
    _, folder = made
    (path,) = (folder / "student").glob("*_s01.ipynb")
    notebook = nbformat.read(path, as_version=4)
    code = "\n".join(
        f"get_ipython().run_cell({cell.source!r}).raise_error()" for cell in notebook.cells if cell.cell_type == "code"
    )
    done = subprocess.run(
        [sys.executable, "-m", "IPython", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Error" not in done.stderr
    assert (tmp_path / "checks").is_dir()
