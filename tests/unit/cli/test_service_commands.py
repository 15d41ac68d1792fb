"""`up` and the parts of the service: what they would start, where they keep their data."""

import argparse
import logging
import os
import shlex
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from auditor import settings as settings_module
from auditor.cli import start, up
from auditor.cli.place import alone, log_to_file, settings_for
from auditor.errors import InvalidInput

ROOT = Path(__file__).parents[3]


@pytest.fixture
def settings(tmp_path):
    return settings_module.load({"AUDITOR_HOME": str(tmp_path / "home")})


class TestPlace:
    def arguments(self, home=None):
        return argparse.Namespace(home=home)

    def test_home_wins_over_the_environment(self, monkeypatch, tmp_path):
        monkeypatch.setenv("AUDITOR_HOME", "/elsewhere")
        found = settings_for(self.arguments(str(tmp_path)))
        assert found.home == tmp_path
        assert found.database_url == f"sqlite:///{tmp_path}/auditor.sqlite"

    def test_without_home_it_is_the_environments(self, monkeypatch, tmp_path):
        monkeypatch.setenv("AUDITOR_HOME", str(tmp_path))
        assert settings_for(self.arguments()).home == tmp_path

    def test_a_relative_home_is_made_absolute(self, monkeypatch, tmp_path):
        monkeypatch.chdir(tmp_path)
        assert settings_for(self.arguments("here")).home == tmp_path / "here"

    def test_a_setting_that_cannot_be_read_names_its_variable(self, monkeypatch):
        monkeypatch.setenv("AUDITOR_LEASE_SECONDS", "soon")
        with pytest.raises(InvalidInput, match="set AUDITOR_LEASE_SECONDS to a positive number"):
            settings_for(self.arguments())

    def test_alone_is_embedded_whatever_broker_is_set(self, monkeypatch, tmp_path):
        monkeypatch.setenv("AUDITOR_BROKER_URL", "redis://broker/0")
        assert not settings_for(self.arguments(str(tmp_path))).embedded
        assert alone(settings_for(self.arguments(str(tmp_path)))).embedded

    def test_warnings_go_to_a_file_of_the_owner_and_not_to_the_terminal(self, settings, capsys):
        root = logging.getLogger()
        before, level = root.handlers[:], root.level
        try:
            path = log_to_file(settings, "run")
            logging.getLogger("auditor.test").warning("the queue is slow")
            for handler in root.handlers:
                handler.close()
        finally:
            root.handlers[:] = before
            root.setLevel(level)
        assert "the queue is slow" in path.read_text()
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        assert capsys.readouterr() == ("", "")


class TestUp:
    @pytest.fixture
    def programs(self, settings):
        return {program.name: program for program in up.programs(settings, up.Address("127.0.0.1", 8123))}

    def test_it_starts_the_api_a_worker_and_the_clock(self, programs):
        assert set(programs) == {"the API", "the worker", "the clock"}

    def test_each_finds_its_place_and_writes_its_own_log(self, programs, settings):
        assert {program.environ["AUDITOR_HOME"] for program in programs.values()} == {str(settings.home)}
        assert len({program.output for program in programs.values()}) == 3
        assert {program.output.parent for program in programs.values()} == {settings.home / "logs"}

    def test_the_api_listens_where_it_was_told(self, programs):
        assert shlex.join(programs["the API"].command).endswith("-m auditor api --host 127.0.0.1 --port 8123")

    def test_the_worker_takes_from_both_queues(self, programs):
        command = programs["the worker"].command
        assert command[command.index("--queues") + 1] == "train,query"

    def test_beat_writes_no_file_of_its_own(self, programs):
        assert "--pidfile=" in programs["the clock"].command

    @pytest.mark.parametrize(
        ("host", "url"),
        [
            ("127.0.0.1", "http://127.0.0.1:80"),
            ("0.0.0.0", "http://127.0.0.1:80"),
            ("::1", "http://[::1]:80"),
            ("::", "http://127.0.0.1:80"),
            ("audits.example", "http://audits.example:80"),
        ],
    )
    def test_the_address_for_people_can_be_clicked(self, host, url):
        assert up.Address(host, 80).url == url

    def test_the_key_is_shown_at_the_first_start_only(self, settings, capsys):
        address = up.Address("127.0.0.1", 8123)
        keys = [up._prepared(settings), up._prepared(settings)]
        for key in keys:
            up._welcome(settings, address, key)
        out = capsys.readouterr().out
        assert keys[0].startswith("pat_")
        assert keys[1] is None
        assert out.count(keys[0]) == 1
        assert out.count("http://127.0.0.1:8123/\n") == 2

    def test_the_database_is_there_before_anything_is_started(self, settings):
        up._prepared(settings)
        assert (settings.home / "auditor.sqlite").stat().st_size > 0


class TestParts:
    def test_commands_run_this_interpreter(self):
        assert start.worker_command()[0] == start.beat_command()[0] == sys.executable

    def test_a_worker_does_not_gossip(self):
        assert {"--without-gossip", "--without-mingle", "--without-heartbeat"} <= set(start.worker_command())

    @pytest.mark.parametrize("part", ["worker", "beat"])
    def test_celery_understands_the_command(self, part, tmp_path):
        command = start.worker_command() if part == "worker" else start.beat_command()
        environ = {**os.environ, "AUDITOR_HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
        done = subprocess.run([*command, "--help"], env=environ, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr

    def test_migrate_makes_the_database(self, auditor, tmp_path):
        code, out, _ = auditor("migrate", "--home", tmp_path / "new")
        assert (code, out) == (0, "the database is up to date\n")
        assert (tmp_path / "new" / "auditor.sqlite").exists()

    def test_migrate_twice_is_fine(self, auditor):
        assert [auditor("migrate")[0] for _ in range(2)] == [0, 0]

    def test_ready_needs_a_database_with_tables(self, auditor):
        code, _, err = auditor("ready")
        assert code == 2
        assert err.count("\n") == 1
        auditor("migrate")
        assert auditor("ready")[:2] == (0, "ready\n")

    @pytest.mark.parametrize("role", ["viewer", "auditor", "record-reader", "admin"])
    def test_key_prints_the_key_and_nothing_else(self, auditor, role):
        code, out, _ = auditor("key", "--role", role, "--name", "nightly")
        assert code == 0
        assert out.startswith("pat_")
        assert out.count("\n") == 1

    def test_an_unknown_role_is_refused(self, auditor):
        assert auditor("key", "--role", "owner")[0] == 2

    def test_a_home_that_cannot_be_made_is_one_sentence(self, auditor, tmp_path):
        (tmp_path / "file").write_text("")
        code, _, err = auditor("migrate", "--home", tmp_path / "file" / "home")
        assert code == 2
        assert err.startswith("auditor: ")
        assert err.count("\n") == 1


class TestResume:
    @pytest.mark.parametrize("audit_id", ["nonsense", "0199b2a4-3c1e-7a40-9d2f-5b7c0e61a001"])
    def test_an_unknown_audit_is_one_sentence(self, auditor, audit_id):
        code, _, err = auditor("resume", audit_id)
        assert code == 2
        assert err.count("\n") == 1

    def test_an_output_that_cannot_be_written_is_told_before_anything_runs(self, auditor, tmp_path):
        code, _, err = auditor("resume", "x", "--output", tmp_path / "none" / "r.json")
        assert code == 2
        assert "there is no folder" in err
        assert not (tmp_path / "home").exists()


class TestRun:
    def test_a_spec_that_is_not_there_is_one_sentence(self, auditor, tmp_path):
        code, _, err = auditor("run", tmp_path / "none.yaml")
        assert code == 2
        assert "there is no file or folder" in err

    def test_a_wrong_spec_leaves_nothing_behind(self, auditor, tmp_path):
        (tmp_path / "a.yaml").write_text("spec: 1\natacks: quick\n")
        code, _, err = auditor("run", tmp_path / "a.yaml")
        assert code == 2
        assert "did you mean 'attacks'?" in err
        assert not (tmp_path / "home").exists()

    def test_an_output_folder_that_is_missing_is_told_first(self, auditor, tmp_path):
        (tmp_path / "a.yaml").write_text("not even yaml: [")
        code, _, err = auditor("run", tmp_path / "a.yaml", "--output", tmp_path / "none" / "r.json")
        assert code == 2
        assert "--output: there is no folder" in err
