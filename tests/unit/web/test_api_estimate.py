"""What an audit would cost, asked over the API and from what is stored."""

from typing import Any

import pytest
from web_house import NO_ID, URL, House, assert_problem

from auditor import workflow
from auditor.domain.audit import AuditStatus, StepStatus
from auditor.domain.catalog import Role
from auditor.domain.spec import parse
from auditor.domain.target import Output, Profile
from auditor.store import audits
from auditor.workflow import Proposal, profiles
from auditor.workflow.estimate import PROBE_LEAST, PROBE_MOST
from auditor.workflow.offer import Offer

SLOW = Profile(Output.PROBABILITIES, ("<=50K", ">50K"), latency_ms=6_400.0, batch_size=64)


def estimate(house: House, spec: dict[str, Any], **options: Any) -> dict[str, Any]:
    answer = house.post("/audits/estimate", json=spec, **options)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return dict(answer.json)


def completed(house: House, spec: dict[str, Any], profile: Profile) -> str:
    """An audit of this spec that is over, and whose probe measured this."""
    audit_id, now = house.post("/audits", json=spec).json["id"], house.services.clock()
    with house.services.database.begin() as tx:
        (probe,) = audits.steps(tx, audit_id)
        claimed = audits.claim(tx, probe.id, now=now, lease_seconds=60, max_attempts=3)
        result = {"profile": profiles.to_json(profile)}
        audits.finish(tx, probe.id, claimed.attempt, status=StepStatus.DONE, result=result, reason=None, now=now)
        audits.close(tx, audit_id, status=AuditStatus.COMPLETED, now=now)
    return str(audit_id)


def proposal(house: House, spec: dict[str, Any], **more: Any) -> Proposal:
    document = {**spec, "target": {"url": URL}}
    return Proposal(parse(document), spec["target"], **more)


def test_the_cost_is_told_and_nothing_is_started(house: House) -> None:
    told = estimate(house, house.spec(shadows=8), as_=Role.AUDITOR)
    assert (told["queries_min"], told["queries_max"]) == (120 + PROBE_LEAST, 120 + PROBE_MOST)
    assert (told["fits_min"], told["fits_max"]) == (8, 8)
    assert told["price_min"] is told["price_max"] is None
    assert "The target was not asked yet" in told["sentences"][1]
    assert house.get("/audits").json["items"] == []
    assert house.services.dispatch.delivered == []


def test_a_price_is_multiplied(house: House) -> None:
    told = estimate(house, house.spec(budget={"price_per_1000": 10}))
    assert told["price_max"] == pytest.approx(7.17)
    assert told["sentences"][0].endswith("costs 2.04 to 7.17.")


def test_a_viewer_may_not_ask_and_the_mistakes_of_a_spec_are_those_of_an_audit(house: House) -> None:
    assert_problem(house.post("/audits/estimate", json=house.spec(), as_=Role.VIEWER), 403)
    assert_problem(
        house.post("/audits/estimate", json=house.spec(attacks=["gapp"])), 422, field="attacks", says="did you mean 'gap'"
    )
    assert_problem(house.post("/audits/estimate", json=house.spec(target=NO_ID)), 422, field="target")
    small = house.spec(budget={"queries": 100})
    assert_problem(house.post("/audits/estimate", json=small), 422, field="budget.queries", says="takes 120 queries")
    assert_problem(house.post("/audits/estimate", json=house.spec(), of="theirs"), 422)


def test_what_the_last_audit_of_the_target_measured_is_used(house: House) -> None:
    spec = house.spec()
    completed(house, spec, SLOW)
    told = estimate(house, spec)
    assert not any("was not asked yet" in sentence for sentence in told["sentences"])
    assert told["seconds_max"] > estimate(house, house.spec())["seconds_max"] + 11  # 120 rows at 100 ms a row


def test_what_was_learned_later_or_of_another_block_plays_no_part(house: House) -> None:
    spec = house.spec()
    start = house.services.clock()
    completed(house, spec, SLOW)
    assert_is_declared = "The target was not asked yet"
    before = workflow.foretell(house.services, house.workspaces["ours"], proposal(house, spec, before=start))
    assert assert_is_declared in before.sentences[1]
    other = parse({**spec, "target": {"url": URL, "output": "labels"}})
    changed = workflow.foretell(house.services, house.workspaces["ours"], Proposal(other, spec["target"]))
    assert assert_is_declared in changed.sentences[1]
    assert "labels" in changed.sentences[1]


def test_records_that_were_read_count_instead_of_the_files(house: House) -> None:
    cost = workflow.foretell(house.services, house.workspaces["ours"], proposal(house, house.spec(), offer=Offer(1_000, 0)))
    assert cost.queries.low == 1_000 + PROBE_LEAST
