"""One hypothesis profile for all tests: the same examples every time, no deadline, one thread."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

from hypothesis import Phase, settings

# No shrinking: most failures here are wanted ones (tests/controls.py), and shrinking them takes minutes.
settings.register_profile(
    "book", derandomize=True, deadline=None, max_examples=40, database=None, phases=(Phase.explicit, Phase.generate)
)
settings.load_profile("book")
