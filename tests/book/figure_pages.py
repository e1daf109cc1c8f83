"""Pages made of one figure, opened in the browser: what the tests of live figures share."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from booktools.browser import served
from echolimit import round_law
from echolimit.figures import assets
from strategies import line_example

TARGET = line_example()
TYPE_SIZES = """(all) => all.map((one) => {
  const scale = one.getScreenCTM();
  return parseFloat(getComputedStyle(one).fontSize) * Math.hypot(scale.a, scale.b);  // turned by 90 degrees, too
})"""
SETTLED = "() => [...document.querySelectorAll('live-fig, explore-fig')].every((figure) => figure.drawn)"


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """A folder of pages and its address on this machine."""
    folder = tmp_path_factory.mktemp("pages")
    with served(folder) as address:
        yield folder, address


@pytest.fixture
def show_page(browser: Any, pages: tuple[Path, str]) -> Iterator[Callable[..., Any]]:
    """Open a page made of the HTML given; an error on it or a request to another host fails the test."""
    folder, address = pages
    contexts, troubles = [], []

    def check(route: Any) -> None:
        if route.request.url.startswith((address, "data:")):
            route.continue_()
        else:
            troubles.append(route.request.url)
            route.abort()

    def open_page(text: str, width: int = 900, **settings: Any) -> Any:
        (folder / "page.html").write_text(text, encoding="utf-8")
        context = browser.new_context(viewport={"width": width, "height": 900}, **settings)
        contexts.append(context)
        page = context.new_page()
        page.route("**/*", check)
        page.on("console", lambda message: troubles.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.goto(address + "page.html")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert troubles == []


@functools.cache
def html_of(make: Callable[[], Any], below: str = "") -> str:
    """The page of a figure of the book as it is by default; below: more HTML under it."""
    return assets.page(make().html + below)


@pytest.fixture
def page(request: pytest.FixtureRequest, show_page: Callable[..., Any]) -> Any:
    """The page of the figure that the test module names in FIGURE, drawn."""
    shown = show_page(html_of(request.module.FIGURE))
    settled(shown)
    return shown


def settled(page: Any) -> Any:
    page.wait_for_function(SETTLED)
    return page.locator("live-fig, explore-fig").first


def wait_for(page: Any, name: str, value: Any) -> None:
    """Wait until the picture has been drawn with this value of the parameter."""
    page.wait_for_function(
        "([name, value]) => document.querySelector('live-fig, explore-fig').drawn[name] === value", arg=[name, value]
    )


def computed(page: Any, **values: float | str) -> dict[str, Any]:
    """What the script computes at these parameters."""
    return page.evaluate(
        """(values) => Object.fromEntries(Object.entries(document.querySelector("live-fig").compute(values))
          .map(([name, value]) => [name, ArrayBuffer.isView(value) ? [...value] : value]))""",
        values,
    )


def grid(page: Any) -> np.ndarray:
    return np.array(page.evaluate("() => document.querySelector('live-fig').spec.constants.x"))[:, None]


def round_density(rounds: int, alpha: float, delta: float, x: np.ndarray, target: Any = TARGET) -> np.ndarray:
    return (round_law(target, rounds, alpha, delta) if rounds else target).density(x)
