"""What if the target had answered less? Told from what a finished audit left, of a target that is gone."""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dashboard_browser import Browser
from sqlalchemy import update

from auditor.cli import COMMANDS, main
from auditor.domain.audit import Audit, AuditStatus
from auditor.domain.catalog import Role
from auditor.domain.learner import Learner
from auditor.domain.spec import parse
from auditor.errors import Conflict
from auditor.learners import build
from auditor.settings import Settings
from auditor.shadows.channels import AS_IT_IS, CHANNELS, Channel
from auditor.store import audits, keys, ledger
from auditor.store.tables import audit as audit_table
from auditor.testing.servers import ModelServer
from auditor.web.app import create_app
from auditor.workflow import Services, run_locally, submit
from auditor.workflow import what_if as door
from auditor.workflow.what_if_graded import Row, comes_out_again, rows_of
from auditor.workflow.what_if_recorded import Behind, Recorded, Unasked, recorded_of

sys.path.insert(0, str(Path(__file__).parent.parent / "e2e"))
from small_audit import COLUMNS, LABELS, MEMBERS, NON_MEMBERS, ended, people, store_data

BOOSTED = Learner("xgboost", {"n_estimators": 60, "max_depth": 8})
GROWN = Learner("decision-tree", {})


@dataclass(frozen=True, eq=False)
class Done:
    services: Services
    audit: Audit

    @property
    def what_if(self) -> door.Document:
        return door.what_if(self.services, self.audit.workspace_id, self.audit.id)

    @property
    def spent(self) -> int:
        with self.services.database.read() as tx:
            return ledger.spent(tx, self.audit.id)


def audited(folder: Path, learner: Learner, attacks: list[Any]) -> Done:
    """A completed audit of a model of this kind that was trained on the members; nobody answers at its address any more."""
    services = run_locally(Settings(folder, f"sqlite:///{folder}/a.sqlite", "filesystem://"))
    model = build(learner, COLUMNS, seed=0)
    model.fit(MEMBERS.drop(columns="label"), (MEMBERS["label"] == "yes").to_numpy().astype(np.intp))
    with ModelServer(lambda frame: np.asarray(model.predict_proba(frame[[c.name for c in COLUMNS]]))) as server:
        data = {"members": "members", "non_members": "others", "auxiliary": "auxiliary", "label": "label"}
        target = {"url": server.open_inference, "classes": list(LABELS)}
        kind = {"name": learner.name, "params": dict(learner.params)}
        spec = parse({"target": target, "data": data, "learner": kind, "shadows": 4, "attacks": attacks})
        frames = {"members": MEMBERS, "non_members": NON_MEMBERS, "auxiliary": people(300, 3)}
        workspace_id, spec = store_data(services, "ours", spec, frames)
        audit = ended(services, submit(services, workspace_id, spec).id)
    assert audit.status is AuditStatus.COMPLETED, audit.reason
    return Done(services, audit)


@pytest.fixture(scope="module")
def boosted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Done]:
    surrogate = {"name": "surrogate", "params": {"queries": 200}}
    done = audited(tmp_path_factory.mktemp("boosted"), BOOSTED, ["gap", "lira", surrogate])
    yield done
    done.services.close()


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Done]:
    done = audited(tmp_path_factory.mktemp("grown"), GROWN, ["gap", "rmia"])
    yield done
    done.services.close()


@cache
def recorded(done: Done) -> Recorded:
    return door._recorded(done.services, done.audit)


@cache
def rows(done: Done, name: str) -> dict[str, Row]:
    """Rows behind one channel, on the error level of a single one."""
    return {row.tried.attack: row for row in rows_of(Behind(recorded(done), named(name)), 1.0)}


def named(name: str) -> Channel:
    return next(channel for channel in (AS_IT_IS, *CHANNELS) if channel.name == name)


def auc(row: Row) -> float:
    (found,) = [e.value for e in row.estimates if e.name == "auc"]
    assert found is not None
    return found


def test_as_it_is_gives_the_findings_of_the_audit_exactly(boosted: Done) -> None:
    assert boosted.audit.result is not None
    found = rows(boosted, AS_IT_IS.name)
    for finding in boosted.audit.result["findings"]:
        tried = found[finding["attack"]].tried
        scores = (finding["score"], finding["score_low"], finding["score_high"], finding["outcome"])
        assert (tried.score, tried.score_low, tried.score_high, tried.outcome) == scores
    assert comes_out_again(Behind(recorded(boosted), AS_IT_IS))


def test_temperature_hides_nothing_from_an_attack_that_knows_of_it(boosted: Done) -> None:
    before = auc(rows(boosted, AS_IT_IS.name)["lira"])
    assert before > 0.7
    assert auc(rows(boosted, "temperature 2")["lira"]) == pytest.approx(before, abs=0.01)
    assert auc(rows(boosted, "temperature 10")["lira"]) == pytest.approx(before, abs=0.02)


def test_a_cut_that_was_calibrated_without_the_channel_would_have_called_temperature_a_defence(boosted: Done) -> None:
    """The same evidence with cuts of shadows that answer as it is: nobody is called a member, though all is still there."""
    behind, plain = Behind(recorded(boosted), named("temperature 10")), Behind(recorded(boosted), AS_IT_IS)
    assert behind.shadows is not None
    assert plain.shadows is not None
    surely = float(np.quantile(plain.shadows.probabilities.max(axis=-1), 0.5))
    assert (behind.own.max(axis=-1) >= surely).mean() < 0.02
    assert (behind.shadows.probabilities.max(axis=-1) >= surely).mean() < 0.02  # the adversary's shadows answer alike
    assert rows(boosted, "temperature 10")["lira"].tried.score == pytest.approx(
        rows(boosted, "as it is")["lira"].tried.score, abs=3
    )


def test_labels_of_a_model_that_remembers_leave_what_the_gap_attack_finds(grown: Done) -> None:
    assert auc(rows(grown, "labels only")["gap"]) == pytest.approx(auc(rows(grown, AS_IT_IS.name)["gap"]))
    assert auc(rows(grown, "labels only")["gap"]) > 0.6
    assert not rows(grown, "labels only")["rmia"].estimates
    assert "probabilities" in rows(grown, "labels only")["rmia"].tried.reason
    assert rows(grown, "labels only")["calibrated-correctness"].tried.outcome is not None


def test_two_classes_lose_nothing_by_being_cut_to_the_top_one(boosted: Done) -> None:
    assert auc(rows(boosted, "top 1")["lira"]) == pytest.approx(auc(rows(boosted, AS_IT_IS.name)["lira"]), abs=1e-3)


def test_noise_takes_from_what_can_be_found(boosted: Done) -> None:
    assert auc(rows(boosted, "gaussian noise 0.1")["lira"]) < auc(rows(boosted, AS_IT_IS.name)["lira"])


def test_noise_is_the_same_however_often_and_in_whichever_order_a_record_is_asked(boosted: Done) -> None:
    behind = Behind(recorded(boosted), named("laplace noise 0.1"))
    features = recorded(boosted).features
    again = behind.query(features.iloc[::-1])
    np.testing.assert_array_equal(again[::-1], behind.own)
    assert np.abs(behind.own - recorded(boosted).own).max() > 0.05


def test_a_copy_is_trained_again_from_recorded_answers(boosted: Done) -> None:
    (copied,) = [e for e in rows(boosted, "labels only")["surrogate"].estimates if e.name == "fidelity"]
    assert copied.value is not None
    assert copied.value > 0.6
    assert rows(boosted, "temperature 2")["surrogate"].tried.outcome is None
    assert "again" in rows(boosted, "temperature 2")["surrogate"].tried.reason


def test_a_record_that_nobody_asked_about_is_not_made_up(boosted: Done) -> None:
    strange = recorded(boosted).features.head(1).assign(age=-5.0)
    with pytest.raises(Unasked, match="only a new audit"):
        Behind(recorded(boosted), named("top 1")).query(strange)


@pytest.fixture(scope="module")
def document(grown: Done) -> door.Document:
    return grown.what_if


class TestWhole:
    def test_the_target_is_asked_nothing_and_the_audit_stays_as_it_was(self, grown: Done) -> None:
        before = grown.spent
        _ = grown.what_if
        assert grown.spent == before
        with grown.services.database.read() as tx:
            assert audits.by_id(tx, grown.audit.id).result == grown.audit.result

    def test_made_anew_it_is_the_same_to_the_bit(self, grown: Done, document: door.Document) -> None:
        again = door.computed(grown.services, grown.audit)
        assert json.dumps(again, sort_keys=True) == json.dumps(document, sort_keys=True)

    def test_every_channel_has_its_costs_and_all_attacks(self, document: door.Document) -> None:
        assert document["channels"] == len(document["tried"]) == len(CHANNELS) - 1  # two classes have no top 3
        for channel in document["tried"]:
            assert {"gap", "rmia"} <= {attack["attack"] for attack in channel["attacks"]}
            assert {e["name"] for e in channel["utility"]} >= {"log_loss_change", "task_accuracy", "brier", "calibration_error"}

    def test_as_it_is_costs_nothing(self, document: door.Document) -> None:
        costs = {e["name"]: e["value"] for e in document["as_it_is"]["utility"]}
        assert costs["log_loss_change"] == costs["probability_change"] == costs["label_change"] == 0

    def test_channels_stand_by_cost(self, document: door.Document) -> None:
        losses = [next(e["value"] for e in c["utility"] if e["name"] == "log_loss_change") for c in document["tried"]]
        assert losses == sorted(losses)

    def test_a_leak_of_labels_is_not_stopped_by_saying_less(self, document: door.Document) -> None:
        told = {d["attack"]: d for d in document["defences"]}
        assert "gap" in told
        assert told["gap"]["cheapest"] is None or "noise" in told["gap"]["cheapest"]
        assert all(f"level of {document['levels']['membership']:g}" in d["sentence"] for d in told.values())

    def test_limits_are_shared_by_all_channels(self, grown: Done, document: door.Document) -> None:
        alone = rows(grown, "labels only")["gap"].tried
        (shared,) = [a for c in document["tried"] if c["channel"] == "labels only" for a in c["attacks"] if a["attack"] == "gap"]
        assert shared["score"] == alone.score
        assert shared["score_high"] > (alone.score_high or 0)


class TestDoors:
    def test_before_it_is_made_the_route_says_how(self, boosted: Done) -> None:
        answer = asked(boosted, Role.VIEWER, "GET")
        assert answer.status_code == 404
        assert "POST" in answer.json["detail"]

    def test_who_may_only_read_may_not_make_the_service_work(self, boosted: Done) -> None:
        assert asked(boosted, Role.VIEWER, "POST").status_code == 403

    def test_what_would_keep_a_request_waiting_is_left_to_the_command(self, boosted: Done) -> None:
        result = {**(boosted.audit.result or {}), "data": {"members": 10**6, "non_members": 10**6}}
        keep_result(boosted, result)
        answer = asked(boosted, Role.AUDITOR, "POST")
        keep_result(boosted, boosted.audit.result)
        assert answer.status_code == 409
        assert f"auditor what-if {boosted.audit.id}" in answer.json["detail"]

    def test_the_api_makes_it_and_shows_it(self, grown: Done) -> None:
        made = asked(grown, Role.AUDITOR, "POST")
        assert made.status_code == 200
        assert asked(grown, Role.VIEWER, "GET").json == made.json
        assert made.json["channels"] == len(made.json["tried"])

    def test_the_command_prints_it_writes_it_and_reports_hold_it(
        self, grown: Done, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AUDITOR_DATABASE_URL", grown.services.settings.database_url)
        table, told = tmp_path / "table.json", tmp_path / "result.json"
        home = ["--home", str(grown.services.settings.home)]
        assert main(["what-if", grown.audit.id, "--output", str(table), *home], COMMANDS) == 0
        assert main(["report", grown.audit.id, "--output", str(told), *home], COMMANDS) == 0
        assert "labels only" in capsys.readouterr().out.lower()
        assert json.loads(table.read_text()) == json.loads(told.read_text())["what_if"] == grown.what_if

    def test_the_page_of_the_audit_offers_it_until_it_is_there(self, boosted: Done, grown: Done) -> None:
        made, missing = "What if the model answered less?", "What if it answered less?"
        _ = grown.what_if
        assert (made in page_of(boosted), missing in page_of(boosted)) == (False, True)
        assert (made in page_of(grown), missing in page_of(grown)) == (True, False)


def keep_result(done: Done, result: Any) -> None:
    with done.services.database.begin() as tx:
        tx.execute(update(audit_table).where(audit_table.c.id == done.audit.id).values(result=result))


def key_for(done: Done, role: Role) -> str:
    with done.services.database.begin() as tx:
        return keys.create_key(tx, done.audit.workspace_id, f"a key for {role}", role, done.services.clock())[1]


def asked(done: Done, role: Role, method: str) -> Any:
    client = create_app(done.services).test_client(use_cookies=False)
    address = f"/api/v1/audits/{done.audit.id}/what-if"
    return client.open(address, method=method, headers={"Authorization": f"Bearer {key_for(done, role)}"})


def page_of(done: Done) -> str:
    return str(Browser(create_app(done.services), key_for(done, Role.AUDITOR)).text(f"/audits/{done.audit.id}"))


def test_an_audit_that_is_not_over_has_nothing_to_be_tried_on(grown: Done) -> None:
    running = Audit(**{**grown.audit.__dict__, "status": AuditStatus.RUNNING})
    with pytest.raises(Conflict, match="is running"):
        door.computed(grown.services, running)


def test_answers_that_were_forgotten_are_told(boosted: Done) -> None:
    look = recorded(boosted).look
    with boosted.services.database.begin() as tx:
        ledger.forget(tx, boosted.audit.id)
    with pytest.raises(Conflict, match="answers of this audit are gone"):
        recorded_of(look)
