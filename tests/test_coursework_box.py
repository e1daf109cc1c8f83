"""The sandbox of graded submissions: what it runs, what crosses its wall, what it keeps out."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from booktools.coursework.box import Box, BoxGone, Limits, command, isolation, what_is_missing
from coursework_toy import require_sandbox
from echolimit import transfer

SOON = Limits(cell=2, call=1.5)


@pytest.fixture(autouse=True)
def sandbox() -> None:
    require_sandbox()


def run(box: Box, source: str) -> str | None:
    return box.ask({"do": "cell", "source": source}, SOON.cell)["error"]


def test_a_cell_that_fails_leaves_what_it_defined():
    with Box(SOON) as box:
        assert run(box, "x = 1.5\nraise ValueError('no')") == "ValueError: no"
        assert box.ask({"do": "look", "name": "x"}, 1) == {"id": 2, "kind": "value", "value": 1.5}
        assert box.ask({"do": "look", "name": "y"}, 1)["kind"] == "missing"
        assert "invalid syntax (line 1 of the cell)" in str(run(box, "def ("))


def test_a_notebook_of_otter_runs_without_otter():
    cells = [
        "%pip install x\n!pip install x\nimport importlib.util, otter\nassert importlib.util.find_spec('otter')",
        "grader = otter.Notebook(tests_dir='checks')\ngrader.check('q1')\ngrader",
        "%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()",
        "%%writefile note.txt\nhello",
        "assert open('note.txt').read() == 'hello\\n'",
    ]
    with Box(Limits()) as box:
        assert [box.ask({"do": "cell", "source": cell}, 60)["error"] for cell in cells] == [None] * 5


WAYS = {
    "flat": "from echolimit import transfer",
    "from its package": "from echolimit.hermite import transfer",
    "loaded anew": "import sys\nfor name in [n for n in sys.modules if n.startswith('echolimit')]:\n"
    "    del sys.modules[name]\nfrom echolimit import transfer",
    "its module again": f"import importlib\nmodule = importlib.import_module({transfer.__module__!r})\n"
    "transfer = importlib.reload(module).transfer",
}


def test_blocked_names_raise_however_the_library_is_loaded():
    with Box(SOON, ("transfer",)) as box:
        for way in WAYS.values():
            assert "echolimit.transfer is blocked in graded work" in str(run(box, f"{way}\ntransfer(2, 0.5, 0.1)"))
        assert run(box, "from echolimit import cutoff_degree, limit_law") is None
    with Box(SOON) as box:
        for way in WAYS.values():
            assert run(box, f"{way}\ntransfer(2, 0.5, 0.1)") is None


def test_without_isolation_names_are_blocked_too():
    with Box(SOON, ("transfer",), isolated=False) as box:
        assert "is blocked" in str(run(box, f"{WAYS['loaded anew']}\ntransfer(2, 0.5, 0.1)"))


def test_a_name_that_the_library_lacks_cannot_be_blocked():
    with pytest.raises(ValueError, match="no function transfers to block"):
        Box(SOON, ("transfers",))


def test_arguments_and_values_keep_their_numbers():
    with Box(SOON) as box:
        run(box, "import numpy as np\ndef f(x, k):\n    return [x * k, {'n': np.float64(0.1)}, (True, None)]")
        from booktools.coursework.box.inside import wire

        x = np.array([[1.0, np.nan], [np.inf, 1e-300]])
        reply = box.ask({"do": "call", "name": "f", "arguments": wire.encode([(x,), {"k": 2}])}, 1)
    array, table, rest = wire.decode(reply["value"])
    np.testing.assert_array_equal(array, 2 * x)
    assert (table, rest) == ({"n": 0.1}, [True, None])


CLOSED = """
import os, socket
def denied(action):
    try:
        action()
    except OSError as error:
        return type(error).__name__
    return "possible"
found = {
    "network": denied(lambda: socket.create_connection(("192.0.2.1", 80), 1)),
    "host of a virtual machine": denied(lambda: socket.socket(40, socket.SOCK_STREAM)),
    "library": denied(lambda: open(echolimit.__file__, "a")),
    "packages": denied(lambda: open(os.path.join(os.path.dirname(np.__file__), "__pycache__", "x"), "w")),
    "root": denied(lambda: os.mkdir("/x")),
    "devices": denied(lambda: open("/dev/x", "w")),
    "memory without a name": denied(lambda: os.memfd_create("x")),
    "another user": denied(lambda: os.setuid(0)),
    "terminal": denied(lambda: open("/dev/tty")),
}
"""
LOOK = """
import os, subprocess
home = os.listdir(os.path.expanduser("~"))
visible = [place for place in places if os.path.exists(place)]
seen = subprocess.run(["/usr/bin/env"], capture_output=True, text=True).stdout
numbers = [int(p) for p in os.listdir("/proc") if p.isdigit()]
"""


def test_the_box_shows_nothing_of_the_outside(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_SECRET_OF_THE_GRADER", "x")
    (tmp_path / "tests").mkdir()
    book = Path(__file__).resolve().parent.parent
    places = [str(tmp_path), *(str(book / part) for part in ("chapters", "tests", "booktools", ".git"))]
    with Box(SOON) as box:
        assert run(box, f"import echolimit, numpy as np\nplaces = {places!r}\n{CLOSED}{LOOK}") is None
        found, home, visible, seen, numbers = (
            box.ask({"do": "look", "name": name}, 1)["value"]
            for name in ("found", "home", "visible", "seen", "numbers")
        )
    assert [name for name, what in found["dict"] if what == "possible"] == []
    assert visible == []
    assert "SECRET" not in seen
    assert set(home) <= {".ipython", ".matplotlib"}
    assert set(numbers) <= {1, 2}


def test_without_the_wall_the_same_things_are_seen(tmp_path):
    """The control of the test above, for what may be looked for without harm."""
    with Box(SOON, isolated=False) as box:
        assert run(box, f"places = {[str(tmp_path)]!r}\n{LOOK}") is None
        assert box.ask({"do": "look", "name": "visible"}, 1)["value"] == [str(tmp_path)]
        assert len(box.ask({"do": "look", "name": "numbers"}, 1)["value"]) > 2


def test_time_spent_waiting_for_a_processor_is_not_charged():
    with Box(SOON) as box:
        run(box, "import time\ntime.sleep(0.5)")
        assert 0.4 < box.seconds < 5


def test_at_most_half_of_the_time_is_forgiven(monkeypatch):
    """A box full of threads waits for itself: the limit of a submission must still end it."""
    with Box(SOON) as box:
        before = box.seconds
        clock = iter(range(0, 10_000, 100))
        monkeypatch.setattr(box.watch, "kept_waiting", lambda: float(next(clock)))
        run(box, "import time\ntime.sleep(0.5)")
        assert box.seconds - before > 0.2


@pytest.mark.parametrize("isolated", [True, False])
def test_what_a_box_started_ends_with_it(isolated):
    name = f"echo-limit-{os.getpid()}-{isolated}"
    with Box(SOON, isolated=isolated) as box:
        start = f"import subprocess\np = subprocess.Popen(['/bin/bash', '-c', 'exec -a {name} sleep 60'])"
        assert run(box, start) is None
        assert eventually(lambda: name in processes())
        with pytest.raises(BoxGone, match=r"took more than 0\.5 s"):
            box.ask({"do": "cell", "source": "while True: pass"}, 0.5)
    assert eventually(lambda: name not in processes())


def eventually(condition: Callable[[], bool]) -> bool:
    """Whether it holds within ten seconds."""
    deadline = time.monotonic() + 10
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.1)
    return condition()


def processes() -> str:
    """The command lines of all processes."""
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            lines.append(path.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace"))
    return "\n".join(lines)


def test_boxes_end_with_a_grader_that_is_killed():
    script = (
        "import os, signal, sys\nfrom booktools.coursework.box import Box, Limits\nbox = Box(Limits())\n"
        "box.ask({'do': 'cell', 'source': 'pass'}, 5)\nprint(box.watch.probe, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, cwd=command.BOX.parents[2]
    )
    probe = Path(f"/proc/{int(done.stdout)}")
    assert eventually(lambda: not probe.exists())


def test_what_is_missing_is_said_with_the_remedy(monkeypatch):
    monkeypatch.setattr(command, "bubblewrap", lambda: "/bin/false")
    assert "does not let it make a box" in what_is_missing() or "ended" in what_is_missing()
    monkeypatch.setattr(command, "bubblewrap", lambda: None)
    assert "apt-get install bubblewrap" in what_is_missing()
    monkeypatch.setattr(isolation.sys, "platform", "darwin")
    assert "needs Linux" in what_is_missing()


def test_a_course_that_every_box_could_read_is_refused():
    assert "put it elsewhere" in what_is_missing([Path(sys.prefix) / "course"])
