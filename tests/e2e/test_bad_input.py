"""Whatever is wrong ends in one sentence that says what to change: on the command line, in the API, on the dashboard."""

import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from bad_input import HIDDEN, INPUTS, LATIN, METADATA, TARGETS, Case, csv, write_spec
from dashboard_browser import Browser
from html_page import Page
from small_audit import MEMBERS, NON_MEMBERS
from web_house import House, assert_problem, empty_database, open_services, records

from auditor.__main__ import main
from auditor.domain.catalog import Role
from auditor.store import audits, targets, workspaces
from auditor.store.engine import open_database
from auditor.testing.servers import Fault, Script

WRONG_SPECS = {
    "KServe asked in Open Inference",
    "Open Inference asked in KServe",
    "answers in KServe",
    "an HTML page",
    "labels for probabilities",
    "probabilities for labels",
    "labels of other names",
    "a class too many in the answer",
    "a class too many in the spec",
}
GOES_ON = re.compile(r" \(`auditor resume (\S+) --home \S+` goes on where it stopped, with the same spec\)$")


@dataclass(frozen=True)
class Shell:
    """`auditor` in this process, with a home of its own."""

    folder: Path
    capsys: pytest.CaptureFixture[str]
    home: Path = field(init=False)

    def __post_init__(self):
        object.__setattr__(self, "home", self.folder / "home")

    def __call__(self, *arguments):
        self.capsys.readouterr()
        code = main([*map(str, arguments), "--home", str(self.home)])
        return code, *self.capsys.readouterr()

    @property
    def output(self):
        return self.folder / "result.json"

    @property
    def log(self):
        path = self.home / "logs" / "run.log"
        return path.read_text() if path.exists() else ""


@pytest.fixture
def auditor(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("AUDITOR_TARGET_TIMEOUT", "0.4")
    monkeypatch.setenv("AUDITOR_TARGET_PATIENCE", "1.5")
    monkeypatch.delenv("NOT_SET", raising=False)
    return Shell(tmp_path, capsys)


def ran(auditor, case):
    """One audit of this case: exit code, output, errors, and what the server saw."""
    with case.server(case.predict, case.script()) as server:
        spec = write_spec(auditor.folder, case, getattr(server, case.url))
        return *auditor("run", spec, "--output", auditor.output), server.seen


def the_sentence(err):
    (said,) = [line for line in err.splitlines() if line.startswith("auditor: ")]
    assert err.rstrip().endswith(said), "nothing stands after the sentence"
    return said.removeprefix("auditor: ")


def kept(home):
    """Audits and targets of a home."""
    database = open_database(f"sqlite:///{home / 'auditor.sqlite'}")
    with database.read() as tx:
        found = [w.id for w in workspaces.workspaces(tx)]
        what = [(audits.page(tx, one, limit=5)[0], targets.page_targets(tx, one, limit=5)[0]) for one in found]
    database.dispose()
    return what[0]


def no_traces(auditor, out, err):
    """No traceback for people or in the log, and no file that is half a result."""
    assert "Traceback" not in out + err + auditor.log
    assert sorted(p.name for p in auditor.folder.iterdir() if p.name != "home") == ["audit.yaml", "members.csv", "non_members.csv"]


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_that_does_not_do_as_declared(auditor, name):
    case = TARGETS[name]
    started = time.monotonic()
    code, out, err, seen = ran(auditor, case)
    assert code == 2, out + err
    assert time.monotonic() - started < 15
    sentence = the_sentence(err)
    (audit,), _ = kept(auditor.home)
    goes_on = GOES_ON.search(sentence)
    assert goes_on.group(1) == audit.id if goes_on else sentence.endswith(" (change the spec and run again)")
    assert bool(goes_on) != (name in WRONG_SPECS), sentence
    assert all(words in sentence for words in case.says), sentence
    assert case.requests in (None, seen.requests)
    no_traces(auditor, out, err)


@pytest.mark.parametrize("name", INPUTS)
def test_input_that_cannot_be_audited(auditor, name):
    case = INPUTS[name]
    code, out, err, seen = ran(auditor, case)
    assert code == 2, out + err
    sentence = the_sentence(err)
    assert all(words in sentence for words in case.says), sentence
    assert "resume" not in sentence
    assert seen.requests == 0
    assert not auditor.home.exists() or kept(auditor.home)[0] == []
    no_traces(auditor, out, err)


def test_members_that_stand_in_non_members_are_counted_removed_and_told(auditor):
    both = csv(NON_MEMBERS) + b"".join(csv(MEMBERS).splitlines(keepends=True)[1:41])
    code, out, _, _ = ran(auditor, Case((), non_members=both))
    assert code in (0, 1, 4)
    data = json.loads(auditor.output.read_text())["data"]
    assert (data["members"], data["non_members"], data["removed"]["members_also_non_members"]) == (260, 300, 40)
    assert "Non-members that stand among the members too: 40" in " ".join(out.split())


def test_an_audit_of_which_no_attack_can_run_asks_for_the_probe_alone(auditor):
    code, out, _, seen = ran(auditor, Case((), spec={"attacks": ["attribute"]}))
    assert code == 4
    assert "Name the sensitive attributes under data.sensitive" in " ".join(out.split())
    result = json.loads(auditor.output.read_text())
    assert result["audit"]["queries"] == seen.rows < 600, "600 people are in question"
    assert (result["findings"], result["audit"]["score"]) == ([], None)


def test_a_busy_target_is_waited_for(auditor):
    """429 without Retry-After, with one of a second, and 503: each is tried again and the audit ends well."""
    hiccups = [Fault(429), None, Fault(429, headers=(("Retry-After", "1"),)), None, Fault(503), None]
    case = Case((), script=lambda: Script(hiccups))
    code, out, err, seen = ran(auditor, case)
    assert code in (0, 1, 4), out + err
    result = json.loads(auditor.output.read_text())
    assert result["audit"]["queries"] == seen.rows, "retries are paid for"
    assert "Traceback" not in err + auditor.log


@pytest.mark.parametrize("good", [0, 11])
def test_an_audit_that_lost_its_target_goes_on_where_it_stopped(auditor, good):
    """The target fails at once, or after the probe; when it is back, nothing that was answered is asked again."""
    script = Script([None] * good, always=Fault(503, headers=(("Retry-After", "0"),)))
    case = Case((), script=lambda: script)
    with case.server(case.predict, script) as server:
        spec = write_spec(auditor.folder, case, server.open_inference)
        code, _, err = auditor("run", spec, "--output", auditor.output)
        assert code == 2
        assert not auditor.output.exists()
        (lost,), _ = kept(auditor.home)
        script.always, before = None, server.seen.rows
        code, out, err = auditor("resume", lost.id, "--output", auditor.output)
        assert code in (0, 1, 4), out + err
        result = json.loads(auditor.output.read_text())
        assert result["audit"]["id"] == lost.id
        assert result["audit"]["queries"] == server.seen.rows > before
        if good:
            assert server.seen.rows - before == 88, "neither the probe nor the batch of 512 that was answered is repeated"
        script.token = "changed"
        assert auditor("run", spec, "--output", auditor.output)[0] == 2
    assert json.loads(auditor.output.read_text()) == result, "an earlier result is left alone"


def test_a_taken_port(auditor):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        code, out, err = auditor("up", "--port", taken.getsockname()[1])
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "is taken; choose another with --port" in err
    assert not auditor.home.exists()


SIZES = ["16k", "200k", "300k", "500k"]
IMPATIENT = {**os.environ, "AUDITOR_TICK_SECONDS": "1", "AUDITOR_LEASE_SECONDS": "2"}


@dataclass(frozen=True)
class FullDisk:
    """An audit on a disk that is too small for it."""

    folder: Path
    process: subprocess.Popen[str]


@pytest.fixture(scope="module", autouse=True)
def full_disks(tmp_path_factory):
    """One audit on a disk of each size, beside the other tests: it waits a while for space. Empty: nobody may mount here."""
    with contextlib.ExitStack() as stack:
        yield {size: disk for size in SIZES if (disk := _small_disk(stack, tmp_path_factory.mktemp("disk"), size))}


def _small_disk(stack, folder, size):
    (folder / "disk").mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "none", folder / "disk"], capture_output=True, check=False
    )
    if mounted.returncode:
        return None
    stack.callback(subprocess.run, ["umount", "--lazy", folder / "disk"], check=True)
    case = Case(())
    server = stack.enter_context(case.server(case.predict))
    spec = write_spec(folder, case, server.open_inference)
    line = [sys.executable, "-m", "auditor", "run", spec, "--output", folder / "result.json", "--home", folder / "disk" / "home"]
    process = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=IMPATIENT)
    stack.enter_context(process)
    stack.callback(process.kill)
    return FullDisk(folder, process)


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    return empty_database(tmp_path_factory.mktemp("bad") / "empty.sqlite")


@pytest.fixture
def house(tmp_path, template):
    opened = open_services(tmp_path, template)
    yield House(opened)
    opened.close()


def browser_of(house):
    return Browser(house.app, house.keys["ours", Role.AUDITOR])


NOT_IDS = {
    "a path": ("members.csv", "give a dataset id, not a path"),
    "an absolute path": ("/etc/passwd", "give a dataset id, not a path"),
    "a variable": ("MEMBERS", "give a dataset id"),
    "an unknown id": ("0199b2a4-3c1e-7a40-9d2f-5b7c0e61a001", "no dataset with this id"),
}


class TestApi:
    @pytest.mark.parametrize("url", [HIDDEN, METADATA, "http://[fd00:ec2::254]/", "http://192.168.1.1/v2/models/m/infer"])
    def test_an_address_that_is_never_asked(self, house, url):
        assert_problem(house.post("/targets", json={"name": "m", "target": {"url": url}}), 422, field="target.url", says="address")
        assert house.get("/targets").json["items"] == []

    @pytest.mark.parametrize("name", NOT_IDS)
    @pytest.mark.parametrize("key", ["members", "non_members", "auxiliary"])
    def test_a_dataset_that_is_no_id(self, house, key, name):
        value, says = NOT_IDS[name]
        spec = house.spec()
        spec["data"][key] = value
        assert_problem(house.post("/audits", json=spec), 422, field=f"data.{key}", says=says)
        assert house.get("/audits").json["items"] == []

    @pytest.mark.parametrize("secret", ["MODEL_TOKEN", "env:MODEL_TOKEN", "/run/secrets/token"])
    def test_a_secret_that_is_no_id(self, house, secret):
        block = {"url": "http://127.0.0.1/v2/models/m/infer", "auth": {"kind": "bearer", "secret": secret}}
        assert_problem(house.post("/targets", json={"name": "m", "target": block}), 422, field="target.auth.secret", says="id")

    @pytest.mark.parametrize(
        ("content", "says"),
        [(b"", "empty"), (b"a,b\n", "no records"), (LATIN, "UTF-8"), (b"a,b\n1,2\n1,2,3\n", "line 3"), (b"\x80\x05x", "a pickle")],
    )
    def test_a_file_that_cannot_be_read(self, house, content, says):
        answer = house.post("/datasets?name=x", data=content, content_type="text/csv")
        assert_problem(answer, 422, says=says)
        assert house.get("/datasets").json["items"] == []

    @pytest.mark.parametrize("key", ["members", "non_members"])
    def test_3_rows(self, house, key):
        spec = house.spec()
        spec["data"][key] = house.upload(name="few", text=records(3)).json["id"]
        assert_problem(house.post("/audits", json=spec), 422, field=f"data.{key}", says="at least 50")
        assert house.get("/audits").json["items"] == []

    def test_columns_that_differ(self, house):
        spec = house.spec()
        spec["data"]["members"] = house.upload(name="other", text=records().replace("work,", "job,", 1)).json["id"]
        assert_problem(house.post("/audits", json=spec), 422, field="data.non_members", says="'job' is missing")

    def test_a_label_that_is_missing(self, house):
        spec = house.spec()
        spec["data"]["label"] = "incom"
        assert_problem(house.post("/audits", json=spec), 422, field="data.label", says="did you mean 'income'")

    @pytest.mark.parametrize(
        ("key", "value", "field", "says"),
        [
            ("bounds", {"agge": [0, 1]}, "data.bounds.agge", "did you mean 'age'"),
            ("bounds", {"age": [9, 0]}, "data.bounds.age", "the low end first"),
            ("sensitive", ["wrk"], "data.sensitive", "did you mean 'work'"),
            ("sensitive", ["work", "work"], "data.sensitive", "named twice"),
        ],
    )
    def test_what_is_said_of_columns_is_checked_before_anything_runs(self, house, key, value, field, says):
        spec = house.spec()
        spec["data"][key] = value
        assert_problem(house.post("/audits", json=spec), 422, field=field, says=says)
        assert house.get("/audits").json["items"] == []

    def test_an_unknown_key(self, house):
        assert_problem(house.post("/audits", json=house.spec(atacks="quick")), 422, field="atacks", says="did you mean 'attacks'")


class TestDashboard:
    @pytest.mark.parametrize(
        ("name", "value", "says"),
        [
            ("data.members", "members.csv", "not a path"),
            ("data.members", "MEMBERS", "dataset id"),
            ("data.label", "incom", "did you mean"),
            ("target", "http://10.0.0.1/", "target"),
            ("data.members", None, "at least 50"),
        ],
    )
    def test_a_mistake_stands_at_its_field_and_starts_nothing(self, house, name, value, says):
        spec = house.spec()
        few = house.upload(name="few", text=records(3)).json["id"]
        form = {"target": spec["target"], "name": "mine", "attacks": "quick", "learner": "auto", "budget.queries": "900"}
        form |= {f"data.{key}": text for key, text in spec["data"].items()}
        answer = browser_of(house).send("/audits", {**form, name: few if value is None else value})
        page = answer.get_data(as_text=True)
        assert answer.status_code == 422, page
        (mistake,) = re.findall(rf'id="[^"]*{re.escape(name)}-mistake">(.*?)</p>', page, re.S)
        assert says in Page(mistake).text
        assert "Traceback" not in page
        assert house.get("/audits").json["items"] == []


@pytest.mark.parametrize("size", SIZES)
def test_no_disk_space(full_disks, size):
    """The disk fills up at the first table, in a migration, at the key, or in mid-audit."""
    if not full_disks:
        pytest.skip("this machine does not let tests mount a disk")
    disk = full_disks[size]
    out, err = disk.process.communicate(timeout=60)
    assert disk.process.returncode == 2, out + err
    sentence = the_sentence(err)
    assert "disk" in sentence
    assert "Traceback" not in err
    assert size != "500k" or "goes on where it stopped" in sentence
    left = {path.name for path in (disk.folder / "disk" / "home").iterdir()}
    assert left <= {"auditor.sqlite", "auditor.sqlite-wal", "auditor.sqlite-shm", "auditor.sqlite-journal", "master.key", "logs"}
    assert not (disk.folder / "result.json").exists()
