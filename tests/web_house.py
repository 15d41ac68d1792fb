"""A whole application over a fresh SQLite file: two workspaces, a key for every role, a dispatch that records."""

import io
import shutil
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from auditor.domain.catalog import Role
from auditor.settings import Settings
from auditor.store import keys, model_files, workspaces
from auditor.store.artifacts import Artifacts
from auditor.store.engine import open_database
from auditor.store.vault import Vault
from auditor.web.app import create_app
from auditor.workflow.services import Services

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
URL = "http://127.0.0.1:8080/v2/models/income/infer"
NO_ID = "0199b2a4-3c1e-7a40-9d2f-5b7c0e61a001"


class Clock:
    def __init__(self):
        self.now = START

    def __call__(self):
        return self.now

    def advance(self, **time):
        self.now += timedelta(**time)


@dataclass
class Recorder:
    """A dispatch that delivers to nobody and remembers what it was given."""

    delivered: list = field(default_factory=list)

    def deliver(self, steps):
        self.delivered.extend(steps)

    def close(self):
        pass


def empty_database(path):
    database = open_database(f"sqlite:///{path}")
    database.migrate()
    database.dispose()
    return path


def open_services(home, template, **changes):
    """On a copy of an empty database in this folder."""
    shutil.copy(template, home / "auditor.sqlite")
    return services_over(open_database(f"sqlite:///{home / 'auditor.sqlite'}"), home, **changes)


def services_over(database, home, **changes):
    """On this database, embedded (loopback targets may be asked) unless told otherwise."""
    settings = Settings(
        home=home,
        database_url="sqlite:///auditor.sqlite",
        broker_url="filesystem://",
        max_upload_mb=1,
        max_rows=1000,
        max_columns=40,
    )
    settings = replace(settings, **changes)
    return Services(
        settings=settings,
        database=database,
        artifacts=Artifacts(None),
        vault=Vault.load(settings),
        dispatch=Recorder(),
        clock=Clock(),
        environ={},
    )


class House:
    """`house.post(path, ...)` asks as an admin; `as_=` names another role, `of=` another workspace."""

    def __init__(self, services):
        self.services = services
        self.app = create_app(services)
        self.client = self.app.test_client()
        self.workspaces, self.keys = {}, {}
        for name in ("ours", "theirs"):
            self._found(name)

    def _found(self, name):
        with self.services.database.begin() as tx:
            workspace = workspaces.create_workspace(tx, name, START)
            self.workspaces[name] = workspace.id
            for role in Role:
                _, plain = keys.create_key(tx, workspace.id, f"{name}-{role}", role, START)
                self.keys[name, role] = plain

    def ask(self, method, path, as_=Role.ADMIN, of="ours", headers=None, **options):
        path = path if path.startswith("/api/") else f"/api/v1{path}"
        bearer = {"Authorization": f"Bearer {self.keys[of, as_]}"} if as_ else {}
        # A client of its own: no cookie of an earlier request may help.
        return self.app.test_client(use_cookies=False).open(
            path, method=method, headers={**bearer, **(headers or {})}, buffered=True, **options
        )

    def get(self, path, **options):
        return self.ask("GET", path, **options)

    def post(self, path, **options):
        return self.ask("POST", path, **options)

    def patch(self, path, **options):
        return self.ask("PATCH", path, **options)

    def delete(self, path, **options):
        return self.ask("DELETE", path, **options)

    def upload(self, name="members", text=None, **options):
        data = {"name": name, "file": (io.BytesIO((text or records()).encode()), "../../etc/passwd")}
        return self.post("/datasets", data=data, **options)

    def target_id(self, **options):
        return self.post("/targets", json={"name": "income", "target": {"url": URL}}, **options).json["id"]

    def dataset_id(self, **options):
        return self.upload(**options).json["id"]

    def model_id(self, of="ours"):
        """A model file that was taken in, without the process that reads it."""
        here, workspace = self.services, self.workspaces[of]
        with here.database.begin() as tx:
            digest = here.artifacts.put(tx, workspace, b"tree", kind="model")
            return model_files.create_model_file(tx, workspace, "m", "lightgbm", 4, digest, here.clock()).id

    def spec(self, **changes):
        """A spec that this workspace can submit."""
        data = {"members": self.dataset_id(), "non_members": self.dataset_id(name="others"), "label": "income"}
        return {"name": "q3", "target": self.target_id(), "data": data, "attacks": ["gap"], "learner": "xgboost", **changes}

    def audit_id(self, **changes):
        return self.post("/audits", json=self.spec(**changes)).json["id"]


def records(rows=60):
    lines = [
        "age,work,income",
        *(f"{20 + i},{'private' if i % 2 else 'state'},{'>50K' if i % 3 else '<=50K'}" for i in range(rows)),
    ]
    return "\n".join(lines) + "\n"


def assert_problem(answer, status, *, field=None, says=""):
    """The answer is a problem document of this status, with the field and the sentence."""
    assert answer.status_code == status, answer.get_data(as_text=True)
    assert answer.mimetype == "application/problem+json"
    body = answer.json
    assert body["status"] == status
    assert body["title"]
    assert body["instance"].startswith("urn:uuid:")
    assert "Traceback" not in body["detail"]
    assert says in body["detail"]
    if field is not None:
        assert [mistake["field"] for mistake in body["errors"]] == [field]
    return body
