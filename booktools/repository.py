"""The repository's address, read from its one place (`repository.url` in _config.yml), and what follows from it."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

import yaml


@dataclass(frozen=True)
class Repository:
    """A GitHub repository: organisation and name."""

    organisation: str
    name: str

    @property
    def url(self) -> str:
        """Address of the repository itself."""
        return f"https://github.com/{self.organisation}/{self.name}"

    @property
    def pages_url(self) -> str:
        """Address of the published book, with a closing slash."""
        return f"https://{self.organisation.lower()}.github.io/{self.name}/"

    def colab_url(self, page: str) -> str:
        """Address that opens the exported notebook of `page` ("chapters/03-limit") on Colab."""
        place = f"{self.organisation}/{self.name}/blob/gh-pages/{notebook_path(page)}"
        return f"https://colab.research.google.com/github/{place}"

    def pip_address(self, commit: str, extra: str = "") -> str:
        """What pip installs: the package at one commit, with an extra of its pyproject.toml or without."""
        address = f"git+{self.url}@{commit}"
        return f"echolimit[{extra}] @ {address}" if extra else address


def notebook_path(page: str) -> str:
    """Where the export of `page` lies, relative to the root of the built site."""
    return f"_notebooks/{page}.ipynb"


def parse_repository(url: str) -> Repository:
    """Read "https://github.com/ORG/REPO". Raises ValueError for any other form."""
    prefix = "https://github.com/"
    parts = url.removeprefix(prefix).removesuffix(".git").strip("/").split("/")
    if not url.startswith(prefix) or len(parts) != 2 or not all(parts):
        raise ValueError(f"repository.url must be {prefix}ORG/REPO, got {url!r}; mend it in _config.yml")
    return Repository(*parts)


def read_repository(source: Path) -> Repository:
    """The address in the `_config.yml` of the book whose sources lie in `source`."""
    settings = yaml.safe_load((source / "_config.yml").read_text(encoding="utf-8"))
    return parse_repository(settings["repository"]["url"])


def built_commit(source: Path) -> str:
    """The commit that is checked out in `source`; "main" where there is none (an archive without git)."""
    command = ["git", "-C", str(source), "rev-parse", "--verify", "-q", "HEAD"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return "main"
    return answer.stdout.strip() or "main"
