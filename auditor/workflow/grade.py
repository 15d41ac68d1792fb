"""The grade step: the one place where evidence meets the truth."""

from dataclasses import replace
from typing import Any

from auditor.attacks import registry
from auditor.domain.attack import Attack, Checkpoint
from auditor.domain.audit import Step, StepStatus
from auditor.domain.evidence import Disclosures, MembershipScores, SurrogateLabels, SurrogateValues
from auditor.domain.finding import Control, Estimate, Finding
from auditor.domain.target import Output
from auditor.errors import AttackFailed
from auditor.scoring import holm, score
from auditor.scoring.assess import Assessment, Grading, assess
from auditor.scoring.cost_curve import price_of
from auditor.scoring.triage import early_tail
from auditor.workflow.blindness import weigh_against_blind
from auditor.workflow.case import Case
from auditor.workflow.exposed import exposed, reader
from auditor.workflow.growth import growth_of
from auditor.workflow.kinds import kind_of, reconstruction
from auditor.workflow.look import Item, Look
from auditor.workflow.material import Material
from auditor.workflow.model_scan import file_findings
from auditor.workflow.privacy import answered, caveats_of, epsilon_of
from auditor.workflow.recorded import profile_of
from auditor.workflow.services import Services
from auditor.workflow.target_checks import checks_of

FAMILIES = ("membership", "inversion", "stealing", "supply-chain")


def grade(services: Services, step: Step, material: Material, checkpoint: Checkpoint) -> dict[str, Any]:
    """Findings of this look, what failed, and whether the pool of shadows grows for another look."""
    look = Look(services, material, step.params["shadows"], 1.0 / step.params["looks"])
    look = replace(look, checks=checks_of(look))
    found: list[Finding] = []
    failed = _failed(look)
    for position, family in enumerate(FAMILIES):
        cases = _gradable(look, family, failed)
        found += _graded(look, family, cases) if cases else []
        checkpoint((position + 1) / len(FAMILIES))
    found += file_findings(services, material)
    return _recorded(step, look, found, failed)


def _recorded(step: Step, look: Look, found: list[Finding], failed: list[Item]) -> dict[str, Any]:
    findings = [f.as_json() for f in found]
    grown = growth_of(look.material, step.params["look"], findings)
    return {
        "findings": findings,
        "failed": failed,
        "grow": grown.grows,
        "growth": grown.sentence,
        "shadows": look.shadows,
        "privacy": answered(look.material, found),
    }


def _gradable(look: Look, family: str, failed: list[Item]) -> list[Case]:
    """The family's evidence that can be graded; an attack that broke its contract is told in `failed` and stops no other."""
    items = [i for i in look.material.results["probe"]["run"] if i["family"] == family and look.result("attack", i)]
    cases = []
    for item in items:
        case = _case(look, item)
        try:
            first = assess(case.evidence, case.truth, look.grading(family, len(items)), case.baseline)
        except AttackFailed as broken:
            failed.append({"attack": item["attack"], "family": family, "reason": broken.sentence})
        else:
            cases.append(replace(case, first=first))
    return cases if len(cases) == len(items) else [replace(case, first=None) for case in cases]


def _graded(look: Look, family: str, cases: list[Case]) -> list[Finding]:
    grading = look.grading(family, len(cases))
    known = [c.first for c in cases if c.first is not None]
    assessed = holm.assess_family([(c.evidence, c.baseline, c.truth) for c in cases], grading, known)
    if family == "membership":
        assessed = [weigh_against_blind(look, c.evidence, c.truth, a, grading) for c, a in zip(cases, assessed, strict=True)]
    found = [_finding(look, case, a, grading) for case, a in zip(cases, assessed, strict=True)]
    return _with_exposed(look, cases, found, grading) if family == "membership" else found


def _with_exposed(look: Look, cases: list[Case], found: list[Finding], grading: Grading) -> list[Finding]:
    """Groups and single records stand in the finding of one attack, which was registered before anything was known."""
    place = reader([c.item["label"] for c in cases])
    case = cases[place]
    everybody = look.evidence((look.result("attack", case.item) or {})["evidence"], case.item)
    assert isinstance(everybody, MembershipScores) and isinstance(case.evidence, MembershipScores)  # noqa: S101, PT018 - the family's
    seen = exposed(look, (case.evidence, everybody), case.truth, grading)
    exposure = seen.exposure
    if exposure is not None and seen.table is not None:
        with look.services.database.begin() as tx:
            digest = look.services.artifacts.put_arrays(tx, look.material.audit.workspace_id, seen.table, kind="evidence")
        exposure = replace(exposure, digest=digest)
    found[place] = replace(found[place], subgroups=seen.subgroups, exposure=exposure)
    return found


def _case(look: Look, item: Item) -> Case:
    attack = registry.make(item["attack"], item["params"])
    result, baseline = look.result("attack", item), look.result("baseline", item)
    assert result is not None  # noqa: S101 - the caller chose items with a result
    return Case(
        item,
        attack,
        look.independent(result["evidence"], item),
        None if baseline is None else look.independent(baseline["evidence"], item),
        kind_of(attack).truth(look, item),
    )


def _finding(look: Look, case: Case, assessment: Assessment, grading: Grading) -> Finding:
    checks = _controls(look, case, grading)
    outcome, severity = score.judge(assessment, checks, grading.level)
    result = look.result("attack", case.item) or {}
    return Finding(
        attack=case.item["attack"],
        family=case.item["family"],
        kind=case.attack.kind,
        shows=case.attack.shows,
        outcome=outcome,
        severity=severity,
        score=assessment.score,
        score_low=assessment.score_low,
        score_high=assessment.score_high,
        threat_model=threat_model_json(case.attack, profile_of(look.material).output),
        estimates=(*assessment.estimates, *_more_estimates(look, case, grading)),
        controls=checks,
        caveats=_caveats(look, case, assessment.caveats),
        parameters=_parameters(look, case),
        queries=result.get("rows_asked", 0),
        curve=dict(assessment.curve),
        subgroups=assessment.subgroups,
        checks=tuple(c.as_json() for c in case.evidence.checks) if isinstance(case.evidence, Disclosures) else (),
        reconstructions=reconstruction.shown(look, case),
    )


def _more_estimates(look: Look, case: Case, grading: Grading) -> tuple[Estimate, ...]:
    """Epsilon of every membership attack; of the loss alone also what its own tail tells early."""
    if isinstance(case.evidence, SurrogateLabels | SurrogateValues):
        return price_of(float(case.evidence.queries[-1]), look.material.spec.budget.price_per_1000, grading)
    if not isinstance(case.evidence, MembershipScores):
        return ()
    found = epsilon_of(look.material, case.evidence, case.truth, grading)
    if case.item["attack"] != "loss-threshold" or case.item["params"].get("threshold", "global") != "global":
        return found  # thresholds by class leave no plain losses
    return early_tail(case.evidence, case.truth.of(case.evidence).is_member, grading), *found


def _caveats(look: Look, case: Case, own: tuple[str, ...]) -> tuple[str, ...]:
    """The match of target and shadows comes first, the premise of epsilon before what the score rests on, which is the last."""
    if not isinstance(case.evidence, MembershipScores):
        return own
    return *look.checks.caveats, *own[:-1], *caveats_of(look.material), *own[-1:]


def _controls(look: Look, case: Case, grading: Grading) -> dict[str, Control]:
    """An attack whose evidence about its controls cannot be graded has failed them."""
    try:
        checks = _ran_controls(look, case, grading)
    except AttackFailed as broken:
        return {"lookup_twin": Control(False, f"The controls of this attack cannot be graded: {broken.sentence}")}
    return checks | look.checks.of_all if kind_of(case.attack).has_controls else checks


def _ran_controls(look: Look, case: Case, grading: Grading) -> dict[str, Control]:
    kind = kind_of(case.attack)
    ran = look.result("control", case.item)
    if ran is None and kind.has_controls:
        missing = Control(False, "The controls of this attack could not run, so nothing shows that it would have seen a leak.")
        return {"lookup_twin": missing}
    evidence = {name: look.independent(r["evidence"], case.item) for name, r in (ran or {}).items()}
    return kind.checks(look, case, evidence, grading)


def _parameters(look: Look, case: Case) -> dict[str, Any]:
    parameters: dict[str, Any] = dict(registry.parameters_of(case.attack))
    if case.item["sensitive"] is not None:
        parameters["sensitive"] = case.item["sensitive"]
    if case.item["family"] == "membership":
        parameters["shadows"] = look.shadows
    return parameters


def _failed(look: Look) -> list[Item]:
    """Attacks that were planned and did not finish, with the sentence that says why."""
    failed: list[Item] = []
    for step in look.material.steps:
        if step.status is StepStatus.FAILED and step.key.startswith("attack:"):
            item = step.params["item"]
            failed.append({"attack": item["attack"], "family": item["family"], "reason": step.reason or "It did not finish."})
    return failed


def threat_model_json(attack: Attack, output: Output) -> dict[str, Any]:
    model = attack.threat_model
    return {"sees": model.seen(output), "knows": sorted(map(str, model.knows)), "words": model.in_words(output)}
