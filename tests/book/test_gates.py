"""Each gate of the build, seen to close: a miniature book is whole, then broken in one place."""

from __future__ import annotations

from pathlib import Path

import pytest

from book.miniature import edit

CHAPTER = "chapters/01-small.md"
TESTS = "tests/test_small.py"
SOME_TEXT = "Is it small?"
MARK = '@pytest.mark.claim("thm-half")'
CONTROL = "@against(third=lambda x: x / 3)\n"

# name: (file, old text, new text, what the build must say)
BREAKS = {
    "cell error": (CHAPTER, 'print("half of one is", HALF)', "raise OSError('broken cell')", ["01-small", "rror"]),
    "sphinx warning": (CHAPTER, SOME_TEXT, "```{nothing-like-it}\n```", ["nothing-like-it"]),
    "broken reference": (
        CHAPTER,
        SOME_TEXT,
        "{numref}`fig-gone` {eq}`eq-gone` {prf:ref}`thm-gone` {ref}`sec-gone` {doc}`page-gone` [text](file-gone.md)",
        ["fig-gone", "eq-gone", "thm-gone", "sec-gone", "page-gone", "file-gone"],
    ),
    "formula that cannot be read": (CHAPTER, SOME_TEXT, r"$\nosuchsign$", ["MathJax cannot read", "nosuchsign"]),
    "broken citation": (CHAPTER, SOME_TEXT, "{cite:t}`nobody1999`", ["nobody1999"]),
    "claim without test": (TESTS, MARK + "\n" + CONTROL, "", ["thm-half", "no test"]),
    "mark without label": (TESTS, MARK, MARK.replace("half", "gone"), ["thm-gone", "no chapter states"]),
    "claim without source": (CHAPTER, "% source: ours\n", "", ["thm-half", "% source"]),
    "claim without label": (CHAPTER, ":label: thm-half\n", ":label: half\n", ["a theorem needs a label"]),
    "claim test without control": (TESTS, CONTROL, "", ["test_half", "@against"]),
    "image from another host": (
        CHAPTER,
        SOME_TEXT,
        '<img alt="a dot" src="https://example.org/dot.png">\n\n',
        ["https://example.org/dot.png", "another host"],
    ),
    "script from another host": (
        CHAPTER,
        SOME_TEXT,
        '<script type="module">import "https://example.org/a.js"</script>\n\n',
        ["https://example.org/a.js", "another host"],
    ),
    "style from another host": (
        CHAPTER,
        SOME_TEXT,
        "<style>@import url(//example.org/a.css);</style>\n\n",
        ["//example.org/a.css", "another host"],
    ),
    "figure without words": (CHAPTER, SOME_TEXT, '<svg id="mute" width="9"></svg>\n\n', ["mute", "without words"]),
    "image without words": (CHAPTER, SOME_TEXT, '<img src="../_static/file.png">\n\n', ["without alt text"]),
    "text that only MyST can read": (CHAPTER, SOME_TEXT, "```{versionadded} 1.0\n```", ["versionmodified"]),
}


@pytest.mark.slow
def test_the_unbroken_miniature_builds(built_miniature: Path) -> None:
    assert (built_miniature / "_build" / "html" / "chapters" / "01-small.html").is_file()


@pytest.mark.slow
@pytest.mark.parametrize("name", BREAKS)
def test_the_build_fails_on(name: str, miniature: Path, build) -> None:
    file, old, new, words = BREAKS[name]
    edit(miniature, file, old, new)
    result = build(miniature)
    assert result.returncode != 0, result.stdout
    for word in words:
        assert word in result.stdout


def test_a_folder_without_a_book_is_refused(tmp_path: Path, build) -> None:
    result = build(tmp_path)
    assert result.returncode != 0
    assert "_config.yml" in result.stdout
    assert "--source" in result.stdout
