"""`auditor scan` tells what a file would run, and exits by what it found."""

import json
import os
import pickle
from pathlib import Path

import pytest

from auditor import cli
from auditor.cli.exits import BREACH, ERROR, INCONCLUSIVE, PASS


class Runs:
    def __reduce__(self) -> tuple[object, tuple[str, ...]]:
        return os.system, ("echo \x1b[2J",)


def run(*arguments: str) -> int:
    return cli.main(["scan", "--alone", *arguments], cli.COMMANDS)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b'{"learner": {}, "version": [3]}', PASS),
        (pickle.dumps(Runs()), BREACH),
        (pickle.dumps([1]), INCONCLUSIVE),
        (b"?", INCONCLUSIVE),
    ],
)
def test_exit_codes(tmp_path: Path, data: bytes, code: int) -> None:
    path = tmp_path / "model"
    path.write_bytes(data)
    assert run(str(path)) == code


def test_the_expression_is_printed_and_control_characters_are_not(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps(Runs()))
    run(str(path))
    printed = capsys.readouterr().out
    assert "would run" in printed
    assert "system('echo" in printed
    assert "\x1b[2J" not in printed


def test_the_report_as_json(tmp_path: Path) -> None:
    path, output = tmp_path / "model.pkl", tmp_path / "report.json"
    path.write_bytes(pickle.dumps(Runs()))
    run(str(path), "--output", str(output))
    document = json.loads(output.read_text())
    assert document["outcome"] == "breach"
    assert document["finding"]["family"] == "supply-chain"


def test_another_file_than_declared(tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    path.write_bytes(b'{"learner": {}, "version": [3]}')
    assert run(str(path), "--sha256", "0" * 64) == BREACH


def test_no_file_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(str(tmp_path / "none")) == ERROR
    assert "there is no file" in capsys.readouterr().err
