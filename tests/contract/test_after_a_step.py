"""What the end of a step sets off: nothing while its stage goes on, unless the plan rests on it."""

from pathlib import Path
from typing import Any

import pytest
from store_world import NOW, World

from auditor.domain.audit import AuditStatus, StepStatus
from auditor.domain.spec import parse
from auditor.settings import Settings
from auditor.store import audits
from auditor.store.artifacts import Artifacts
from auditor.store.engine import Database
from auditor.store.vault import Vault
from auditor.workflow import Services
from auditor.workflow.advance import after
from auditor.workflow.chunks import FIRST

DOCUMENT = {
    "target": {"url": "http://127.0.0.1:9/v2/models/m/infer"},
    "data": {"members": "a", "non_members": "b", "label": "y"},
    "learner": {"name": "xgboost", "params": {"n_estimators": 900}},
    "shadows": 16,
}
ITEM = {"label": "rmia", "attack": "rmia", "family": "membership", "params": {}, "sensitive": None, "query_limit": 0}
PROBED = {"profile": {"latency_ms": 5.0, "batch_size": 64}, "candidates": 3_000, "run": [ITEM], "not_run": []}


class Deaf:
    def deliver(self, steps: Any) -> None:
        pass

    def close(self) -> None:
        pass


class Course:
    """An audit whose steps end one by one."""

    def __init__(self, database: Database, home: Path) -> None:
        settings = Settings(home, "unused", "unused")
        self.world = World(database)
        self.services = Services(settings, database, Artifacts(None), Vault.load(settings), Deaf(), lambda: NOW, {})
        with database.begin() as tx:
            terms = {"workspace_id": self.world.ours.id, "name": "q3", "budget": 10, "now": NOW}
            self.audit = audits.create(tx, spec=parse(DOCUMENT).as_json(), **terms)
        self.sent = self._advanced()

    def _advanced(self) -> list[str]:
        from auditor.workflow.advance import advance_in

        with self.services.database.begin() as tx:
            return self._marked(tx, advance_in(tx, self.services, self.audit.id))

    def _marked(self, tx: Any, steps: list[Any]) -> list[str]:
        audits.mark_delivered(tx, [s.id for s in steps], NOW)
        return [s.key for s in steps]

    def end(self, key: str, result: dict[str, Any] | None = None, status: StepStatus = StepStatus.DONE) -> list[str]:
        """The keys of the steps that are sent then."""
        step = self.world.claim(self.audit, key)
        assert step is not None
        with self.services.database.begin() as tx:
            assert audits.finish(tx, step.id, step.attempt, status=status, result=result or {}, reason="why", now=NOW)
            return self._marked(tx, after(tx, self.services, step, status))


@pytest.fixture
def course(database: Database, tmp_path: Path) -> Course:
    return Course(database, tmp_path)


def test_the_end_of_a_stage_begins_the_next_one_and_steps_before_it_nothing(course: Course) -> None:
    assert course.sent == ["probe"]
    assert course.end("probe", PROBED) == ["ask:0-2000", "ask:2000-3000"]
    assert course.end("ask:2000-3000") == []
    assert course.end("ask:0-2000") == ["choose"]
    assert course.end("choose") == ["blind", FIRST]


def test_the_first_shadow_plans_the_others_while_its_stage_goes_on(course: Course) -> None:
    for key in ("probe", "ask:0-2000", "ask:2000-3000", "choose"):
        course.end(key, PROBED)
    others = course.end(FIRST, {"seconds_a_fit": 20.0})
    assert others == ["shadows:1-4", "shadows:13-15", "shadows:5-8", "shadows:9-12"]
    assert [course.end(key) for key in (*others, "blind")] == [[]] * 4 + [["attack:rmia@16"]]


def test_a_step_that_fails_ends_the_audit_while_others_go_on(course: Course) -> None:
    course.end("probe", PROBED)
    assert course.end("ask:0-2000", status=StepStatus.FAILED) == []
    assert course.world.reload(course.audit).status is AuditStatus.FAILED
    assert set(course.world.statuses(course.audit).values()) <= {"done", "failed", "cancelled"}


def test_an_optional_step_that_fails_last_does_not_hold_the_audit(course: Course) -> None:
    for key in ("probe", "ask:0-2000", "ask:2000-3000", "choose", FIRST):
        course.end(key, PROBED)
    for key in [k for k in course.world.statuses(course.audit) if k.startswith("shadows:") and k != FIRST]:
        assert course.end(key) == []
    assert course.end("blind", status=StepStatus.FAILED) == ["attack:rmia@16"]
