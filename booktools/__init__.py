"""Tools that build the book: Sphinx extensions, notebook export, checks. Not part of the installed package."""
