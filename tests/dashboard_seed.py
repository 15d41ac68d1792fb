"""A workspace with something to see: targets in every state, audits of every outcome, a schedule, a level that rose."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from auditor.domain.audit import AuditStatus, NewStep, Queue, StepKind, StepStatus
from auditor.domain.catalog import Role
from auditor.store import artifacts, audits, datasets, events, findings, keys, ledger, schedules, steps, targets, workspaces
from auditor.workflow.services import Services

RESULTS = Path(__file__).parent / "fixtures" / "results"
URL = "http://127.0.0.1:8080/v2/models/income/infer"
COLUMNS = {"age": "integer", "workclass": "string", "sex": "string", "income": "string"}
HISTORY = (("pass", 9), ("pass", 6), ("inconclusive", 5), ("pass", 4), ("breach", 2))
STAGES = (
    ("probe", StepKind.PROBE, 0, 1),
    ("ask", StepKind.ASK, 1, 5),
    ("choose", StepKind.CHOOSE, 2, 1),
    ("shadows", StepKind.SHADOWS, 3, 4),
    ("attack", StepKind.ATTACK, 4, 6),
    ("control", StepKind.CONTROL, 5, 6),
    ("grade", StepKind.GRADE, 6, 1),
)


def result_of(name: str) -> dict:
    return json.loads((RESULTS / f"{name}.json").read_text("utf-8"))


@dataclass
class Seeded:
    """What was put there, by what it is for; `keys` are the plain keys by role."""

    workspace_id: str
    keys: dict[Role, str]
    targets: dict[str, str]
    audits: dict[str, str]
    datasets: dict[str, str]
    schedule_id: str


class Seed:
    def __init__(self, services: Services):
        self.services, self.now = services, services.clock()
        self.targets: dict[str, str] = {}
        self.audits: dict[str, str] = {}

    def plant(self, name: str = "ours") -> Seeded:
        with self.services.database.begin() as tx:
            self.tx = tx
            self.workspace_id = workspaces.create_workspace(tx, name, self.now).id
            plain = {role: keys.create_key(tx, self.workspace_id, f"{name}-{role}", role, self.now)[1] for role in Role}
            known = {word: self._dataset(word, rows) for word, rows in (("members", 5000), ("non-members", 6000))}
            self.data = {"members": known["members"], "non_members": known["non-members"], "label": "income"}
            self._targets()
            schedule_id = self._schedule()
        return Seeded(self.workspace_id, plain, self.targets, self.audits, known, schedule_id)

    def _dataset(self, name: str, rows: int) -> str:
        digest = artifacts.Artifacts(None).put(self.tx, self.workspace_id, name.encode(), kind="dataset")
        return datasets.create_dataset(self.tx, self.workspace_id, name, rows, COLUMNS, 48_000, digest, self.now).id

    def _targets(self) -> None:
        for name in ("income", "readmission", "churn", "credit-scoring", "labels-only"):
            self.targets[name] = targets.create_target(self.tx, self.workspace_id, name, target_block(), self.now).id
        for outcome, weeks in HISTORY:
            self.audits[outcome] = self._completed("income", outcome, self.now - timedelta(weeks=weeks))
        self._rise()
        self.audits["unsettled"] = self._completed("readmission", "inconclusive", self.now - timedelta(days=3))
        self.audits["failed"] = self._ended("churn", AuditStatus.FAILED, result_of("failed")["audit"]["reason"])
        self.audits["running"] = self._running("credit-scoring")

    def _rise(self) -> None:
        sentence = "income-model-q3: severity rose from none to high since the last audit of this target"
        events.add(
            self.tx,
            self.workspace_id,
            "severity.risen",
            sentence,
            self.now,
            audit_id=self.audits["breach"],
            target_id=self.targets["income"],
        )

    def _audit(self, target: str, name: str, at: datetime) -> str:
        spec = {"spec": 1, "name": name, "target": target_block(), "data": self.data, "attacks": [{"name": "gap"}]}
        made = audits.create(
            self.tx,
            workspace_id=self.workspace_id,
            name=name,
            spec=spec,
            budget=200_000,
            target_id=self.targets[target],
            now=at,
        )
        return made.id

    def _completed(self, target: str, outcome: str, at: datetime) -> str:
        result = result_of(outcome)
        head = result["audit"]
        audit_id = self._audit(target, head["name"], at)
        ledger.spend(self.tx, audit_id, head["queries"])
        audits.close(
            self.tx,
            audit_id,
            status=AuditStatus.COMPLETED,
            now=at + timedelta(seconds=head["seconds"]),
            result=result,
            outcome=head["outcome"],
            score=head["score"],
            severity=head["severity"],
        )
        findings.replace(self.tx, audit_id, self.workspace_id, result["findings"])
        return audit_id

    def _ended(self, target: str, status: AuditStatus, reason: str) -> str:
        audit_id = self._audit(target, f"{target}-eu", self.now - timedelta(hours=5))
        self._steps(audit_id, done=("probe",))
        audits.close(self.tx, audit_id, status=status, now=self.now - timedelta(hours=5), reason=reason)
        return audit_id

    def _running(self, target: str) -> str:
        audit_id = self._audit(target, f"{target}-weekly", self.now - timedelta(seconds=40))
        ledger.spend(self.tx, audit_id, 11_264)
        self._steps(audit_id, done=("probe", "ask", "choose", "shadows:0"))
        return audit_id

    def _steps(self, audit_id: str, done: tuple[str, ...]) -> None:
        planned = [
            NewStep(f"{word}:{i}", kind, stage, Queue.QUERY, weight=3.0)
            for word, kind, stage, count in STAGES
            for i in range(count)
        ]
        steps.add_steps(self.tx, audit_id, planned)
        for step in steps.steps(self.tx, audit_id):
            if step.key.startswith(done):
                self._finish(step.id)
        if "ask" in done:
            first = next(s for s in steps.steps(self.tx, audit_id) if s.status is StepStatus.WAITING)
            self._claim(first.id)

    def _claim(self, step_id: str):
        started = self.now - timedelta(seconds=35)
        return steps.claim(self.tx, step_id, now=started, lease_seconds=3_600, max_attempts=20)

    def _finish(self, step_id: str) -> None:
        claimed = self._claim(step_id)
        steps.finish(self.tx, step_id, claimed.attempt, status=StepStatus.DONE, result={}, reason=None, now=self.now)

    def _schedule(self) -> str:
        spec = {"spec": 1, "name": "income-weekly", "target": target_block(), "data": self.data}
        following = self.now + timedelta(days=5)
        new = schedules.NewSchedule("weekly", spec, "0 3 * * 1", "Europe/Berlin", self.targets["income"], following)
        return schedules.create_schedule(self.tx, self.workspace_id, new, self.now).id


def target_block() -> dict:
    return {"url": URL, "protocol": "open-inference", "rows": "records", "output": "probabilities", "classes": [], "auth": None}
