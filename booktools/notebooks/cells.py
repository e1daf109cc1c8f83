"""Put the cells of an exported notebook together: text from the document, code from the source notebook."""

from __future__ import annotations

import nbformat
from docutils import nodes
from nbformat import NotebookNode
from sphinx.application import Sphinx

from booktools.notebooks.blocks import Blocks, details
from booktools.notebooks.numbers import counter_number, section_number

FOLDED = {"hide-input", "hide-cell", "remove-input", "remove-cell"}


class Exporter:
    """Walks through one resolved page and collects the cells."""

    def __init__(self, app: Sphinx, page: str, source: NotebookNode, pages_url: str) -> None:
        self.blocks = Blocks(app, page, pages_url)
        self.page = page
        self.first_words = ""  # below the title: how long the notebook runs
        self.source = source
        self.cells: list[NotebookNode] = []
        self.text: list[str] = []
        self.folded = ""  # inside a folded solution: what the bar over its next text says
        self.next_cell = 0  # index in the source notebook of the first cell not yet taken over

    @property
    def problems(self) -> list[str]:
        """What could not be written."""
        return self.blocks.problems

    def notebook(self, doctree: nodes.document, install: str) -> NotebookNode:
        """The whole notebook: install cell, text and code in the order of the page."""
        self.add_cell(nbformat.v4.new_code_cell(install, metadata={"tags": ["install"]}))
        for child in doctree.children:
            self.walk(child, depth=0)
        self.take_cells_before(len(self.source.cells))
        self.flush()
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        metadata = {"kernelspec": kernel, "language_info": {"name": "python"}, "colab": {"provenance": []}}
        for index, cell in enumerate(self.cells):
            cell["id"] = f"cell-{index:03d}"  # the same in every build, so that a changed export shows in a diff
        return nbformat.v4.new_notebook(cells=self.cells, metadata=metadata)

    def walk(self, node: nodes.Node, depth: int) -> None:
        """Sections and code cells here; what holds neither goes to `Blocks`."""
        if isinstance(node, nodes.section) and "ids" in node and is_heading_section(node):
            self.section(node, depth)
        elif is_code_cell(node):
            self.code(node)
        elif holds_code(node):
            self.open_block(node, depth)
        else:
            self.text.append(self.blocks.one(node))

    def section(self, node: nodes.section, depth: int) -> None:
        """A heading with the page's number, then what stands below it, in cells of its own."""
        self.flush()
        title, *rest = node.children
        number = section_number(self.blocks.env, self.page, node, is_chapter=depth == 0)
        heading = f"{number} {self.blocks.inline.text(title)}".strip()
        self.text.append(f"{'#' * (depth + 1)} {heading}")
        if depth == 0:
            self.text.append(f"This notebook is [a page of *The Echo Limit*]({self.blocks.page_url}).")
            self.text.append(self.first_words)
        for child in rest:
            self.walk(child, depth + 1)
        self.flush()

    def open_block(self, node: nodes.Element, depth: int) -> None:
        """A box with code cells in it: a heading and what follows; a folded one part by part."""
        children = node.children
        if "dropdown" in node["classes"] and children and isinstance(children[0], nodes.title) and not self.folded:
            self.folded_block(node, depth)
            return
        if children and isinstance(children[0], nodes.title):
            title, *children = children
            prefix = ""
            if type(node).__name__ == "exercise_enumerable_node":
                number = counter_number(self.blocks.env, self.page, "exercise", node["ids"])
                prefix = f"Exercise {number}"
            self.text.append(f"**{(prefix + self.blocks.inline.text(title)).strip()}**")
        for child in children:
            self.walk(child, depth)

    def folded_block(self, node: nodes.Element, depth: int) -> None:
        """A solution with code: every text of it opens on a click, and its code cells are folded."""
        self.flush()
        title, *children = node.children
        self.folded = title.astext().strip()
        for child in children:
            self.walk(child, depth)
        self.flush()
        self.folded = ""

    def code(self, node: nodes.Element) -> None:
        """One code cell; captions of its figures as text below it."""
        self.take_cells_before(node["cell_index"])
        self.take_cell(node["cell_index"])
        for figure in node.findall(nodes.figure):
            self.text.append(self.blocks.block_figure(figure))

    def take_cells_before(self, index: int) -> None:
        """Code cells that the page leaves out: later cells need their variables."""
        while self.next_cell < index:
            self.take_cell(self.next_cell)

    def take_cell(self, index: int) -> None:
        """Copy one code cell, without outputs."""
        self.next_cell = max(self.next_cell, index + 1)
        cell = self.source.cells[index]
        if cell.cell_type != "code" or not cell.source.strip():
            return
        self.flush()
        tags = list(cell.metadata.get("tags", []))
        metadata: dict[str, object] = {"tags": tags} if tags else {}
        if FOLDED & set(tags) or self.folded:
            metadata |= {"cellView": "form", "jupyter": {"source_hidden": True}}  # Colab's word, Jupyter's word
        self.add_cell(nbformat.v4.new_code_cell(cell.source, metadata=metadata))

    def flush(self) -> None:
        """End the text cell."""
        text = "\n\n".join(part for part in self.text if part)
        self.text = []
        if text and self.folded:
            text = details(self.folded, text)
            self.folded = self.folded.removesuffix(", continued") + ", continued"
        if text:
            self.add_cell(nbformat.v4.new_markdown_cell(text))

    def add_cell(self, cell: NotebookNode) -> None:
        """Append one cell."""
        self.cells.append(cell)


def is_heading_section(node: nodes.section) -> bool:
    """sphinx-proof and sphinx-exercise wrap their text in sections without a title."""
    return bool(node.children) and isinstance(node.children[0], nodes.title)


def is_code_cell(node: nodes.Node) -> bool:
    """A container that MyST-NB made for a code cell."""
    return isinstance(node, nodes.container) and node.get("nb_element") == "cell_code"


def holds_code(node: nodes.Node) -> bool:
    """Is there a code cell or a section somewhere below?"""
    return isinstance(node, nodes.Element) and any(is_code_cell(child) for child in node.findall(nodes.container))
