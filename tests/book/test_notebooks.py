"""The exported notebooks: plain Markdown with the page's numbers, and they run where the book is not."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest

from book.miniature import ROOT
from booktools.notebooks.leftovers import find_leftovers
from booktools.repository import built_commit, read_repository

# What a Colab runtime brings, with the oldest numpy that the library takes where this Python has it: the versions must
# be the same after the install cell.
BARE = [
    "torch==2.13.0",
    "numpy==2.0.2; python_version < '3.13'",
    "numpy==2.1.3; python_version >= '3.13'",
    "scipy==1.16.*",
    "scikit-learn",
    "accelerate==1.15.0",
    "diffusers==0.42.1",
    "matplotlib",
    "ipywidgets",
    "nbclient",
    "ipykernel",
]
TIMEOUT = 300  # seconds for one notebook


def notebooks(site: Path) -> list[Path]:
    """All exports."""
    return sorted((site / "_notebooks").rglob("*.ipynb"))


def markdown(notebook: nbformat.NotebookNode) -> str:
    """All text of a notebook."""
    return "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def each_notebook(site: Path) -> Iterator[tuple[str, nbformat.NotebookNode]]:
    """Page name and notebook."""
    paths = notebooks(site)
    assert paths, "the built book holds no notebook"
    for path in paths:
        yield path.relative_to(site / "_notebooks").with_suffix("").as_posix(), nbformat.read(path, as_version=4)


def test_every_chapter_has_a_valid_notebook(site: Path) -> None:
    names = [name for name, notebook in each_notebook(site) if nbformat.validate(notebook) is None]
    assert {f"chapters/{path.stem}" for path in (ROOT / "chapters").glob("*.md")} <= set(names)


def test_no_directive_or_role_is_left(site: Path) -> None:
    for name, notebook in each_notebook(site):
        assert find_leftovers(notebook) == [], name
        text = markdown(notebook)
        for sign in ("{prf:", "{numref}", "{eq}", "{cite", "{ref}", ":::", "```{", "{doc}"):
            assert sign not in text, (name, sign)


@pytest.mark.parametrize(
    "text",
    ["```{note}\nx\n```", ":::{tip}\nx\n:::", "see {numref}`fig-a`", ":label: thm-a", "(here)=", "% source: ours"],
)
def test_left_over_myst_is_found(text: str) -> None:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(f"Before.\n\n{text}\n")])
    assert len(find_leftovers(notebook)) >= 1


def test_ordinary_text_and_formulas_are_no_left_overs() -> None:
    text = "A set $\\{x\\}$, 50 % of it, `code {x}` and `y`.\n\n```python\nx = {1}\n```\n\n$$\n\\frac{a}{b}\n$$"
    assert find_leftovers(nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(text)])) == []


def test_the_first_cells_install_the_library_and_link_the_page(site: Path) -> None:
    repository = read_repository(ROOT)
    for name, notebook in each_notebook(site):
        first, second, *_ = notebook.cells
        assert first.cell_type == "code", name
        assert f"git+{repository.url}@" in first.source, name
        assert ("torch.cuda.is_available()" in first.source) == ("echolimit[images]" in first.source), name
        assert second.source.startswith("# "), name
        assert f"{repository.pages_url}{name}.html" in second.source, name


def test_numbers_are_those_of_the_page(site: Path) -> None:
    for name, notebook in each_notebook(site):
        html = (site / f"{name}.html").read_text(encoding="utf-8")
        text = markdown(notebook)
        titles = [t.strip() for t in re.findall(r'<span class="caption-number">([^<]+)</span>', html)]
        missing = [title for title in titles if f"**{title}" not in text]
        assert missing == [], name
        equations = re.findall(r'<span class="eqno">\(([\d.]+)\)', html)
        assert re.findall(r"\\tag\{([\d.]+)\}", text) == equations, name
        headings = re.findall(r'<h[123]><span class="section-number">([\d.]+)\. </span>', html)
        assert re.findall(r"^#+ ([\d.]+) ", text, re.MULTILINE) == headings, name


def interpreter(folder: Path) -> Path:
    """The Python of a virtual environment."""
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


@pytest.fixture(scope="module")
def bare_python() -> Path:
    """A virtual environment as Colab is: no book, no library. Kept in _build, made anew when the list changes.

    Nothing is compiled ahead: the notebooks import a small part of what is installed.
    """
    digest = hashlib.sha256("\n".join([*BARE, sys.version]).encode()).hexdigest()[:12]
    folder = ROOT / "_build" / "bare-venv" / digest
    stamp = folder / "complete"
    if not stamp.is_file():
        shutil.rmtree(folder.parent, ignore_errors=True)  # those of former lists, too
        venv.create(folder, with_pip=True)
        subprocess.run([interpreter(folder), "-m", "pip", "install", "-q", "--no-compile", *BARE], check=True)
        stamp.touch()
    pip = [interpreter(folder), "-m", "pip"]
    subprocess.run([*pip, "uninstall", "-q", "-y", "echolimit"], check=True, capture_output=True)
    return interpreter(folder)


def versions(python: Path) -> dict[str, str]:
    """What is installed there, apart from the library."""
    listed = subprocess.run([python, "-m", "pip", "list", "--format=json"], check=True, capture_output=True, text=True)
    return {entry["name"]: entry["version"] for entry in json.loads(listed.stdout) if entry["name"] != "echolimit"}


def clone_as_github(environment: dict[str, str]) -> dict[str, str]:
    """Let git fetch the repository's GitHub address from the clone that the tests run in."""
    settings = {f"url.{ROOT.as_uri()}.insteadOf": read_repository(ROOT).url, "safe.directory": "*"}
    for index, (key, value) in enumerate(settings.items()):
        environment |= {f"GIT_CONFIG_KEY_{index}": key, f"GIT_CONFIG_VALUE_{index}": value}
    return environment | {"GIT_CONFIG_COUNT": str(len(settings))}


RUN = """
import sys, nbformat
from nbclient import NotebookClient
notebook = nbformat.read(sys.argv[1], as_version=4)
NotebookClient(notebook, timeout=int(sys.argv[2]), kernel_name="python3").execute()
"""


@pytest.mark.slow
def test_every_notebook_runs_top_to_bottom_where_only_the_usual_packages_are(
    site: Path, bare_python: Path, tmp_path: Path
) -> None:
    assert built_commit(ROOT) != "main", "nothing is committed here: the install cell has no commit to install"
    before = versions(bare_python)
    hidden = ("PYTHONPATH", "VIRTUAL_ENV", "ECHOLIMIT_BUILDING_BOOK", "JUPYTER_PATH")
    environment = clone_as_github({k: v for k, v in os.environ.items() if k not in hidden})
    environment["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"
    for path in notebooks(site):
        folder = tmp_path / path.stem
        folder.mkdir()
        result = subprocess.run(
            [bare_python, "-c", RUN, path, str(TIMEOUT)], cwd=folder, env=environment, capture_output=True, text=True
        )
        assert result.returncode == 0, f"{path.name}\n{result.stderr[-4000:]}"
    after = versions(bare_python)
    assert {name: after.get(name) for name in before} == before, "installing the library changed what was there"
    where = "import echolimit; print(echolimit.__file__)"
    installed = subprocess.run([bare_python, "-c", where], cwd=tmp_path, check=True, capture_output=True, text=True)
    assert str(bare_python.parents[1]) in installed.stdout, "the install cell installed nothing"
