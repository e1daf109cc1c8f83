"""Tables and pages of marks: what platforms import, and no way out of a cell or a page for a hostile text."""

from __future__ import annotations

import csv
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from booktools.coursework.course import CourseError, Student
from booktools.coursework.grading.checking import CheckResult, message_for_student
from booktools.coursework.grading.hand_marks import NAME, read_hand_marks, write_hand_marks
from booktools.coursework.grading.marks import GradeBook, Marks, QuestionMarks, Row, marks_from_json
from booktools.coursework.grading.pages import bars, feedback_page, most_failed, statistics
from booktools.coursework.grading.results import write_results
from booktools.coursework.grading.tables import cell_text
from booktools.coursework.grading.words import clean, one_line
from coursework_toy import QUESTIONS

EVIL = "<script>alert(1)</script>\x1b[31m\u202e\"'&{{ 7*7 }}"
FORMULAS = ("=1+1", "+1", "-1", "@x", '=HYPERLINK("http://x")')


def question(name: str, *passed: bool, message: str = "off") -> QuestionMarks:
    checks = [CheckResult(f"law {k}", 1.0, k > 0, ok, "" if ok else message) for k, ok in enumerate(passed)]
    return QuestionMarks(name, tuple(checks))


def book(*rows: Row) -> GradeBook:
    return GradeBook("Toy & <b>", "Spring", "04", "The toy", tuple(QUESTIONS), rows, (("x.ipynb", "whose?"),))


GOOD = Marks((question("q1", True, True), question("q2", True, True)))
HALF = Marks((question("q1", True, False), question("q2", False, False, message=EVIL)), ((3, EVIL),), (EVIL,))
ROWS = (
    Row(Student("s01", "Ada", "ada@example.org"), GOOD, "a.ipynb", by_hand={"q3": 5.5}),
    Row(Student("s02", EVIL, "=1+1"), HALF, one_line(EVIL), ("-2",)),
    Row(Student("s03"), None, notes=("No submission.",)),
)


def read(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


@pytest.fixture
def written(tmp_path: Path) -> Path:
    return write_results(book(*ROWS), tmp_path)


def test_the_table_has_everybodys_marks(written):
    head, *rows = read(written / "grades.csv")
    assert head[3:8] == ["Chapter 4 (10)", "by machine (4)", "q1 (2)", "q2 (2)", "q3 (6)"]
    marks = [["9.5", "4", "2", "2", "5.5"], ["1", "1", "1", "0", ""], ["0", "0", "0", "0", ""]]
    assert [row[3:8] for row in rows] == marks
    assert rows[2][-1] == "No submission."


def test_canvas_finds_its_columns_and_its_line_of_points(written):
    head, points, *rows = read(written / "grades-canvas.csv")
    assert head == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Chapter 4"]
    assert points == ["    Points Possible", "", "", "", "", "10"]
    assert rows[0] == ["Ada", "", "s01", "ada@example.org", "", "9.5"]


def test_moodle_finds_whom_a_mark_is_for(written):
    head, *rows = read(written / "grades-moodle.csv")
    assert head == ["ID number", "Email address", "Full name", "Chapter 4"]
    assert rows[0] == ["s01", "ada@example.org", "Ada", "9.5"]


def test_no_cell_is_a_formula(written):
    for path in written.glob("*.csv"):
        for row in read(path):
            assert not [cell for cell in row if cell.startswith(("=", "+", "-", "@"))]


def test_marks_of_any_size_are_written_whole():
    numbers = {0: "0", 4.0: "4", 1234567: "1234567", 1 / 3: "0.333333", 12345.678901: "12345.678901", 10: "10"}
    assert {number: cell_text(number) for number in numbers} == numbers
    assert all(cell_text(text).startswith("'") for text in FORMULAS)


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        for name, value in attrs:
            assert not name.startswith("on"), name
            assert name not in ("src", "href"), value


def test_hostile_text_stays_text(written):
    pages = [written / "report.html", *(written / "feedback").glob("*.html")]
    assert len(pages) == 4
    for path in pages:
        text = path.read_text(encoding="utf-8")
        tags = Tags()
        tags.feed(text)
        assert "script" not in tags.seen
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)
        assert "49" not in text
        assert "default-src 'none'" in text


def test_feedback_names_every_check_and_its_points():
    page = feedback_page(book(*ROWS), ROWS[1])
    assert "1 of 4 points" in page
    assert page.count("law 0") == page.count("law 1") == 2
    assert page.count("(not in the notebook)") == 2
    assert "not yet entered" in page
    assert "5.5 of 6 points, marked by hand" in feedback_page(book(*ROWS), ROWS[0])


def test_statistics_count_those_who_were_graded():
    one = statistics(book(*ROWS), QUESTIONS[0])
    assert (one.count, one.mean, one.full, one.zero) == (2, 1.5, 1, 0)
    by_hand = statistics(book(*ROWS), QUESTIONS[2])
    assert (by_hand.count, by_hand.mean, by_hand.full) == (1, 5.5, 0)
    assert most_failed(book(*ROWS))[0] == ("Compute: a product", "law 1", 1)


def test_bars_hold_everybody():
    assert [count for _, count, _ in bars([0, 0.4, 3.9, 4], 4)] == [2, 0, 0, 1, 1]
    assert [count for _, count, _ in bars([30, 30.5, 100], 100)] == [0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 1]
    assert sum(count for _, count, _ in bars([], 0)) == 0


def test_the_table_for_marks_by_hand_is_kept(written):
    path = written / NAME
    path.write_text(path.read_text().replace("s02,", "s02,").replace("s03,,", "s03,,4"))
    write_results(book(*ROWS, Row(Student("s04"), None)), written)
    rows = read(path)
    assert rows[0] == ["id", "name", "q3"]
    assert [row[0] for row in rows[1:]] == ["s01", "s02", "s03", "s04"]
    assert read_hand_marks(written, QUESTIONS) == {"s01": {}, "s02": {}, "s03": {"q3": 4.0}, "s04": {}}


@pytest.mark.parametrize("mark", ["7", "-1", "x", "nan", "inf"])
def test_what_is_no_mark_is_refused(tmp_path, mark):
    (tmp_path / NAME).write_text(f"id,q3\ns01,{mark}\n")
    with pytest.raises(CourseError, match="from 0 to 6"):
        read_hand_marks(tmp_path, QUESTIONS)


def test_a_table_that_a_spreadsheet_saved_with_semicolons_is_read(tmp_path):
    (tmp_path / NAME).write_text("\ufeffid;name;q3\r\ns01;Chloé;4,5\r\n", encoding="utf-8")
    assert read_hand_marks(tmp_path, QUESTIONS) == {"s01": {"q3": 4.5}}
    write_hand_marks(tmp_path, [Student("s01"), Student("s02")], QUESTIONS)
    assert read(tmp_path / NAME) == [["id", "name", "q3"], ["s01", "Chloé", "4,5"], ["s02", "", ""]]


@pytest.mark.parametrize(
    ("content", "says"), [(b"who,q3\ns01,4\n", "no column id"), ("id,q3\né,4\n".encode("cp1252"), "CSV UTF-8")]
)
def test_a_table_that_cannot_be_read_is_refused(tmp_path, content, says):
    (tmp_path / NAME).write_bytes(content)
    with pytest.raises(CourseError, match=says):
        read_hand_marks(tmp_path, QUESTIONS)


@pytest.mark.parametrize(
    ("lines", "says"), [("123,4\n", "'123' is not on the roster"), ("00123,4\n00123,5\n", "marks in two lines")]
)
def test_a_mark_for_nobody_or_twice_is_refused(tmp_path, lines, says):
    (tmp_path / NAME).write_text(f"id,q3\n{lines}")
    with pytest.raises(CourseError, match=says):
        read_hand_marks(tmp_path, QUESTIONS, [Student("00123")])


def test_marks_survive_as_json():
    assert marks_from_json(HALF.to_json()) == HALF


def test_the_same_book_gives_the_same_bytes(tmp_path):
    first, second = (write_results(book(*ROWS), tmp_path / name) for name in ("a", "b"))
    for path in first.rglob("*.*"):
        assert path.read_bytes() == (second / path.relative_to(first)).read_bytes()


def test_text_from_outside_cannot_change_what_is_around_it():
    assert clean("a\x1b[2Jb\x1b]0;t\x07c\x00d\u202ee\ud800f\r\ng") == "abcdef\ng"
    assert one_line("a\nb\tc  d") == "a b c d"
    assert clean("x" * 1000) == "x" * 499 + "…"


QUOTED = "❌ Test case failed\nError at line 9 in test q:\n      assert f(2) == 0.4\n"


@pytest.mark.parametrize(
    ("report", "hidden", "missing", "message"),
    [
        (QUOTED + "AssertionError: f is off", True, [], "f is off"),
        (QUOTED + "AssertionError: ", True, [], "the check did not hold"),
        (
            QUOTED + "AssertionError: \nNot equal to tolerance\n ACTUAL: 1\n DESIRED: 2",
            True,
            [],
            "Not equal to tolerance",
        ),
        (QUOTED + "AnswerError: f took more than 5 s", True, [], "f took more than 5 s"),
        (QUOTED + "ValueError: 0.4 is not 3", True, [], "the answer could not be compared (ValueError)"),
        (QUOTED + "ValueError: shapes differ", False, [], "ValueError: shapes differ"),
        (QUOTED + "TypeError: None", True, ["f"], "the notebook does not define f"),
        ("something else", True, [], "the answer could not be compared ()"),
    ],
)
def test_messages_keep_to_themselves_what_a_hidden_check_says(report, hidden, missing, message):
    assert message_for_student(report, hidden, missing) == message
