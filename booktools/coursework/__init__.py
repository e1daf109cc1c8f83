"""Coursework from the chapters: assignments for students, and their marks.

The single source of an exercise, its answer and its checks is the chapter: source.py reads it into what exercises.py
defines, trial.py tries the answers against the checks. From it come the page (booktools/ext/exercises.py), the
notebooks and the autograder (handout/), and the marks (grading/), each submission run in a sandbox of its own (box/).
Nothing here is imported by the library.
"""
