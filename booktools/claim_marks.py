"""Read from the tests, without importing them, which test guards which claim."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class ClaimTest:
    """A test function that bears `@pytest.mark.claim(label)`."""

    label: str
    path: str  # relative to the book's sources, with forward slashes
    function: str
    line: int
    has_control: bool  # bears @against(...): was seen to fail on a wrong constant


@dataclass(frozen=True)
class BadMark:
    """A mark whose label cannot be read without running the test."""

    path: str
    line: int


def read_claim_marks(source: Path) -> tuple[list[ClaimTest], list[BadMark]]:
    """All claim marks in tests/**/*.py below `source`, in the order of files and lines."""
    tests: list[ClaimTest] = []
    bad: list[BadMark] = []
    for path in sorted((source / "tests").rglob("*.py")):
        if "book" in path.relative_to(source / "tests").parts[:-1]:
            continue  # the tests of the book's build hold miniature books as text, no claims
        name = path.relative_to(source).as_posix()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), filename=str(path))):
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                marks_of(node, name, tests, bad)
    return tests, bad


def marks_of(
    node: ast.FunctionDef | ast.ClassDef, path: str, tests: list[ClaimTest], bad: list[BadMark]
) -> None:
    """Append the marks among the decorators of one function; a mark on a class counts as unreadable."""
    calls = [d for d in node.decorator_list if isinstance(d, ast.Call)]
    has_control = any(ast.unparse(c.func).split(".")[-1] == "against" for c in calls)
    for call in calls:
        if ast.unparse(call.func) not in ("pytest.mark.claim", "mark.claim"):
            continue
        labels = [a.value for a in call.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
        if isinstance(node, ast.ClassDef) or not labels or len(labels) != len(call.args):
            bad.append(BadMark(path, call.lineno))
            continue
        tests.extend(ClaimTest(label, path, node.name, node.lineno, has_control) for label in labels)
