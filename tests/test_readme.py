"""The README's example runs, in under a dozen lines, and what it promises about the rest is there."""

import re
import subprocess
import sys
from pathlib import Path

from numpy.testing import assert_allclose

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_examples_are_short_and_run(tmp_path):
    examples = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    assert len(examples) == 2
    assert all(len([line for line in example.splitlines() if line]) <= 10 for example in examples)
    # One after the other, outside the checkout, so that they see the package as installed.
    program = [sys.executable, "-W", "error", "-c", "\n".join(examples)]
    done = subprocess.run(program, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    printed = " ".join(re.findall(r"```text\n(.*?)```", README, flags=re.DOTALL))
    said, shown = ([float(n) for n in re.findall(r"[\d.]+(?:e-?\d+)?", text)] for text in (done.stdout, printed))
    assert_allclose(said, shown, rtol=1e-6)


def test_files_it_links_to_exist():
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", README) if "://" not in link]
    assert links
    for link in links:
        assert (ROOT / link).exists(), link


def test_folders_of_the_map_exist():
    for folder in re.findall(r"^\| `([\w/]+/)`", README, flags=re.MULTILINE):
        assert (ROOT / folder).is_dir(), folder


def test_targets_it_names_exist():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = set(re.findall(r"make (?:PYTHON=\S+ )?([a-z]+)\b", re.sub(r"[^`\n]*$", "", README)))
    for target in named & {"book", "test", "check", "serve", "bench", "links", "clean", "help"}:
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE), target
