import errno
import subprocess
import sys

import pytest

from auditor.cli.parser import main
from auditor.cli.refusals import sentence_of
from auditor.errors import Conflict, InvalidInput, NotFound, Unavailable


class Raises:
    """A command that ends as it is told."""

    def __init__(self, outcome):
        self.outcome = outcome

    def add_to(self, commands):
        commands.add_parser("do").set_defaults(execute=self.execute)

    def execute(self, _):
        if isinstance(self.outcome, int):
            return self.outcome
        raise self.outcome


@pytest.mark.parametrize("code", [0, 1, 2, 3, 4])
def test_the_exit_code_is_the_commands_own(code):
    assert main(["do"], [Raises(code)]) == code


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (Conflict("the audit is running"), "auditor: the audit is running\n"),
        (NotFound("there is no audit with this id; list them"), "auditor: there is no audit with this id; `auditor up` shows"),
        (InvalidInput("data.label", "name a column"), "auditor: data.label: name a column\n"),
        (OSError(errno.ENOSPC, "No space left on device"), "auditor: the disk is full: "),
        (KeyboardInterrupt(), "auditor: stopped\n"),
    ],
)
def test_an_error_is_one_line_without_a_traceback(error, said, capsys):
    code = main(["do"], [Raises(error)])
    err = capsys.readouterr().err
    assert code == (3 if isinstance(error, KeyboardInterrupt) else 2)
    assert err.startswith(said)
    assert err.count("\n") == 1


def test_a_mistake_of_the_program_leaves_its_details_in_a_file(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert main(["do"], [Raises(ZeroDivisionError("division by zero"))]) == 2
    err = capsys.readouterr().err
    assert "Traceback" not in err
    (details,) = tmp_path.glob("auditor-error-*.log")
    assert str(details) in err
    assert "ZeroDivisionError: division by zero" in details.read_text()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "COMMAND"),
        (["rum"], "invalid choice: 'rum'"),
        (["run"], "SPEC"),
        (["run", "a.yaml", "--ouput", "b"], "--ouput"),
        (["schema", "specification"], "specification"),
        (["up", "--port", "many"], "many"),
    ],
)
def test_wrong_arguments_are_one_line_and_exit_code_2(auditor, arguments, said):
    code, out, err = auditor(*arguments)
    assert code == 2
    assert out == ""
    assert said in err
    assert err.count("\n") == 1


def test_help_names_every_command(auditor):
    code, out, _ = auditor("--help")
    assert code == 0
    for command in ("run", "resume", "report", "attacks", "init", "schema", "up", "demo", "api", "worker", "beat", "migrate"):
        assert f"\n    {command} " in out


def test_the_version_is_said(auditor):
    code, out, _ = auditor("--version")
    assert code == 0
    assert out.startswith("auditor ")


def test_help_loads_no_learning_library():
    """People wait for this one."""
    code = "import sys, auditor.__main__ as m\ntry:\n    m.main(['--help'])\nexcept SystemExit:\n    print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60).stdout.split()
    for heavy in ("numpy", "pandas", "sklearn", "xgboost", "sqlalchemy", "celery", "flask", "rich"):
        assert heavy not in modules


def test_whoever_reads_no_further_sees_no_error():
    command = [sys.executable, "-m", "auditor", "schema", "result"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        running.stdout.close()
        assert running.stderr.read() == b""
    assert running.returncode == 2


def test_commands_that_train_nothing_load_neither_learning_library_nor_statistics():
    """Clock and API, and every command, wait for these seconds."""
    code = "import sys, auditor.workflow, auditor.web.app\nprint(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60).stdout.split()
    assert {"scipy.special", "sqlalchemy"} <= set(modules)
    assert not {"scipy.stats", "scipy.optimize", "sklearn", "xgboost"} & set(modules)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (Unavailable("the port is taken"), "the port is taken"),
        (OSError(errno.EACCES, "Permission denied", "/root/x"), "permission denied: /root/x; choose a place that you may use"),
        (FileNotFoundError(errno.ENOENT, "No such file", "audit.yaml"), "there is no file or folder audit.yaml"),
        (OSError(errno.EROFS, "Read-only", "/usr/x"), "/usr/x is on a read-only disk: choose another place"),
        (OSError(errno.EADDRINUSE, "Address already in use"), "the port is taken: choose another with --port"),
        (OSError(errno.EIO, "Input/output error"), "the machine refused: Input/output error"),
        (OSError("odd"), "the machine refused: OSError"),
    ],
)
def test_what_the_machine_refuses_is_said_as_something_to_change(error, said):
    assert sentence_of(error) == said
