"""How long the book takes: cold, unchanged, and after an edit of one chapter's text or code."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.rows import Row, seconds

ROOT = Path(__file__).resolve().parent.parent
LEFT_OUT = shutil.ignore_patterns(".venv", "_build", "__pycache__", "*.egg-info", ".*_cache", ".hypothesis")


def build(source: Path) -> None:
    """`make book` without the set-up; its output is shown only when it fails."""
    command = [sys.executable, "-m", "booktools.build", "--source", str(source)]
    done = subprocess.run(command, cwd=source, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"the book does not build:\n{(done.stdout + done.stderr)[-3000:]}")


def edit_text(chapter: Path) -> None:
    """Add a sentence to a chapter."""
    chapter.write_text(chapter.read_text(encoding="utf-8") + "\nOne more sentence.\n", encoding="utf-8")


def edit_code(chapter: Path) -> None:
    """Add a comment to the last code cell of a chapter, so that the chapter is executed again."""
    text = chapter.read_text(encoding="utf-8")
    *_, cell = re.finditer(r"^```\{code-cell\}.*?\n(?=```$)", text, flags=re.DOTALL | re.MULTILINE)
    chapter.write_text(text[: cell.end()] + "# touched\n" + text[cell.end() :], encoding="utf-8")


def measure() -> list[Row]:
    """Build a copy of the checkout four times."""
    with tempfile.TemporaryDirectory(prefix="echolimit-bench-") as folder:
        source = Path(folder) / "book"
        shutil.copytree(ROOT, source, ignore=LEFT_OUT, symlinks=True)
        chapters = sorted((source / "chapters").glob("[0-9]*.md"))
        rows = [
            Row("build", f"cold, {len(chapters)} chapters", seconds(lambda: build(source)), "s", "480 (reach for 240)")
        ]
        rows.append(Row("build", "unchanged", seconds(lambda: build(source)), "s"))
        edit_text(chapters[-1])
        rows.append(Row("build", "one chapter's text edited", seconds(lambda: build(source)), "s", "15 (reach for 6)"))
        edit_code(chapters[-1])
        rows.append(Row("build", "one chapter's code edited", seconds(lambda: build(source)), "s", "15 (reach for 6)"))
    return rows
