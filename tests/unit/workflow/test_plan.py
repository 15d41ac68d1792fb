"""The plan is a pure function of the spec and of what finished steps recorded."""

from typing import Any

import pytest

from auditor.domain.audit import NewStep, Queue, Step, StepKind, StepStatus
from auditor.domain.spec import AuditSpec, parse
from auditor.workflow.chunks import FIRST, MOST
from auditor.workflow.plan import ASK_ROWS, REPORT_STAGE, attack_key, planned

DOCUMENT = {
    "spec": 1,
    "target": {"url": "http://127.0.0.1:1/v2/models/m/infer"},
    "data": {"members": "a", "non_members": "b", "label": "y"},
    "learner": "xgboost",
}


def spec_of(**changes: Any) -> AuditSpec:
    return parse({**DOCUMENT, **changes})


def done(new: NewStep, result: dict[str, Any] | None = None, status: StepStatus = StepStatus.DONE) -> Step:
    return Step(
        id=new.key,
        audit_id="audit",
        workspace_id="workspace",
        key=new.key,
        kind=new.kind,
        stage=new.stage,
        queue=new.queue,
        params=new.params,
        weight=new.weight,
        required=new.required,
        status=status,
        attempt=1,
        progress=1.0,
        result=result,
        reason=None,
        started_at=None,
        finished_at=None,
    )


def item(name: str, family: str = "membership", sensitive: str | None = None) -> dict[str, Any]:
    asked = 0 if family == "membership" else 500
    return {"label": name, "attack": name, "family": family, "params": {}, "sensitive": sensitive, "query_limit": asked}


def probe_result(*items: dict[str, Any], candidates: int = 4_500) -> dict[str, Any]:
    profile = {"latency_ms": 5.0, "batch_size": 64}
    return {"profile": profile, "candidates": candidates, "run": list(items), "not_run": [], "requested": ["membership"]}


def probed(*items: dict[str, Any], **more: Any) -> list[Step]:
    probe = planned(spec_of(), [])[0]
    return [done(probe, probe_result(*items, **more))]


def by_key(spec: AuditSpec, steps: list[Step]) -> dict[str, NewStep]:
    return {s.key: s for s in planned(spec, steps)}


def test_before_anything_is_known_there_is_only_the_probe() -> None:
    plan = planned(spec_of(), [])
    assert [(s.key, s.kind, s.stage, s.queue) for s in plan] == [("probe", StepKind.PROBE, 0, Queue.QUERY)]


def test_the_probe_alone_decides_what_follows() -> None:
    plan = by_key(spec_of(attacks="quick"), probed(item("gap"), item("rmia")))
    assert {"choose", "blind", "attack:gap@4", "attack:rmia@4", "control:rmia@4", "grade@4"} <= set(plan)
    assert "report" not in plan


def test_where_no_attack_can_run_nobody_is_asked_about() -> None:
    assert [step.kind for step in planned(spec_of(attacks=["attribute"]), probed())] == [StepKind.PROBE, StepKind.GRADE]


def test_asking_covers_every_candidate_once() -> None:
    plan = by_key(spec_of(), probed(item("gap"), candidates=2 * ASK_ROWS + 1))
    chunks = sorted((s.params["first"], s.params["last"]) for s in plan.values() if s.kind is StepKind.ASK)
    assert chunks == [(0, ASK_ROWS), (ASK_ROWS, 2 * ASK_ROWS), (2 * ASK_ROWS, 2 * ASK_ROWS + 1)]


@pytest.mark.parametrize("shadows", [4, 6, 16, 30, 130])
def test_shadow_chunks_cover_every_shadow_once(shadows: int) -> None:
    plan = by_key(spec_of(shadows=shadows), probed(item("lira")))
    ranges = [range(s.params["first"], s.params["last"]) for s in plan.values() if s.kind is StepKind.SHADOWS]
    assert sorted(i for r in ranges for i in r) == list(range(shadows))
    assert max(len(r) for r in ranges) <= MOST


TIMED = {"name": "xgboost", "params": {"n_estimators": 1_000}}


def shadow_keys(spec: AuditSpec, steps: list[Step]) -> list[str]:
    return [s.key for s in planned(spec, steps) if s.kind is StepKind.SHADOWS]


def test_where_the_first_shadow_is_timed_the_others_follow_in_its_stage_and_before_any_attack() -> None:
    spec = spec_of(learner=TIMED)
    steps = probed(item("lira"))
    before = by_key(spec, steps)
    assert shadow_keys(spec, steps) == [FIRST]
    steps.append(done(before[FIRST], {"seconds_a_fit": 30.0}))
    after = by_key(spec, steps)
    assert shadow_keys(spec, steps) == [FIRST, *(f"shadows:{i}-{min(i + 2, 15)}" for i in range(1, 16, 3))]
    assert {s.stage for s in after.values() if s.kind is StepKind.SHADOWS} == {before[FIRST].stage}
    assert before["attack:lira@16"].stage > before[FIRST].stage


def test_shadows_that_were_cut_stay_cut_when_the_first_one_is_timed_again() -> None:
    """After a resume the same fit may take another time; steps that overlap would train shadows twice."""
    spec = spec_of(learner=TIMED)
    steps = probed(item("lira"))
    first = done(by_key(spec, steps)[FIRST], {"seconds_a_fit": 30.0})
    cut = [
        done(s, status=StepStatus.WAITING) for s in planned(spec, [*steps, first]) if s.kind is StepKind.SHADOWS and s.key != FIRST
    ]
    again = done(by_key(spec, steps)[FIRST], {"seconds_a_fit": 1.0})
    assert shadow_keys(spec, [*steps, again, *cut]) == []
    assert shadow_keys(spec, [*steps, again]) != [FIRST, *(s.key for s in cut)]


def test_work_is_ordered_by_stage() -> None:
    plan = by_key(spec_of(attacks="quick"), probed(item("rmia")))
    stages = [plan[k].stage for k in ("probe", "ask:0-2000", "choose", "shadows:0-3", "attack:rmia@4", "control:rmia@4", "grade@4")]
    assert stages == sorted(set(stages))


def test_an_audit_without_membership_attacks_trains_no_shadows() -> None:
    plan = by_key(spec_of(attacks=["surrogate"]), probed(item("surrogate", "stealing")))
    kinds = {s.kind for s in plan.values()}
    assert StepKind.SHADOWS not in kinds
    assert StepKind.BLIND not in kinds
    assert {"attack:surrogate", "baseline:surrogate", "control:surrogate"} <= set(plan)


def test_only_the_attack_itself_may_fail_without_failing_the_audit() -> None:
    plan = by_key(spec_of(), probed(item("lira")))
    optional = {s.kind for s in plan.values() if not s.required}
    assert optional == {StepKind.ATTACK, StepKind.CONTROL, StepKind.BLIND}


def test_the_report_follows_a_grade_that_does_not_grow() -> None:
    spec = spec_of(shadows=4)
    steps = probed(item("lira"))
    steps.append(done(by_key(spec, steps)["grade@4"], {"grow": False}))
    assert by_key(spec, steps)["report"].stage == REPORT_STAGE


def test_auto_grows_the_pool_without_training_a_shadow_twice() -> None:
    spec = spec_of(shadows="auto")
    steps = probed(item("lira"), item("surrogate", "stealing"))
    first = by_key(spec, steps)
    steps.append(done(first["grade@4"], {"grow": True}))
    second = by_key(spec, steps)
    trained = [i for s in second.values() if s.kind is StepKind.SHADOWS for i in range(s.params["first"], s.params["last"])]
    assert sorted(trained) == list(range(16))
    assert second["attack:lira@16"].stage > second["grade@4"].stage
    assert [k for k in second if k.startswith("attack:surrogate")] == ["attack:surrogate"]
    assert "report" not in second


def test_planning_twice_gives_the_same_keys() -> None:
    steps = probed(item("lira"), item("attribute", "inversion", "race"))
    keys = [s.key for s in planned(spec_of(), steps)]
    assert keys == [s.key for s in planned(spec_of(), steps)]
    assert len(keys) == len(set(keys))


def test_an_attack_key_names_the_attribute_and_the_shadows() -> None:
    assert attack_key(item("attribute", "inversion", "race"), 16) == "attribute[race]"
    assert attack_key(item("lira"), 16) == "lira@16"


def test_with_a_rate_limit_one_step_asks_and_attacks_that_ask_take_turns() -> None:
    """Two workers at 100 rows a second each would ask 200."""
    items = [item("rmia"), item("attribute", "inversion", "race"), item("surrogate", "stealing")]
    plan = by_key(spec_of(budget={"rate": 100}), probed(*items, candidates=9_000))
    assert [s.params for s in plan.values() if s.kind is StepKind.ASK] == [{"first": 0, "last": 9_000}]
    asking = [plan["attack:attribute[race]"].stage, plan["attack:surrogate"].stage]
    assert asking[0] < asking[1] < plan["control:surrogate"].stage
    assert plan["attack:rmia@16"].stage == asking[0]


def test_asking_weighs_as_long_as_the_target_takes_to_answer() -> None:
    """5 ms a batch of 64 rows; with a rate of 100 rows a second the rate decides."""
    plain, paced = (by_key(spec_of(budget=budget), probed(item("surrogate", "stealing"))) for budget in ({}, {"rate": 100}))
    assert plain["attack:surrogate"].weight == pytest.approx(6 + 500 * 0.005 / 64)
    assert paced["attack:surrogate"].weight == pytest.approx(6 + 5)
    assert paced["control:surrogate"].weight == plain["control:surrogate"].weight
    assert planned(spec_of(budget={"rate": 100}), [])[0].weight == pytest.approx(3 + 6)


def test_what_was_asked_at_the_first_look_costs_nothing_at_the_next() -> None:
    spec = spec_of(shadows="auto", budget={"rate": 100})
    steps = probed({**item("noise"), "query_limit": 500})
    first = by_key(spec, steps)
    assert first["attack:noise@4"].weight == pytest.approx(6 + 5)
    assert first["attack:noise@4"].queue is Queue.QUERY
    steps.append(done(first["grade@4"], {"grow": True}))
    assert by_key(spec, steps)["attack:noise@16"].weight == pytest.approx(6)


def test_attacks_that_train_models_weigh_more_the_more_candidates_there_are() -> None:
    few, many = (by_key(spec_of(), probed(item("stacked"), item("rmia"), candidates=n)) for n in (3_000, 30_000))
    assert many["attack:stacked@16"].weight > few["attack:stacked@16"].weight > few["attack:rmia@16"].weight
    assert many["attack:rmia@16"].weight == few["attack:rmia@16"].weight
    assert many["control:stacked@16"].weight == many["attack:stacked@16"].weight
