"""An assignment from a chapter: `assign.py` writes it.

master.py makes Otter's master notebook; from what Otter makes of it come the student's notebooks (student.py) and the
checks, with a zip for Gradescope (gradescope.py). instructor.py shows all to the instructor; references.py turns the
book's references into links.
"""
