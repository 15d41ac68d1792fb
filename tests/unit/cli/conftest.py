"""The command line as `auditor` runs it, in this process."""

import pytest

from auditor.__main__ import main


@pytest.fixture
def auditor(capsys, monkeypatch, tmp_path):
    """Runs a command and returns (exit code, standard output, standard error)."""
    monkeypatch.setenv("AUDITOR_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "100")

    def run(*arguments):
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as left:
            code = left.code
        said = capsys.readouterr()
        return code, said.out, said.err

    return run
