"""The workflows keep their safe shape: least rights, pinned actions, time limits, no credentials left."""

import re
from pathlib import Path

import pytest
import yaml

FOLDER = Path(__file__).resolve().parent.parent / ".github" / "workflows"
WORKFLOWS = sorted(FOLDER.glob("*.yml"))


def faults(text: str) -> list[str]:
    """What is wrong with the text of one workflow; empty when nothing is."""
    tree = yaml.safe_load(text)
    found = []
    # YAML 1.1 reads the bare key `on` as true.
    triggers = tree.get("on", tree.get(True))
    if "pull_request_target" in triggers:
        found.append("pull_request_target runs foreign code with this repository's rights")
    if tree.get("permissions") != {}:
        found.append("no rights at the top: permissions: {}")
    if "concurrency" not in tree:
        found.append("no concurrency group")
    for name, job in tree["jobs"].items():
        if not isinstance(job.get("permissions"), dict):
            found.append(f"{name}: rights not listed")
        if "timeout-minutes" not in job:
            found.append(f"{name}: no time limit")
        for step in job["steps"]:
            found += step_faults(name, step)
    for line in text.splitlines():
        if re.search(r"@[0-9a-f]{40}", line) and not re.search(r"# v\d+\.\d+\.\d+$", line):
            found.append(f"digest without its release: {line.strip()}")
    return found


def step_faults(name: str, step: dict) -> list[str]:
    """What is wrong with one step of the job `name`."""
    found = []
    uses = step.get("uses", "")
    if uses and not re.fullmatch(r"[\w./-]+@([0-9a-f]{40}|v\d+(\.\d+)*)", uses):
        found.append(f"{name}: {uses} has neither digest nor release tag")
    if uses.startswith("actions/checkout@") and step.get("with", {}).get("persist-credentials") is not False:
        found.append(f"{name}: checkout leaves its credentials behind")
    if "${{" in step.get("run", ""):
        found.append(f"{name}: an expression inside a shell command; pass it through env")
    return found


def test_there_are_the_four_workflows():
    assert [path.name for path in WORKFLOWS] == ["links.yml", "pages.yml", "pdf.yml", "test.yml"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflow_is_safe(path):
    assert faults(path.read_text(encoding="utf-8")) == []


BAD = """
on: [pull_request_target]
permissions: write-all
jobs:
  a:
    steps:
      - uses: actions/checkout@main
      - run: echo ${{ github.head_ref }}
      - uses: some/action@0123456789012345678901234567890123456789
"""


def test_each_rule_sees_its_fault():
    found = " / ".join(faults(BAD))
    for rule in ["pull_request_target", "no rights", "concurrency", "not listed", "time limit"]:
        assert rule in found
    for rule in ["neither digest", "credentials", "shell command", "without its release"]:
        assert rule in found


def test_only_the_deploying_job_may_write():
    writers = [
        (path.name, name)
        for path in WORKFLOWS
        for name, job in yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"].items()
        if "write" in job["permissions"].values()
    ]
    assert writers == [("pages.yml", "deploy")]
