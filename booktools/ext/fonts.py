"""Fonts cut to the characters that the pages show."""

from __future__ import annotations

from pathlib import Path

from fontTools.subset import Options, Subsetter, load_font, save_font


def cut(font: Path, folder: Path, wanted: set[int]) -> int:
    """Write the font with only the wanted glyphs into the folder; returns how many of them it has."""
    options = Options()
    options.flavor = "woff2"
    options.drop_tables += ["FFTM"]  # a stamp of the tool that made the font
    loaded = load_font(str(font), options)
    kept = wanted & set(loaded.getBestCmap())
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=kept)
    subsetter.subset(loaded)
    save_font(loaded, str(folder / f"{font.stem}.woff2"), options)
    return len(kept)
