"""The course file: what it holds, and what is refused before anything is written."""

import stat
import subprocess

import pytest

from booktools.coursework.course import CourseError, read_course

GOOD = {
    "title": '"Generative models"',
    "term": '"Spring"',
    "deadline": '"Friday, 18:00"',
    "chapters": '["4", "05"]',
    "secret_file": '"course.secret"',
}


def write(here, **changes):
    """A course file with some fields changed; None takes a field out."""
    fields = {name: value for name, value in {**GOOD, **changes}.items() if value is not None}
    path = here / "course.toml"
    path.write_text("\n".join(f"{name} = {value}" for name, value in fields.items()), encoding="utf-8")
    return path


def test_a_course_is_read(tmp_path):
    (tmp_path / "roster.csv").write_text("\ufeffid,name,email\ns01, Ada ,a@b.org\ns02,,\n", encoding="utf-8")
    course = read_course(write(tmp_path, roster='"roster.csv"', folder='"out"'))
    assert course.chapters == ("04", "05")
    assert [(one.id, one.name, one.email) for one in course.roster] == [("s01", "Ada", "a@b.org"), ("s02", "", "")]
    assert course.assignment("04") == tmp_path / "out" / "chapter-04"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"title": None}, "title must be a text, got None"),
        ({"deadline": "3"}, "deadline must be a text, got 3"),
        ({"chapters": '"04"'}, "chapters must be a list"),
        ({"chapters": '["x"]'}, "chapters must be a list"),
        ({"secret": '"abc"'}, "unknown field 'secret'"),
        ({"roster": '"nobody.csv"'}, "nobody.csv does not exist"),
        ({"points": "{ a = 0 }"}, "points of a must be a number above 0"),
        ({"points": "{ a = true }"}, "points of a must be a number"),
        ({"term": "["}, "is not TOML"),
    ],
)
def test_a_field_that_cannot_be_used_is_named(tmp_path, changes, words):
    with pytest.raises(CourseError, match=words):
        read_course(write(tmp_path, **changes))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "needs a first line with a column id"),
        ("name\nAda\n", "needs a first line with a column id"),
        ("id\ns1\ns1\n", "line 3: the id 's1' stands twice"),
        ("id\ns1\nS1\n", "stands twice"),
        ("id\n../s1\n", "line 2: id must be letters"),
        ("id\n\n=1+1\n", "id must be letters"),
    ],
)
def test_a_roster_that_cannot_be_used_is_named(tmp_path, text, words):
    (tmp_path / "roster.csv").write_text(text, encoding="utf-8")
    with pytest.raises(CourseError, match=words):
        read_course(write(tmp_path, roster='"roster.csv"'))


def test_a_missing_course_file_is_named(tmp_path):
    with pytest.raises(CourseError, match=r"COURSE=.*none.toml does not exist"):
        read_course(tmp_path / "none.toml")


def test_the_secret_is_made_once_for_its_owner_only(tmp_path, capsys):
    course = read_course(write(tmp_path))
    with pytest.raises(CourseError, match="does not exist: make the assignment first"):
        course.secret()
    made = course.secret(create=True)
    assert "Keep it" in capsys.readouterr().out
    assert len(made) == 64
    assert course.secret(create=True) == made == course.secret()
    assert stat.S_IMODE((tmp_path / "course.secret").stat().st_mode) == 0o600


def test_a_short_secret_is_refused(tmp_path):
    (tmp_path / "course.secret").write_text("hunter2\n")
    with pytest.raises(CourseError, match="must hold 16 characters or more, got 7"):
        read_course(write(tmp_path)).secret()


def test_a_secret_that_git_tracks_is_refused(tmp_path):
    (tmp_path / "course.secret").write_text("x" * 40)
    course = read_course(write(tmp_path))
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    assert course.secret() == b"x" * 40  # in a repository, and not tracked
    subprocess.run(["git", "add", "course.secret"], cwd=tmp_path, check=True)
    with pytest.raises(CourseError, match="is tracked by git"):
        course.secret()
