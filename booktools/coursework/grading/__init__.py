"""Marks from a folder of submissions: `folder.py` goes through it, `results.py` writes what came out.

Each submission runs in a box (../box/); its answers (answers.py) are checked outside (checking.py), by processes that
live on over many submissions (pool.py). `command.py` is `make grade`.
"""

from booktools.coursework.grading.folder import IsolationError, grade_folder

__all__ = ["IsolationError", "grade_folder"]
