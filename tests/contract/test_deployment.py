"""The compose file, the image, the Makefile and the package. No container engine runs here: files are read, commands are run."""

import json
import os
import re
import shlex
import stat
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

from auditor import settings

ROOT = Path(__file__).parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}
DOCUMENTED = dict(re.findall(r"^\| ([\w-]+) \| `(.+)` \|$", (ROOT / "docs" / "deploy.md").read_text(), flags=re.MULTILINE))
MAKEFILE = (ROOT / "Makefile").read_text()


def environment(service):
    return service.get("environment", {})


class TestComposeWithS3:
    ADDED = yaml.safe_load((ROOT / "docker-compose.s3.yml").read_text())

    def test_who_reads_and_writes_records_is_told_where_and_can_get_there(self):
        assert set(self.ADDED["services"]) == {"api", "worker-train", "worker-query"}
        for service in self.ADDED["services"].values():
            assert service["environment"]["AUDITOR_ARTIFACTS_URL"].startswith("${AUDITOR_ARTIFACTS_URL:?")
            assert {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL_S3"} <= set(service["environment"])
            assert service["networks"] == ["store"]
        assert self.ADDED["networks"] == {"store": {}}  # not internal: it leads out

    def test_credentials_are_passed_on_and_never_written_down(self):
        given = self.ADDED["services"]["api"]["environment"]
        assert all(value is None for name, value in given.items() if name.startswith("AWS_") and name != "AWS_DEFAULT_REGION")

    def test_the_image_can_speak_to_the_store(self):
        extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
        assert any(Requirement(one).name == "s3fs" for one in extras["s3"])
        assert 'install --no-cache-dir ".[models,s3]"' in (ROOT / "Dockerfile").read_text()


class TestCompose:
    def test_it_has_the_services_of_the_product(self):
        expected = {"api", "worker-train", "worker-query", "beat", "migrate", "redis", "postgres", "target"}
        assert set(SERVICES) == expected

    @pytest.mark.parametrize("name", OURS)
    def test_each_command_is_the_one_in_the_documentation(self, name):
        assert OURS[name]["command"] == DOCUMENTED[name]

    def test_each_documented_command_is_used(self):
        assert set(DOCUMENTED) == set(OURS)

    @pytest.mark.parametrize("name", SERVICES)
    def test_each_is_locked_down(self, name):
        service = SERVICES[name]
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert service["user"].split(":")[0] != "0"
        assert "/tmp" in service["tmpfs"]
        assert not {"privileged", "cap_add", "network_mode", "pid"} & set(service)

    @pytest.mark.parametrize("name", SERVICES)
    def test_each_has_a_health_check_or_ends(self, name):
        assert name == "migrate" or SERVICES[name]["healthcheck"]["test"]

    def test_only_the_api_is_published_and_on_loopback(self):
        published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
        assert list(published) == ["api"]
        assert all(port.startswith("127.0.0.1:") for port in published["api"])

    @pytest.mark.parametrize("name", ["postgres", "redis"])
    def test_databases_have_no_way_out(self, name):
        assert SERVICES[name]["networks"] == ["inside"]
        assert COMPOSE["networks"]["inside"]["internal"] is True

    def test_only_the_worker_that_queries_reaches_targets(self):
        reach = {name for name in OURS if "targets" in OURS[name]["networks"]}
        assert reach == {"worker-query", "target"}

    def test_redis_keeps_its_queue_and_wants_a_password(self):
        command = SERVICES["redis"]["command"]
        for part in ("--appendonly yes", "--maxmemory-policy noeviction", "--requirepass"):
            assert part in command

    @pytest.mark.parametrize("name", SERVICES)
    def test_secrets_come_from_the_environment_and_must_be_set(self, name):
        for key, value in environment(SERVICES[name]).items():
            if re.search(r"PASSWORD|MASTER_KEY|(DATABASE|BROKER)_URL$", key):
                assert re.search(r"\$\{\w+:\?set \w+\}", value), key

    @pytest.mark.parametrize("name", OURS)
    def test_every_variable_is_a_setting(self, name):
        known = {settings.PREFIX + field.upper() for field in settings.Settings.__dataclass_fields__}
        assert set(environment(OURS[name])) <= known

    def test_the_demonstrations_target_is_not_started_unless_asked_for(self):
        assert SERVICES["target"]["profiles"] == ["demo"]
        assert [name for name, service in SERVICES.items() if "profiles" in service] == ["target"]

    @pytest.mark.parametrize("name", ["api", "worker-train", "worker-query", "beat"])
    def test_nothing_starts_before_the_database_is_up_to_date(self, name):
        after = OURS[name]["depends_on"]
        assert after["migrate"]["condition"] == "service_completed_successfully"
        assert after["redis"]["condition"] == "service_healthy"

    def test_every_queue_has_a_worker(self):
        from auditor.dispatch.celery_app import QUEUES

        served = [shlex.split(OURS[name]["command"])[-1] for name in ("worker-train", "worker-query")]
        assert sorted(served) == sorted(QUEUES)


class TestCommands:
    """Each start command is a program that exists and reads its flags; that it serves is shown end to end."""

    @pytest.mark.parametrize("command", sorted({*DOCUMENTED.values()}))
    def test_it_is_understood(self, command, tmp_path):
        program, *arguments = shlex.split(command)
        if program == "gunicorn":
            line = [sys.executable, "-m", "gunicorn", "--check-config", *arguments]
        elif program == "auditor":
            line = [sys.executable, "-m", "auditor", arguments[0], "--help"]
        else:
            assert program == "python"
            line = [sys.executable, *arguments, "--help"]
        environ = {**os.environ, "PYTHONPATH": str(ROOT), "AUDITOR_HOME": str(tmp_path)}
        done = subprocess.run(line, env=environ, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr

    @pytest.mark.parametrize("queues", ["train", "query", "train,query"])
    def test_a_worker_becomes_celery_with_its_queues(self, queues):
        from auditor.cli.start import worker_command

        command = worker_command(queues)
        assert command[:4] == (sys.executable, "-m", "celery", "--app")
        assert command[command.index("--queues") + 1] == queues
        assert command[command.index("--pool") + 1] == "threads"

    def test_the_entry_point_is_what_the_project_declares(self):
        project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
        assert project["scripts"] == {"auditor": "auditor.__main__:main"}


class TestImage:
    TEXT = (ROOT / "Dockerfile").read_text()

    def test_it_runs_as_nobody_special(self):
        (user,) = re.findall(r"^USER (\S+)$", self.TEXT, flags=re.MULTILINE)
        assert {service["user"] for service in OURS.values()} == {user}

    def test_it_is_built_in_two_stages_from_a_slim_image(self):
        stages = re.findall(r"^FROM (\S+)", self.TEXT, flags=re.MULTILINE)
        assert len(stages) == 2
        assert all(stage.endswith("-slim") for stage in stages)

    def test_its_version_is_the_projects(self):
        version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
        assert {service["image"] for service in OURS.values()} == {f"privacy-attack-auditor:{version}"}

    def test_it_carries_no_secret_and_no_history(self):
        ignored = (ROOT / ".dockerignore").read_text().split()
        assert {".git", ".venv", "demo-output"} <= set(ignored)
        assert not re.search(r"PASSWORD|MASTER_KEY", self.TEXT)


class TestMake:
    @pytest.mark.parametrize("target", ["install", "demo", "test", "lint", "bench", "clean"])
    def test_each_target_can_be_planned(self, target):
        done = subprocess.run(["make", "--dry-run", target], cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    def test_demo_passes_its_arguments_on(self):
        done = subprocess.run(["make", "--dry-run", "demo", "ARGS=--safe"], cwd=ROOT, capture_output=True, text=True, check=True)
        assert ".venv/bin/auditor demo --safe" in done.stdout

    def test_an_old_python_is_one_sentence(self, tmp_path):
        old = tmp_path / "oldpython"
        old.write_text('#!/bin/sh\nexec python3 -c "import sys; sys.exit(1)"\n')
        old.chmod(0o755)
        line = ["make", f"PYTHON={old}", f"VENV={tmp_path / 'venv'}", "install"]
        done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode != 0
        assert "is older than 3.11; install a newer Python" in done.stderr
        assert not (tmp_path / "venv").exists()

    def test_no_python_is_one_sentence(self, tmp_path):
        line = ["make", "PYTHON=no-such-python", f"VENV={tmp_path / 'venv'}", "install"]
        done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode != 0
        assert "there is no no-such-python; install Python 3.11 or newer" in done.stderr

    def test_all_four_levels_are_run(self):
        for level in ("unit", "contract", "statistical", "e2e"):
            assert f"tests/{level}" in MAKEFILE

    def test_ci_runs_lint_and_test_and_stops_at_the_first_failure(self):
        path = ROOT / ".ci" / "run"
        assert path.stat().st_mode & stat.S_IXUSR
        text = path.read_text()
        assert "set -eu" in text
        assert text.index("make lint") < text.index("make test")


class TestPackage:
    PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())

    def test_data_files_are_shipped(self):
        patterns = self.PROJECT["tool"]["setuptools"]["package-data"]["*"]
        needed = [
            p
            for folder in ("auditor", "migrations")
            for p in (ROOT / folder).rglob("*")
            if p.is_file() and p.suffix not in (".py", ".pyc")
        ]
        assert needed
        missing = [str(path) for path in needed if not any(path.match(pattern) for pattern in patterns) and path.name != "py.typed"]
        assert missing == []

    def test_what_is_imported_is_required(self):
        required = {Requirement(text).name.replace("-", "_") for text in self.PROJECT["project"]["dependencies"]}
        names = {"scikit_learn": "sklearn", "pyyaml": "yaml", "cryptography": "cryptography"}
        importable = {names.get(name, name) for name in required}
        for module in (
            "waitress",
            "gunicorn",
            "urllib3",
            "rich",
            "yaml",
            "celery",
            "numpy",
            "pandas",
            "sklearn",
            "xgboost",
            "typst",
        ):
            assert module in importable

    def test_the_licence_is_apache(self):
        assert self.PROJECT["project"]["license"] == "Apache-2.0"
        assert "Apache License" in (ROOT / "LICENSE").read_text()


def test_json_in_the_package_is_json():
    for path in (ROOT / "auditor").rglob("*.json"):
        json.loads(path.read_text())
