"""The icon fonts of the built site hold what its pages show, and nothing else of two thousand icons."""

from pathlib import Path

import pytest
from fontTools.ttLib import TTFont

from booktools.ext.icons import code_points, slim, theme_fonts

SHIPPED = theme_fonts()
FOLDER = "_static/vendor/fontawesome/0/"
SUN, GITHUB, NOTE, STAR = 0xF185, 0xF09B, 0xF05A, 0xF005
PAGE = f"""<link href="{FOLDER}css/all.min.css" rel="stylesheet" />
<link rel="preload" as="font" crossorigin href="{FOLDER}webfonts/fa-solid-900.woff2" />
<script src="{FOLDER}js/all.min.js?digest=1"></script><script src="other.js"></script>
<i class="fa-solid fa-sun fa-lg"></i><i class="fab fa-github"></i>"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A page and a style sheet with icons, and the theme's files as Sphinx copies them."""
    for folder in ("css", "webfonts", "js"):
        (tmp_path / FOLDER / folder).mkdir(parents=True)
        for file in (SHIPPED / folder).iterdir():
            (tmp_path / FOLDER / folder / file.name).write_bytes(file.read_bytes())
    (tmp_path / "index.html").write_text(PAGE)
    (tmp_path / "_static/theme.css").write_text('.note::after { content: "\\f05a"; }')
    slim(tmp_path, SHIPPED)
    return tmp_path


def glyphs(site: Path, font: str) -> set[int]:
    """The code points that a font of the site can draw."""
    return set(TTFont(site / FOLDER / "webfonts" / f"{font}.woff2").getBestCmap())


def test_the_fonts_keep_what_pages_and_styles_name(site: Path) -> None:
    assert glyphs(site, "fa-solid-900") == {SUN, NOTE}
    assert GITHUB in glyphs(site, "fa-brands-400")
    assert STAR in TTFont(SHIPPED / "webfonts/fa-solid-900.woff2").getBestCmap()


def test_the_style_sheet_keeps_their_rules_alone(site: Path) -> None:
    style = (site / FOLDER / "css/all.min.css").read_text()
    assert ".fa-sun:before" in style
    assert ".fa-lg{" in style
    assert "@font-face" in style
    assert ".fa-star:before" not in style


def test_the_script_that_draws_them_again_is_gone(site: Path) -> None:
    page = (site / "index.html").read_text()
    assert "all.min.js" not in page
    assert "other.js" in page
    assert not (site / FOLDER / "js/all.min.js").exists()


def test_doing_it_twice_changes_nothing(site: Path) -> None:
    before = {path: path.read_bytes() for path in site.rglob("*") if path.is_file() and path.suffix != ".woff2"}
    slim(site, SHIPPED)
    assert {path: path.read_bytes() for path in before} == before
    assert glyphs(site, "fa-solid-900") == {SUN, NOTE}


def test_an_icon_is_found_by_name_escape_and_character() -> None:
    style = '.fa-sun:before{content:"\\f185"}.fa-search:before,.fa-magnifying-glass:before{content:"\\f002"}'
    assert code_points(['<i class="fas fa-search fa-lg">'], style) == {0xF002}
    assert code_points(['content: "\\f05a"', "\uf185"], style) == {NOTE, SUN}
    assert code_points(['<i class="fa-unheard-of">'], style) == set()
