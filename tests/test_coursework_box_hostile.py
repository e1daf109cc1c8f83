"""Submissions that do harm, on purpose or not: each gets the marks that the rest of it earns, and a note."""

from __future__ import annotations

from pathlib import Path

import pytest

from booktools.coursework.box import Limits
from booktools.coursework.grading.grader import Grader
from booktools.coursework.grading.marks import Marks
from coursework_toy import FULL, LINEAR, SQUARE, require_sandbox, write_assignment

pytestmark = pytest.mark.slow
MEBIBYTE = 1 << 20
# Shorter than the real ones, so that the tests are; the memory must still hold the library.
SOON = Limits(submission=60, cell=2, call=1.5, memory=400 * MEBIBYTE, processes=24, files=2000, restarts=12)


@pytest.fixture(autouse=True)
def sandbox() -> None:
    require_sandbox()


@pytest.fixture
def grader(tmp_path: Path) -> Grader:
    return Grader(write_assignment(tmp_path / "autograder"), b"0123456789abcdef", SOON)


def earned(marks: Marks) -> dict[str, float]:
    return {question.name: question.earned for question in marks.questions}


def messages(marks: Marks) -> str:
    return "\n".join(check.message for question in marks.questions for check in question.checks)


# Each fails or does nothing, and the box lives on.
HARMLESS = {
    "one big list": "x = [0] * 10**10",
    "a big file": "with open('big', 'wb') as out:\n    for _ in range(1000):\n        out.write(bytes(2**20))",
    "deletes": "import os, shutil, numpy, echolimit\nfor p in (os.path.dirname(numpy.__file__), echolimit.__path__[0], "
    "os.path.expanduser('~'), '/tmp', '/box'):\n    shutil.rmtree(p, ignore_errors=True)",
    "prints megabytes": "import sys\nfor _ in range(50):\n    print('x' * 10**6)\n    sys.stderr.write('y' * 10**6)",
    "writes to descriptors": 'import os\nfor k in (0, 1, 2):\n    os.write(k, b\'{"id": 3, "value": 1}\\n\')',
    "syntax error": "def (",
    "leaves": "exit()",
    "leaves too": "raise SystemExit(0)",
    "asks": "input('your marks? ')",
    "network": "import socket\nsocket.create_connection(('192.0.2.1', 80), 1)",
    "paints the terminal": "raise ValueError('\\x1b[2J\\x1b]0;title\\x07red\\u202e')",
    "interrupts": "raise KeyboardInterrupt",
    "its parent": "import os, signal\nif os.getppid():\n    os.kill(os.getppid(), signal.SIGKILL)",
    "no assertions": "import numpy\nnumpy.allclose = numpy.testing.assert_allclose = lambda *a, **k: True",
    "an unknown magic": "%nosuchmagic",
    "shell": "!rm -rf /\n%cd /\n%env HOME=/",
}


def test_cells_that_fail_cost_nothing_else(grader):
    marks = grader.grade([LINEAR, *HARMLESS.values(), SQUARE], "s01")
    assert earned(marks) == {"q1": 2, "q2": 2}
    assert marks.notes == ()
    failed = {name for number, name in enumerate(HARMLESS, start=2) if number in dict(marks.errors)}
    assert failed >= {
        "one big list",
        "a big file",
        "syntax error",
        "asks",
        "network",
        "interrupts",
        "paints the terminal",
    }
    assert not any(sign in text for _, text in marks.errors for sign in "\x1b\x07\u202e")


# Each ends the box, which is started again without it.
DEADLY = {
    "loops": "while True:\n    pass",
    "loops in C": "import itertools\nsum(itertools.repeat(1))",
    "loops and will not stop": "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nwhile True:\n    try:\n"
    "        while True: pass\n    except BaseException: pass",
    "exits": "import os\nos._exit(0)",
    "crashes": "import ctypes\nctypes.string_at(0)",
    "memory of many": "import os, time\nfor _ in range(10):\n    if os.fork() == 0:\n"
    "        x = bytearray(200 * 2**20)\n        time.sleep(60)\ntime.sleep(60)",
    "shared memory": "import mmap\nm = mmap.mmap(-1, 2**30)\nfor k in range(0, 2**30, 4096):\n    m[k] = 1",
    "fork bomb": "import os\nwhile True:\n    try:\n        os.fork()\n    except OSError:\n        pass",
    "many files": "import itertools\nfor k in itertools.count():\n    open(f'/tmp/{k}', 'w').close()",
    "endless reply": "import os\nfor k in range(3, 20):\n    try:\n        while True:\n"
    "            os.write(k, b'x' * 2**20)\n    except OSError:\n        pass",
}


@pytest.mark.parametrize("names", [list(DEADLY)[:5], list(DEADLY)[5:]], ids=" ".join)
def test_cells_that_end_the_box_are_left_out(grader, names):
    marks = grader.grade([LINEAR, *(DEADLY[name] for name in names), SQUARE], "s01")
    assert earned(marks) == {"q1": 2, "q2": 2}
    assert [number for number, text in marks.errors if "was left out" in text] == list(range(2, 2 + len(names)))
    assert len(marks.notes) == len(names)


FUNCTIONS = {
    "loops": ("while True: pass", "f took more than 1.5 s"),
    "exits": ("import os; os._exit(1)", "f ended"),
    "raises what nobody catches": ("raise SystemExit('\\x1b[31mno')", "f raised SystemExit: no"),
    "nests": ("x = []\n    for _ in range(10**5): x = [x]\n    return x", "deeper than 8 levels"),
    "huge": ("import numpy; return numpy.zeros(10**6)", "returned too much"),
    "an object": (
        "return type('E', (), {'__eq__': lambda *_: True, '__mul__': lambda *_: 0})()",
        "cannot be handed over",
    ),
    "a big number": ("return 10**5000", "more than 64 bits"),
    "not a number": ("return float('nan')", "f is not linear"),
    "blocked": ("import echolimit; return echolimit.transfer(n, alpha, 0.1)", "transfer is blocked in graded work"),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_that_misbehave_cost_their_own_question(grader, name):
    body, says = FUNCTIONS[name]
    marks = grader.grade([f"def f(n, alpha):\n    {body}", SQUARE], "s01")
    assert earned(marks) == {"q1": 0, "q2": 2}
    assert says in messages(marks)
    assert "\x1b" not in messages(marks)


def test_a_function_that_hangs_is_soon_left_alone(grader):
    loops = "def g(x):\n    while True: pass"
    marks = grader.grade([LINEAR, "a = 0.25", loops], "s01")
    assert earned(marks) == {"q1": 2, "q2": 1}
    assert marks.notes == ("g took more than 1.5 s.",)


def test_a_submission_that_uses_up_its_time_keeps_what_it_has(tmp_path):
    limits = Limits(submission=3, cell=2, call=1)
    grader = Grader(write_assignment(tmp_path / "autograder"), b"0123456789abcdef", limits)
    marks = grader.grade([LINEAR, SQUARE, *["while True: pass"] * 5], "s01")
    assert marks.earned <= FULL
    assert any("were used up" in note for note in marks.notes)


FORGERIES = {
    "replies from within": "import __main__\n__main__.DO['call'] = lambda shell, request: {'value': 1.0}\n"
    "__main__.DO['look'] = lambda shell, request: {'kind': 'function'}",
    "replies beforehand": "import os\nfor k in range(3, 20):\n    for i in range(200):\n        try:\n"
    '            os.write(k, b\'{"id": %d, "kind": "function", "value": 1.0}\\n\' % i)\n        except OSError: pass',
    "replies that say they passed": "import __main__\n__main__.DO['call'] = lambda shell, request: "
    "{'value': {'array': [2], 'type': '|O', 'data': 'gASVAAAA'}, 'passed': True, 'score': 100, 'error': None}",
    "hollow arrays": "import numpy as np\ndef f(n, alpha):\n    return np.zeros((0, 1))",
    "a module that checks": "def f(n, alpha):\n    return 0.0\n"
    "import sys\nsys.modules['otter'].score = 100\nimport builtins\n"
    "builtins.AssertionError = type('Never', (Exception,), {})",
    "numbers of one's own": "numbers = {'alpha': 0.0}\ndef f(n, alpha):\n    return n * numbers['alpha']",
}


@pytest.mark.parametrize("name", FORGERIES)
def test_forged_answers_earn_what_a_constant_earns(grader, name):
    assert earned(grader.grade([FORGERIES[name]], "s01"))["q1"] == 0


def test_neither_checks_nor_marks_can_be_reached(grader):
    secrets = [grader.folder, grader.folder / "tests" / "q1.py", grader.folder / "manifest.json", grader.folder.parent]
    read = "def g(x):\n    return [__import__('os').path.exists(p) for p in %r]" % [str(path) for path in secrets]
    write = f"open({str(grader.folder.parent / 'grades.csv')!r}, 'w').write('s01,100')"
    marks = grader.grade([LINEAR, read, write], "s01")
    assert earned(marks) == {"q1": 2, "q2": 0}
    assert "FileNotFoundError" in dict(marks.errors)[3]
    assert not (grader.folder.parent / "grades.csv").exists()


def test_missing_and_renamed_answers_are_named(grader):
    marks = grader.grade([LINEAR.replace("f(", "my_f("), "a = ..."], "s01")
    assert marks.earned == 0
    assert "the notebook does not define f" in messages(marks)
    assert "a is still three dots" in messages(marks)
    assert "the notebook does not define g" in messages(marks)


def test_messages_do_not_quote_a_hidden_check(grader):
    marks = grader.grade(["def f(n, alpha):\n    return 'text'", SQUARE], "s01")
    hidden = [check for question in marks.questions for check in question.checks if check.hidden and not check.passed]
    assert hidden
    assert all("assert" not in check.message and "==" not in check.message for check in hidden)
