"""A workspace sees nothing of another one on any page: walked over every address of the dashboard that takes an id."""

import re

import pytest

from auditor.domain.catalog import Role
from auditor.store import keys, model_files, workspaces


@pytest.fixture
def ids(services, ours):
    with services.database.begin() as tx:
        digest = services.artifacts.put(tx, ours.workspace_id, b"tree", kind="model")
        model = model_files.create_model_file(tx, ours.workspace_id, "m", "lightgbm", 4, digest, services.clock())
    audits = {"audit_id": ours.audits["breach"], "other_id": ours.audits["pass"], "kind": "html"}
    more = {"target_id": ours.targets["income"], "dataset_id": ours.datasets["members"]}
    return audits | more | {"model_id": model.id, "schedule_id": ours.schedule_id}


@pytest.fixture
def ask(app, services, ours):
    """As an admin of one of two workspaces, with a key, so that no form needs a token."""
    with services.database.begin() as tx:
        theirs = workspaces.create_workspace(tx, "theirs", services.clock())
        _, their_key = keys.create_key(tx, theirs.id, "stranger", Role.ADMIN, services.clock())
    known = {"ours": ours.keys[Role.ADMIN], "theirs": their_key}

    def asked(method, path, of):
        headers = {"Authorization": f"Bearer {known[of]}", "Accept": "text/html"}
        return app.test_client(use_cookies=False).open(path, method=method, headers=headers, follow_redirects=method == "GET")

    return asked


def addresses(app, ids):
    """(method, path) of all that takes an id."""
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith("dashboard.") and rule.arguments and "name" not in rule.arguments:
            path = re.sub(r"<(?:\w+:)?(\w+)>", lambda found: ids[found[1]], rule.rule)
            for method in rule.methods - {"HEAD", "OPTIONS"}:
                yield method, f"{path}?with={ids['other_id']}" if rule.endpoint.endswith("choose_other") else path


def test_every_kind_of_id_is_walked(app, ids):
    taken = {name for rule in app.url_map.iter_rules() if rule.endpoint.startswith("dashboard.") for name in rule.arguments}
    assert taken - {"name", "paused"} == set(ids)


def test_foreign_ids_are_not_found_at_any_address(app, ids, ask):
    walked = list(addresses(app, ids))
    assert len(walked) > 15
    assert {(method, path): ask(method, path, "theirs").status_code for method, path in walked} == dict.fromkeys(walked, 404)


def test_foreign_things_are_on_no_page(ask, ours):
    known = {*ours.audits.values(), *ours.targets.values(), *ours.datasets.values(), ours.schedule_id}
    for path in ("/", "/audits", "/audits/new", "/files", "/schedules"):
        shown = {of: ask("GET", path, of).get_data(as_text=True) for of in ("ours", "theirs")}
        assert any(one in shown["ours"] for one in known), path
        assert not any(one in shown["theirs"] for one in known), path
