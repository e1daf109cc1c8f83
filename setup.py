"""Puts the records of recorded runs into the wheel, for pages that have no checkout; all else is in pyproject.toml."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

KEPT = {".json", ".toml", ".png"}


class CopyRecords(build_py):
    """Copy results/NAME with a record.json to echolimit/recorded/NAME; a checkout reads results/ itself."""

    def run(self):
        super().run()
        if self.editable_mode:
            return
        for record in sorted(Path("results").glob("*/record.json")):
            target = Path(self.build_lib) / "echolimit" / "recorded" / record.parent.name
            target.mkdir(parents=True, exist_ok=True)
            for file in record.parent.iterdir():
                if file.suffix in KEPT:
                    shutil.copyfile(file, target / file.name)


setup(cmdclass={"build_py": CopyRecords})
