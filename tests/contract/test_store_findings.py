"""Findings, history, events and the overview on both databases."""

import pytest
from store_world import NOW, World, later

from auditor.domain.audit import AuditStatus
from auditor.domain.finding import Control, Estimate, Finding, Outcome, Severity
from auditor.errors import InvalidInput
from auditor.store import audits, events, findings, schedules, views


@pytest.fixture
def world(database):
    return World(database)


def finding(attack="lira", score=71.0, **changes):
    made = Finding(
        attack=attack,
        family="membership",
        kind="membership",
        shows="whether a person's record was in the training data",
        outcome=Outcome.BREACH,
        severity=Severity.HIGH,
        score=score,
        score_low=None if score is None else score - 5,
        score_high=None if score is None else score + 4,
        threat_model={"sees": "probabilities", "knows": ["candidates"]},
        estimates=(
            Estimate("auc", 0.71, 0.69, 0.73, n=11_000),
            Estimate("tpr@fpr=0.0001", None, reason="needs at least 50,000 non-members; 5,000 are left"),
        ),
        controls={"negative": Control(True, "finds nothing where there is nothing")},
        caveats=("the shadows are few",),
    )
    return made.as_json() | changes


def replace(world, audit, *documents, workspace=None):
    with world.database.begin() as tx:
        findings.replace(tx, audit.id, (workspace or world.ours).id, documents)


def of_audit(world, audit):
    with world.database.read() as tx:
        return findings.of_audit(tx, world.ours.id, audit.id)


def complete(world, audit, at=60.0, **details):
    values = {"outcome": "breach", "score": 71.0, "severity": "high"} | details
    with world.database.begin() as tx:
        assert audits.close(tx, audit.id, status=AuditStatus.COMPLETED, now=later(at), **values)


class TestFindings:
    def test_they_come_back_as_they_were_in_their_order(self, world):
        audit = world.audit()
        documents = [finding("rmia"), finding("gap", None), finding("lira")]
        replace(world, audit, *documents)
        assert of_audit(world, audit) == documents

    def test_there_are_none_before_there_are_some(self, world):
        assert of_audit(world, world.audit()) == []

    def test_replacing_leaves_nothing_of_before(self, world):
        audit = world.audit()
        replace(world, audit, finding("rmia"), finding("gap"))
        replace(world, audit, finding("lira"))
        assert [f["attack"] for f in of_audit(world, audit)] == ["lira"]
        replace(world, audit)
        with world.database.read() as tx:
            assert tx.exec_driver_sql("SELECT count(*) FROM estimate").scalar_one() == 0

    def test_every_number_stands_in_a_column_with_its_interval_and_its_n(self, world):
        audit = world.audit()
        replace(world, audit, finding())
        with world.database.read() as tx:
            rows = tx.exec_driver_sql("SELECT name, value, low, high, confidence, n, reason FROM estimate ORDER BY position").all()
        assert tuple(rows[0]) == ("auc", 0.71, 0.69, 0.73, 0.95, 11_000, None)
        assert rows[1].value is None
        assert rows[1].reason.startswith("needs at least")

    def test_a_finding_without_a_score_is_kept_too(self, world):
        audit = world.audit()
        replace(world, audit, finding(score=None, outcome="inconclusive", severity="none"))
        assert of_audit(world, audit)[0]["score"] is None


class TestHistory:
    def history(self, world, target):
        with world.database.read() as tx:
            return findings.history(tx, world.ours.id, target.id)

    def test_completed_audits_oldest_first_with_their_findings(self, world):
        target = world.target()
        first, second = world.audit(target_id=target.id), world.audit(target_id=target.id)
        complete(world, second, 90, score=20.0, severity="low", outcome="pass")
        complete(world, first)
        replace(world, first, finding("lira"), finding("gap", 10.0))
        past = self.history(world, target)
        assert [p.audit_id for p in past] == [first.id, second.id]
        assert (past[0].outcome, past[0].score, past[0].severity, past[0].finished_at) == ("breach", 71.0, "high", later(60))
        assert [(f.attack, f.score_low, f.score, f.score_high) for f in past[0].findings] == [
            ("lira", 66.0, 71.0, 75.0),
            ("gap", 5.0, 10.0, 14.0),
        ]
        assert past[1].findings == ()

    def test_each_audit_says_which_version_its_score_has(self, world):
        target = world.target()
        for result in (None, {"audit": {}}, {"audit": {"score_version": 2}}):
            made = world.audit(target_id=target.id)
            with world.database.begin() as tx:
                audits.close(tx, made.id, status=AuditStatus.COMPLETED, now=NOW, result=result, score=5.0)
        assert [past.score_version for past in self.history(world, target)] == [1, 1, 2]
        with world.database.read() as tx:
            trend = next(t.trend for t in views.overview(tx, world.ours.id) if t.target_id == target.id)
        assert [point.score_version for point in trend] == [1, 1, 2]

    def test_audits_that_did_not_come_to_an_end_are_left_out(self, world):
        target = world.target()
        world.audit(target_id=target.id)
        failed = world.audit(target_id=target.id)
        with world.database.begin() as tx:
            audits.close(tx, failed.id, status=AuditStatus.FAILED, now=NOW)
        assert self.history(world, target) == []

    def test_other_targets_are_left_out(self, world):
        target, other = world.target(), world.target("other")
        complete(world, world.audit(target_id=other.id))
        complete(world, world.audit())
        assert self.history(world, target) == []

    def test_the_latest_severity_is_of_the_newest_audit_that_has_one(self, world):
        target = world.target()
        for severity in ("low", "high", None):
            complete(world, world.audit(target_id=target.id), severity=severity)
        world.audit(target_id=target.id)
        new = world.target("new")
        with world.database.read() as tx:
            assert findings.latest_of_target(tx, world.ours.id, target.id) == "high"
            assert findings.latest_of_target(tx, world.ours.id, new.id) is None


class TestEvents:
    def test_an_event_comes_back_as_it_was_told(self, world):
        audit, target = world.audit(), world.target()
        with world.database.begin() as tx:
            told = events.add(
                tx, world.ours.id, "severity.risen", "It rose.", NOW, audit_id=audit.id, target_id=target.id, details={"to": "high"}
            )
        with world.database.read() as tx:
            assert events.page(tx, world.ours.id, 10) == ([told], None)
        assert (told.kind, told.sentence, told.created_at, told.details) == ("severity.risen", "It rose.", NOW, {"to": "high"})

    def test_pages_newest_first(self, world):
        with world.database.begin() as tx:
            told = [events.add(tx, world.ours.id, "kind", str(n), NOW) for n in range(5)]
            first, cursor = events.page(tx, world.ours.id, limit=2)
            second, cursor = events.page(tx, world.ours.id, limit=2, cursor=cursor)
            third, last = events.page(tx, world.ours.id, limit=2, cursor=cursor)
        assert first + second + third == told[::-1]
        assert last is None

    def test_of_one_audit(self, world):
        audit = world.audit()
        with world.database.begin() as tx:
            mine = events.add(tx, world.ours.id, "kind", "mine", NOW, audit_id=audit.id)
            events.add(tx, world.ours.id, "kind", "other", NOW)
            assert events.page(tx, world.ours.id, 10, audit_id=audit.id) == ([mine], None)

    def test_a_cursor_that_is_none_is_refused(self, world):
        with world.database.read() as tx, pytest.raises(InvalidInput):
            events.page(tx, world.ours.id, 10, "yesterday")


class TestOverview:
    def overview(self, world):
        with world.database.read() as tx:
            return views.overview(tx, world.ours.id)

    def test_every_target_by_name_even_without_audits(self, world):
        for name in ("zebra", "apple"):
            world.target(name)
        world.target("foreign", world.theirs)
        assert [(t.name, t.latest, t.trend, t.next_run_at) for t in self.overview(world)] == [
            ("apple", None, (), None),
            ("zebra", None, (), None),
        ]

    def test_the_latest_audit_is_the_newest_whatever_became_of_it(self, world):
        target = world.target()
        complete(world, world.audit(target_id=target.id))
        running = world.audit(target_id=target.id)
        latest = self.overview(world)[0].latest
        assert (latest.audit_id, latest.status, latest.outcome, latest.created_at) == (running.id, AuditStatus.RUNNING, None, NOW)
        complete(world, running, outcome="pass", score=3.0, severity="none")
        latest = self.overview(world)[0].latest
        assert (latest.status, latest.outcome, latest.score, latest.severity) == (AuditStatus.COMPLETED, "pass", 3.0, "none")

    def test_the_trend_has_the_newest_twenty_oldest_first(self, world):
        target = world.target()
        for n in range(23):
            complete(world, world.audit(target_id=target.id), at=n, score=float(n) if n % 2 else None, outcome="pass")
        world.audit(target_id=target.id)
        trend = self.overview(world)[0].trend
        assert [p.at for p in trend] == [later(n) for n in range(3, 23)]
        assert [p.score for p in trend[:3]] == [3.0, None, 5.0]

    def test_targets_do_not_mix(self, world):
        income, churn = world.target("income"), world.target("churn")
        complete(world, world.audit(target_id=income.id), score=1.0)
        complete(world, world.audit(target_id=churn.id), score=2.0)
        complete(world, world.audit(), score=3.0)
        assert [(t.name, [p.score for p in t.trend]) for t in self.overview(world)] == [("churn", [2.0]), ("income", [1.0])]

    def test_the_next_firing_is_the_soonest_of_those_that_are_not_paused(self, world):
        target = world.target()
        with world.database.begin() as tx:
            for name, at in (("weekly", 900), ("daily", 300), ("paused", 10)):
                new = schedules.NewSchedule(name, {}, "0 3 * * *", "UTC", target.id, later(at))
                made = schedules.create_schedule(tx, world.ours.id, new, NOW)
            schedules.set_paused(tx, world.ours.id, made.id, True, later(10))
        assert self.overview(world)[0].next_run_at == later(300)
