"""The notebook that a student gets: one file with the statements, the student's numbers and the open checks."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from booktools.coursework.course import Student
from booktools.coursework.handout.master import NUMBERS_MARK, numbers_source
from booktools.coursework.numbers import digest_of

CHECK = 'grader.check("'


def student_notebook(
    stripped: NotebookNode, open_checks: Mapping[str, str], numbers: dict[str, Any], chapter: str, student: Student
) -> NotebookNode:
    """Otter's stripped notebook with this student's numbers, and the open checks written where Otter finds them.

    `open_checks` maps a question's name to the text of its test file.
    """
    notebook = copy.deepcopy(stripped)
    cells = []
    for cell in notebook.cells:
        cell.source = cell.source.replace("{student}", f"For: {student.name or student.id}." if student.id else "")
        if cell.source.startswith(NUMBERS_MARK):
            cell.source = numbers_source(numbers)
        if cell.source.startswith(CHECK):
            name = cell.source.removeprefix(CHECK).split('"')[0]
            cells.append(checks_cell(name, open_checks[name]))
        cells.append(cell)
    notebook.cells = cells
    notebook.metadata["echo_limit"] = {"chapter": chapter, "student": student.id, "numbers": digest_of(numbers)}
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number}"  # the same notebook, byte for byte, whenever it is made
    return notebook


def checks_cell(name: str, text: str) -> NotebookNode:
    """A cell that writes the open checks of one question: the notebook needs no other file."""
    metadata = {"deletable": False, "editable": False, "jupyter": {"source_hidden": True}, "tags": ["checks"]}
    return new_code_cell(f"%%writefile checks/{name}.py\n{text.rstrip()}", metadata=metadata)
