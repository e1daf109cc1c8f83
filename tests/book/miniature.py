"""A miniature book that uses every construction a chapter may use, built with the real settings and extensions."""

from __future__ import annotations

import shutil
from pathlib import Path

ROOT = Path(__file__).parents[2]

TOC = """\
format: jb-book
root: intro
defaults:
  numbered: true
parts:
  - caption: Part
    chapters:
      - file: chapters/01-small
  - caption: Appendices
    numbered: false
    chapters:
      - file: appendices/claims
      - file: appendices/bibliography
"""

HEADER = """\
---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---

"""

CHAPTER = r"""# A small chapter

Is it small? The recursion of {cite:t}`someone2026`, prepared elsewhere {cite:p}`before2026`, is in
{prf:ref}`thm-half`, {eq}`eq-half`, {numref}`fig-half`,
{ref}`ex-half` and {prf:ref}`prop-one`.

```{prf:definition} Half
:label: def-half

The **half** of $x$ is $x / 2$.
```

```{prf:theorem} The law of $H$
:label: thm-half

% source: ours

For every $x$,

$$
H(x) = \frac{x}{2} .
$$ (eq-half)
```

```{prf:proof}
:class: dropdown

By {prf:ref}`def-half`. $a < b$ and

\begin{align}
a &= b \\
  &= c
\end{align}
```

```{prf:proposition}
:label: prop-one

One is one.
```
% source: Somebody (2026)

```{prf:proof}
Clear.
```

## Running it

```{code-cell} ipython3
:tags: [remove-cell]
from echolimit import HALF
```

```{code-cell} ipython3
---
tags: [hide-input]
mystnb:
  figure:
    name: fig-half
    caption: |
      A line with $y = x / 2$.
---
from IPython.display import HTML

line = '<svg viewBox="0 0 9 9"><path d="M0 0L9 9" stroke="currentColor"/></svg>'
HTML(f'<div class="echo-figure" role="img" aria-label="a line">{line}</div>')
```

```{code-cell} ipython3
print("half of one is", HALF)
```

```{note}
A note with *stress*, a [link](https://example.org) and

$$
1 + 1 = 2 .
$$
```

:::{admonition} What this means for practice
:class: tip

- one
- two $|x|$

1. first
2. second
:::

| a | b |
| --- | --- |
| $\lvert x \rvert$ | 2 |

```{exercise} Predict
:label: ex-half

What is half of $2$?
```

```{solution-start} ex-half
:class: dropdown
```

It is

```{code-cell} ipython3
print(2 * HALF)
```

```{solution-end}
```

```{exercise}
:label: ex-second

Prove it.
```

```{solution} ex-second
:class: dropdown

Done, see {eq}`eq-half`.
```
"""

TESTS = """\
import pytest
from controls import against


@pytest.mark.claim("thm-half")
@against(third=lambda x: x / 3)
def test_half(half=lambda x: x / 2):
    assert half(2) == 1


@pytest.mark.claim("prop-one")
@against(two=2)
def test_one(one=1):
    assert one == 1
"""

REFERENCES = """\
@misc{before2026,
  author = {Someone, Ann},
  title = {A note on thirds},
  eprint = {2601.00001},
  year = {2026},
}

@article{someone2026,
  author = {Someone, Ann},
  title = {On halves},
  journal = {Journal of Halves},
  year = {2026},
}
"""

LIBRARY = "HALF = 0.5\n"


def write_miniature(folder: Path) -> Path:
    """Write the miniature book into an empty folder and return it. The settings are the real book's."""
    files = {
        "_toc.yml": TOC,
        "intro.md": "# The miniature\n\nIt begins with {doc}`chapters/01-small`.\n",
        "chapters/01-small.md": HEADER + CHAPTER,
        "appendices/claims.md": "# Claims\n\n```{claims-table}\n```\n",
        "appendices/bibliography.md": "# Bibliography\n\n```{bibliography}\n```\n",
        "references.bib": REFERENCES,
        "lib/echolimit/__init__.py": LIBRARY,
        "tests/test_small.py": TESTS,
        "requirements.txt": "",
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    shutil.copy(ROOT / "_config.yml", folder)
    return folder


def edit(folder: Path, name: str, old: str, new: str) -> None:
    """Replace one piece of text in one file; it must be there."""
    path = folder / name
    text = path.read_text(encoding="utf-8")
    if old not in text:
        raise AssertionError(f"{name} of the miniature book does not hold {old!r}")
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
