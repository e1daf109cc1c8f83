"""The outputs on a page are those of the present library, and nothing is executed twice."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from book.miniature import edit, write_miniature
from booktools.ext.cache_key import digest_of_inputs

CELL = 'print("half of one is", HALF)'
LIBRARY = "lib/echolimit/__init__.py"


def shown(folder: Path) -> str:
    """The page of the miniature's chapter."""
    return (folder / "_build" / "html" / "chapters" / "01-small.html").read_text(encoding="utf-8")


@pytest.mark.slow
def test_a_library_edit_renews_the_page_and_an_unchanged_rebuild_runs_nothing(tmp_path: Path, build) -> None:
    folder = write_miniature(tmp_path / "book")
    runs = tmp_path / "runs"
    counting = f'{CELL}\nwith open("{runs.as_posix()}", "a") as file:\n    file.write("x")'
    edit(folder, "chapters/01-small.md", CELL, counting)

    def build_and_count() -> int:
        result = build(folder)
        assert result.returncode == 0, result.stdout
        return len(runs.read_text())

    assert build_and_count() == 1
    assert "half of one is 0.5" in shown(folder)
    assert build_and_count() == 1, "an unchanged rebuild executed a cell"

    edit(folder, LIBRARY, "HALF = 0.5", "HALF = 0.25")
    assert build_and_count() == 2, "a library edit executed nothing"
    assert "half of one is 0.25" in shown(folder)
    assert "half of one is 0.5" not in shown(folder)

    edit(folder, LIBRARY, "HALF = 0.25", "HALF = 0.5")
    assert build_and_count() == 2, "going back to a state seen before executed a cell"
    assert "half of one is 0.5" in shown(folder)


def test_the_key_sees_library_records_static_files_and_requirements_alone(tmp_path: Path) -> None:
    folder = write_miniature(tmp_path)
    before = digest_of_inputs(folder)
    (folder / "lib" / "echolimit" / "__pycache__").mkdir()
    (folder / "lib" / "echolimit" / "__pycache__" / "x.pyc").write_bytes(b"x")
    edit(folder, "intro.md", "miniature", "small book")
    os.utime(folder / LIBRARY, (1, 1))
    assert digest_of_inputs(folder) == before
    seen = {before}
    for name in (LIBRARY, "requirements.txt", "lib/echolimit/figures/static/live.js", "results/run/record.json"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write("\n# more\n")
        assert digest_of_inputs(folder) not in seen
        seen.add(digest_of_inputs(folder))
