"""Coursework from the chapters: assignments for students, and their marks.

The single source of an exercise, its answer and its checks is the chapter (`source.py` reads it). From it come the
page (booktools/ext/graded.py), the notebooks and the autograder (`master.py`, `assign.py`), and the marks
(`grading.py`, whose sandbox is `box/`). Nothing here is imported by the library.
"""
