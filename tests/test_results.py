"""Records of recorded runs are found in a checkout, in a folder that is named, and in an installed copy."""

import json
import subprocess
import sys

import pytest

from echolimit import results
from echolimit.results import list_records, load_record


def write(root, name, text):
    (root / name).mkdir(parents=True)
    (root / name / "record.json").write_text(text)


def test_a_record_is_found_with_its_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("ECHOLIMIT_RESULTS", str(tmp_path))
    write(tmp_path, "plane-a01", json.dumps({"alpha": [0.1]}))
    (tmp_path / "waiting").mkdir()
    assert load_record("plane-a01") == {"alpha": [0.1], "folder": tmp_path / "plane-a01"}
    assert load_record("plane-a05") is None
    assert load_record("waiting") is None
    assert list_records() == ["plane-a01"]


def test_the_checkout_comes_before_the_installed_copy(tmp_path, monkeypatch):
    monkeypatch.delenv("ECHOLIMIT_RESULTS", raising=False)
    module = tmp_path / "lib" / "echolimit" / "results.py"
    monkeypatch.setattr(results, "__file__", str(module))
    write(module.parent / "recorded", "one", '{"from": "wheel"}')
    assert load_record("one")["from"] == "wheel"
    write(tmp_path / "results", "one", '{"from": "checkout"}')
    write(tmp_path / "results", "two", "{}")
    assert load_record("one")["from"] == "checkout"
    assert list_records() == ["one", "two"]


def test_damage_and_wrong_names_are_named(tmp_path, monkeypatch):
    monkeypatch.setenv("ECHOLIMIT_RESULTS", str(tmp_path))
    write(tmp_path, "torn", '{"alpha": [')
    write(tmp_path, "list", "[]")
    with pytest.raises(ValueError, match=r"is damaged .* restore it"):
        load_record("torn")
    with pytest.raises(ValueError, match="must hold one JSON object, got list"):
        load_record("list")
    for name in ("../torn", "", "a/b", ".hidden", None):
        with pytest.raises(ValueError, match="name must be made of letters"):
            load_record(name)
    monkeypatch.setenv("ECHOLIMIT_RESULTS", str(tmp_path / "none"))
    with pytest.raises(ValueError, match="ECHOLIMIT_RESULTS must name a folder"):
        list_records()


def test_records_are_read_without_torch_and_pictures():
    code = (
        "import sys, echolimit.results; print(sorted({'torch', 'PIL', 'matplotlib', 'accelerate'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_record_of_the_checkout_is_whole():
    for name in list_records():
        record = load_record(name)
        if "settings" not in record:  # a record of several runs
            continue
        assert record["name"] == name
        assert len(record["alpha"]) == len(record["delta"]) >= record["rounds"]
        assert record["data"]["provenance"]
        assert record["minutes"] > 0
