"""Two audits of the same records: a target that remembers its members, and one that generalises."""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from auditor.cli import COMMANDS, main
from auditor.domain.audit import AuditStatus
from auditor.domain.catalog import Role
from auditor.domain.learner import Learner
from auditor.domain.spec import AuditSpec
from auditor.errors import Conflict, NotFound
from auditor.learners import build
from auditor.settings import Settings
from auditor.store import audits, keys
from auditor.testing.servers import ModelServer
from auditor.web.app import create_app
from auditor.workflow import Services, compare, run_locally, submit

sys.path.insert(0, str(Path(__file__).parent.parent / "e2e"))
from small_audit import COLUMNS, MEMBERS, ended, small_spec, small_target, store_small_data

NO_ID = "0199b2a4-3c1e-7a40-9d2f-5b7c0e61a001"


@dataclass(frozen=True)
class House:
    """Ids of completed audits: of a target that `forgets`, of one that `remembers`, of the sides swapped, with another seed, and
    with more shadow models and answers turned upside down."""

    services: Services
    workspace_id: str
    forgets: str
    remembers: str
    swapped: str
    reseeded: str
    turned: str
    running: str


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    home = tmp_path_factory.mktemp("compare")
    services = run_locally(Settings(home, f"sqlite:///{home}/auditor.sqlite", "filesystem://"))
    with small_target() as safe, _deep_target() as deep:
        spec = small_spec(safe.open_inference, attacks=["loss-threshold", "rmia"], shadows=4)
        workspace_id, spec = store_small_data(services, "ours", spec)
        data = spec.data
        turned = data.model_copy(update={"members": data.non_members, "non_members": data.members})
        more = small_spec(deep.open_inference, attacks=["loss-threshold", "gap"], shadows=4).model_copy(update={"data": data})
        plain = small_spec(safe.open_inference, attacks=["gap"], shadows=4).model_copy(update={"data": data})
        wanted = [spec, more, plain.model_copy(update={"data": turned}), plain.model_copy(update={"seed": 8})]
        done = [_completed(services, workspace_id, one) for one in wanted]
        with _upside_down() as wrong:
            six = small_spec(wrong.open_inference, attacks=["gap"], shadows=6).model_copy(update={"data": data})
            done.append(_completed(services, workspace_id, six))
        running = _unstarted(services, workspace_id, spec)
    yield House(services, workspace_id, *done, running)
    services.close()


def _deep_target() -> ModelServer:
    """Deep trees know their members by heart."""
    model = build(Learner("xgboost", {"n_estimators": 60, "max_depth": 10, "learning_rate": 0.5}), COLUMNS, seed=0)
    model.fit(MEMBERS.drop(columns="label"), (MEMBERS["label"] == "yes").to_numpy().astype(np.intp))
    return ModelServer(lambda frame: np.asarray(model.predict_proba(frame[[c.name for c in COLUMNS]])))


def _upside_down() -> ModelServer:
    """Each record gets the probabilities of the other class."""
    model = build(Learner("xgboost", {"n_estimators": 20}), COLUMNS, seed=0)
    model.fit(MEMBERS.drop(columns="label"), (MEMBERS["label"] != "yes").to_numpy().astype(np.intp))
    return ModelServer(lambda frame: np.asarray(model.predict_proba(frame[[c.name for c in COLUMNS]])))


def _completed(services: Services, workspace_id: str, spec: AuditSpec) -> str:
    audit = ended(services, submit(services, workspace_id, spec).id)
    assert audit.status is AuditStatus.COMPLETED, audit.reason
    return audit.id


def _unstarted(services: Services, workspace_id: str, spec: AuditSpec) -> str:
    with services.database.begin() as tx:
        terms: dict[str, Any] = {"name": "running", "spec": spec.as_json(), "budget": 1, "now": services.clock()}
        return audits.create(tx, workspace_id=workspace_id, **terms).id


def test_a_target_that_remembers_leaks_more_than_one_that_does_not(house: House) -> None:
    found = compare(house.services, house.workspace_id, house.forgets, house.remembers)
    (loss,) = found.attacks
    assert loss.attack == "loss-threshold"
    assert loss.sentence.startswith("The second target leaks more: AUC +0.")
    auc = next(e for e in loss.estimates if e.name == "auc_difference")
    assert auc.low is not None
    assert auc.low > 0.1
    assert auc.n == found.members + found.non_members == 600


def test_what_only_one_of_them_ran_is_named(house: House) -> None:
    found = compare(house.services, house.workspace_id, house.forgets, house.remembers)
    assert (found.first_only, found.second_only) == (("rmia",), ("gap",))


def test_reasons_that_are_not_the_targets_come_before_the_figures(
    house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert compare(house.services, house.workspace_id, house.forgets, house.remembers).caveats == ()
    shadows, check = compare(house.services, house.workspace_id, house.remembers, house.turned).caveats
    assert shadows.startswith("The audits attacked with 4 and 6 shadow models.")
    assert check.startswith("In the second audit a check failed for gap:")
    assert main(["compare", house.remembers, house.turned, "--home", str(house.services.settings.home)], COMMANDS) == 0
    assert capsys.readouterr().out.splitlines()[1] == f"  before you read on: {shadows}"


def test_the_same_twice_gives_the_same(house: House) -> None:
    once, again = (compare(house.services, house.workspace_id, house.forgets, house.remembers) for _ in range(2))
    assert once == again


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ("forgets", "one and the same audit"),
        ("reseeded", "not of the same records"),
        ("swapped", "the same records but not the same members"),
        ("running", "only completed audits can be compared"),
    ],
)
def test_what_cannot_be_compared_is_refused_with_a_sentence(house: House, other: str, said: str) -> None:
    with pytest.raises(Conflict, match=said):
        compare(house.services, house.workspace_id, house.forgets, getattr(house, other))


def test_an_audit_of_another_workspace_does_not_exist(house: House) -> None:
    with pytest.raises(NotFound):
        compare(house.services, NO_ID, house.forgets, house.remembers)


def test_the_command_prints_a_sentence_for_each_attack(house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home, output = str(house.services.settings.home), tmp_path / "difference.json"
    assert main(["compare", house.forgets, house.remembers, "--home", home, "--output", str(output)], COMMANDS) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Second minus first, on 300 members and 300 non-members:"
    assert lines[1].startswith("  loss-threshold: The second target leaks more")
    assert lines[2:] == ["  only in the first: rmia", "  only in the second: gap"]
    assert json.loads(output.read_text())["attacks"][0]["estimates"][0]["name"] == "auc_difference"


def test_the_api_answers_viewers(house: House) -> None:
    answer = _asked(house, f"/api/v1/audits/{house.forgets}/compare/{house.remembers}")
    assert answer.status_code == 200
    assert answer.json["attacks"][0]["sentence"].startswith("The second target leaks more")


@pytest.mark.parametrize(("other", "status"), [(NO_ID, 404), ("not-an-id", 404), ("swapped", 409)])
def test_the_api_refuses_with_a_problem(house: House, other: str, status: int) -> None:
    answer = _asked(house, f"/api/v1/audits/{house.forgets}/compare/{getattr(house, other, other)}")
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")


def _asked(house: House, path: str) -> Any:
    with house.services.database.begin() as tx:
        _, plain = keys.create_key(tx, house.workspace_id, f"a key for {path}"[:100], Role.VIEWER, house.services.clock())
    client = create_app(house.services).test_client(use_cookies=False)
    return client.get(path, headers={"Authorization": f"Bearer {plain}"})
