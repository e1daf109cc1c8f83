"""Which names of the library the code of a page uses, and how a listing gets its links."""

from __future__ import annotations

from booktools.ext.code_links import link_listing
from booktools.ext.code_names import read_names

PAGE = """# A page

```{code-cell} ipython3
:tags: [hide-input]
import numpy as np
import echolimit as el
from echolimit import limit_law, transfer as kept
from echolimit.figures import role, show
```

```{code-cell} ipython3
---
mystnb:
  figure:
    name: fig-a
---
law = limit_law(el.GaussianMixture([1.0], [[0.0]], [1.0]), alpha=0.2, delta=0.1)
role = "data"
np.transfer
```

```python
show(law)
```

```bash
from echolimit import nothing
```
"""


def test_names_are_read_from_cells_and_listings() -> None:
    names = read_names(PAGE)
    assert names.modules == {"el"}
    assert names.used == {"limit_law", "GaussianMixture", "show"}


def test_a_name_with_a_second_meaning_is_left_alone() -> None:
    names = read_names(PAGE)
    assert "role" not in names.direct  # the page gives it to something else
    assert "kept" not in names.direct  # not under its own name


def test_code_that_is_no_python_is_passed_over() -> None:
    assert read_names("```python\nfrom echolimit import a; %time a(\n```\n").used == set()


def test_each_name_is_linked_once_a_listing_and_no_keyword() -> None:
    names = read_names(PAGE)
    law, el = '<span class="n">limit_law</span>', '<span class="n">el</span><span class="o">.</span>'
    keyword = '<span class="n">show</span><span class="o">=</span>'
    method = '<span class="n">x</span><span class="o">.</span><span class="n">show</span>'
    mixture = '<span class="n">GaussianMixture</span>'
    links = {name: f"api.html#api-{name}" for name in names.used}
    linked = link_listing(law + law + keyword + method + el + mixture, names, links)
    assert linked == (
        f'<a class="code-link" href="api.html#api-limit_law">{law}</a>{law}{keyword}{method}'
        f'{el}<a class="code-link" href="api.html#api-GaussianMixture">{mixture}</a>'
    )
