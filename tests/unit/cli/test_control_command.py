"""From a new key to a believed authorisation, as people at a terminal do it."""

import json
import re
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., tuple[int, str, str]]
URL = "https://models.example.com/v2/models/m/infer"


@pytest.fixture
def key(auditor: Run, tmp_path: Path) -> tuple[Path, str]:
    path = tmp_path / "admin.pem"
    code, out, _ = auditor("control", "keygen", "--output", path)
    assert code == 0
    return path, re.findall(r"ed25519:\S+", out)[0]


def signed(auditor: Run, key: Path, output: Path, *more: str) -> Path:
    flags = ("--key", key, "--by", "Ada", "--budget", "1000", "--output", output)
    assert auditor("control", "sign", "models.example.com", *flags, *more)[0] == 0
    return output


def test_the_token_is_the_same_each_time_and_another_for_each_host(auditor: Run) -> None:
    first, again, other = (
        auditor("control", "token", url)[1] for url in (URL, "http://models.example.com:80/", "https://b.example/")
    )
    assert first.splitlines()[0] == again.splitlines()[0] != other.splitlines()[0]
    assert "/.well-known/privacy-auditor.txt" in first
    assert "_privacy-auditor.models.example.com" in first


def test_an_authorisation_goes_from_the_administrator_to_the_auditor(auditor: Run, key: tuple[Path, str], tmp_path: Path) -> None:
    path, public = key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    file = signed(auditor, path, tmp_path / "authorisation.json", "--attacks", "membership, surrogate")
    assert json.loads(file.read_text())["attacks"] == ["membership", "surrogate"]
    code, _, told = auditor("control", "accept", file)
    assert (code, "not registered here" in told) == (2, True)
    assert auditor("control", "trust", public, "--name", "ops")[0] == 0
    assert "the authorisation that Ada signed with the key 'ops'" in auditor("control", "accept", file)[1]
    assert "1,000 rows an audit" in auditor("control", "show", URL)[1]
    assert auditor("control", "show", "https://other.example.com/")[1] == "Nobody has shown control over this endpoint.\n"


def test_a_window_is_what_was_asked_for(auditor: Run, key: tuple[Path, str], tmp_path: Path) -> None:
    window = ("--starts", "2026-03-02T09:00:00Z", "--ends", "2026-03-03T09:00:00Z")
    document = json.loads(signed(auditor, key[0], tmp_path / "a.json", *window).read_text())
    assert (document["from"], document["until"]) == ("2026-03-02T09:00:00Z", "2026-03-03T09:00:00Z")
    assert auditor("control", "trust", key[1], "--name", "ops")[0] == 0
    code, _, told = auditor("control", "accept", tmp_path / "a.json")
    assert (code, "ended on 2026-03-03" in told) == (2, True)


def test_mistakes_are_one_sentence(auditor: Run, key: tuple[Path, str], tmp_path: Path) -> None:
    bad = tmp_path / "bad.json"
    bad.write_text("{")
    sign = ("control", "sign", "models.example.com", "--key", key[0], "--by", "Ada", "--output", tmp_path / "x.json", "--budget")
    for arguments in [
        ("control", "accept", bad),
        ("control", "accept", tmp_path / "nowhere.json"),
        ("control", "keygen", "--output", key[0]),
        ("control", "trust", "ed25519:AAAA", "--name", "x"),
        ("control", "token", "models.example.com"),
        ("control", "show", "ftp://models.example.com/"),
        ("control", "check", "http://10.0.0.1/"),
        ("control", "check", "https://127.0.0.1:9/", "--ca", bad),
        ("control", "check", "https://127.0.0.1:9/", "--certificate", "NOT_SET"),
        (*sign, "0"),
        (*sign, "10", "--ends", "tomorrow"),
        (*sign, "10", "--attacks", " , "),
    ]:
        code, out, told = auditor(*arguments)
        assert (code, out) == (2, ""), arguments
        assert told.startswith("auditor: ")
        assert told.count("\n") == 1
    assert not (tmp_path / "x.json").exists()
