"""Find the submissions in a folder as a learning platform exports it: whose each is, of which chapter, and its cells.

Names of files are tried first: Canvas writes lastname_123_456_chapter-04_s01.ipynb, Moodle a folder
Name_123_assignsubmission_file_/. Otherwise the notebook's own note of chapter and student counts.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from booktools.coursework.course import Student
from booktools.coursework.grading.words import one_line

MOST_BYTES = 100 << 20  # photographs of handwritten pages may be in it
MOST_ENTRIES = 1_000_000  # brackets and commas: a small file of nested lists would take gigabytes
MOST_CELLS, MOST_CELL = 500, 200_000
CHAPTER = re.compile(r"chapter[-_ ]?(\d{1,2})(?!\d)", re.IGNORECASE)
OTHER_ID = re.compile(r"chapter[-_ ]?\d{1,2}_([A-Za-z0-9][A-Za-z0-9.@-]*)", re.IGNORECASE)
NOT_SUBMISSIONS = {".ipynb_checkpoints", "__MACOSX"}
MOODLE = "_assignsubmission_"
CANVAS = re.compile(r"^[^_]+_(LATE_)?\d+_")


@dataclass(frozen=True)
class Submission:
    """One file. `problem` says why it cannot be run; `notes` what a reader of its marks should know."""

    path: Path
    student: str = ""
    chapter: str = ""
    made_for: str = ""  # the student in the notebook's own note
    own_numbers: str = ""  # digest of the numbers it was made with, from the same note
    is_named: bool = False  # its name says whose it is
    cells: tuple[str, ...] = ()
    digest: str = ""  # of the file
    problem: str = ""
    notes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The file as messages name it."""
        return one_line(self.path.name)


def find_submissions(folder: Path, roster: tuple[Student, ...], only_chapter: str = "") -> list[Submission]:
    """All files that somebody handed in, in the order of their paths; links are not followed."""
    files = sorted(files_below(folder))
    notebooks = [read_submission(path, folder, roster, only_chapter) for path in files if path.suffix == ".ipynb"]
    others = [other_file(path, folder, roster, only_chapter) for path in files if path.suffix != ".ipynb"]
    handed_in = {one.student for one in notebooks}
    return notebooks + [one for one in others if one.student and one.student not in handed_in]


def files_below(folder: Path) -> Iterator[Path]:
    """Files of the folder and those in it, without what systems and editors put there."""
    for place, folders, names in os.walk(folder, followlinks=False):
        folders[:] = sorted(one for one in folders if one not in NOT_SUBMISSIONS and not one.startswith("."))
        yield from (Path(place) / name for name in names if not name.startswith("."))


def read_submission(path: Path, folder: Path, roster: tuple[Student, ...], only_chapter: str) -> Submission:
    """One notebook file: who, which chapter, the cells."""
    named_chapter, named_student = chapter_in_name(path), student_in_name(path, folder, roster)
    try:
        content = read_bytes(path)
        notebook = parse(content)
    except UnreadableError as error:
        chapter = named_chapter or only_chapter
        return Submission(path, named_student or fallback(path, roster), chapter, problem=str(error))
    note = own_note(notebook)
    inner = known_id(str(note.get("student", "")), roster)
    found = Submission(
        path,
        student=named_student or inner or fallback(path, roster),
        chapter=named_chapter or str(note.get("chapter", ""))[:2] or only_chapter,
        made_for=inner,
        own_numbers=str(note.get("numbers", "")),
        is_named=bool(named_student),
        cells=code_cells(notebook),
        digest=hashlib.sha256(content).hexdigest(),
    )
    notes = []
    if roster and named_student and inner and named_student != inner:
        notes.append(f"The notebook was made for {inner}; the file's name says {named_student}, and the name counts.")
    other = OTHER_ID.search(path.stem)
    if roster and inner and not named_student and other:
        stranger = one_line(other.group(1), 40)
        notes.append(f"The file's name says {stranger}, who is not on the roster; it was graded as {inner}'s.")
    if roster and not inner:
        notes.append("The notebook does not say for whom it was made.")
    if named_chapter and note.get("chapter") not in (None, named_chapter):
        inner_chapter = one_line(str(note["chapter"]), 20)
        notes.append(
            f"The notebook is of chapter {inner_chapter}, but the file's name says {named_chapter}; the name counts."
        )
    return replace(found, notes=tuple(notes))


def other_file(path: Path, folder: Path, roster: tuple[Student, ...], only_chapter: str) -> Submission:
    """A file that is no notebook: it counts only for a student who sent nothing else."""
    kind = one_line(path.suffix or "file without an ending", 20)
    problem = f"{one_line(path.name)} ({kind}) is not a notebook: hand in the .ipynb file"
    chapter = chapter_in_name(path) or only_chapter
    return Submission(path, student_in_name(path, folder, roster), chapter, problem=problem)


class UnreadableError(ValueError):
    """Why a file is not a notebook that can be run, in words for its author."""


def read_bytes(path: Path) -> bytes:
    """A plain file of bearable size; a link could lead to the hidden checks."""
    try:
        with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise UnreadableError("it is not a plain file")
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise UnreadableError(f"it is a link or cannot be read ({error.strerror})") from None
    if len(content) > MOST_BYTES:
        raise UnreadableError(
            f"it is larger than {MOST_BYTES >> 20} MB: clear outputs, shrink pictures and hand in again"
        )
    return content


def parse(content: bytes) -> dict[str, Any]:
    """The notebook as JSON. Raises UnreadableError for anything that is not one of format 4."""
    if sum(content.count(sign) for sign in (b"[", b"{", b",")) > MOST_ENTRIES:
        raise UnreadableError("it holds too many values: clear the outputs and hand in again")
    try:
        notebook = json.loads(content)
    except (ValueError, RecursionError):
        raise UnreadableError("it is not a notebook (its text is not JSON)") from None
    if not isinstance(notebook, dict) or not isinstance(notebook.get("cells"), list):
        raise UnreadableError("it is not a notebook of format 4: save it with a current Jupyter")
    return notebook


def code_cells(notebook: dict[str, Any]) -> tuple[str, ...]:
    """The sources of its code cells; what is not one is passed over."""
    sources = [cell.get("source") for cell in notebook["cells"] if is_code(cell)]
    texts = ["".join(map(str, source)) if isinstance(source, list) else str(source) for source in sources]
    return tuple(text[:MOST_CELL].encode("utf-8", "replace").decode() for text in texts[:MOST_CELLS])


def is_code(cell: Any) -> bool:
    return isinstance(cell, dict) and cell.get("cell_type") == "code"


def own_note(notebook: dict[str, Any]) -> dict[str, Any]:
    """Chapter and student as the assignment wrote them into the notebook."""
    metadata = notebook.get("metadata")
    note = metadata.get("echo_limit") if isinstance(metadata, dict) else None
    return note if isinstance(note, dict) else {}


def chapter_in_name(path: Path) -> str:
    found = CHAPTER.search(path.name)
    return found.group(1).zfill(2) if found else ""


def known_id(text: str, roster: tuple[Student, ...]) -> str:
    """The id of the roster that the text is, in the roster's spelling; without a roster nobody is known."""
    return next((one.id for one in roster if one.id.lower() == text.strip().lower()), "")


def student_in_name(path: Path, folder: Path, roster: tuple[Student, ...]) -> str:
    """The one student of the roster whose id stands in the file's name, or in that of a folder above; "" if none."""
    parts = list(reversed(path.relative_to(folder).parts))
    parts.sort(key=lambda part: MOODLE not in part)  # the platform's word before the student's
    for part in parts:
        text = CHAPTER.sub(" ", part)
        found = {one.id for one in roster if stands_in(one.id, text)}
        if not found and MOODLE in part:
            name = part.split("_")[0].casefold()
            found = {one.id for one in roster if one.name and one.name.casefold() == name}
        longest = max(map(len, found), default=0)
        named = [one for one in found if len(one) == longest]  # s01 stands in s01-b too
        if len(named) == 1:
            return named[0]
    return ""


def uploader(path: Path) -> str:
    """Who uploaded a file, as the platform's export says it: a folder of Moodle's, the head of a name of Canvas's."""
    folders = [part for part in path.parts[:-1] if MOODLE in part]
    canvas = CANVAS.match(path.name)
    return folders[-1] if folders else canvas.group(0).replace("LATE_", "") if canvas else ""


def stands_in(word: str, text: str) -> bool:
    return re.search(rf"(?<![A-Za-z0-9]){re.escape(word)}(?![A-Za-z0-9])", text, re.IGNORECASE) is not None


def fallback(path: Path, roster: tuple[Student, ...]) -> str:
    """Without a roster the file's name is the student's; with one, nobody is known."""
    if roster:
        return ""
    who = [part.split("_")[0] for part in path.parts[-3:-1] if MOODLE in part]  # all notebooks have one name there
    return re.sub(r"[^A-Za-z0-9._@-]+", "-", "-".join([*who, path.stem])).strip("-.@_")[:100] or "unnamed"
