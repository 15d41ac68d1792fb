"""What each kind of step does: a pure function of the spec, the step's parameters and what was recorded before it."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auditor.attacks import registry
from auditor.domain.attack import Attack, Checkpoint, Family, Query
from auditor.domain.audit import Step, StepKind
from auditor.domain.counterfactual import Counterfactuals, Explain, Explained
from auditor.domain.data import Records
from auditor.domain.evidence import Evidence
from auditor.domain.learner import Learner, Task
from auditor.domain.parameters import ModelParameters
from auditor.domain.threat import Sees
from auditor.errors import AttackFailed
from auditor.learners import USUAL, check
from auditor.querying import probe_through
from auditor.scoring.validity import blind_baseline
from auditor.shadows import choose, pool, trainers
from auditor.workflow import grade, memory, report_step, served_model
from auditor.workflow.asking import Asker, explained, paying_door, query_client, transport
from auditor.workflow.contexts import context_for, forbidden
from auditor.workflow.evidence_store import to_arrays
from auditor.workflow.kinds import kind_of
from auditor.workflow.kinds.extraction import as_answered
from auditor.workflow.material import Material, load
from auditor.workflow.plan import CHOOSE_QUERIES
from auditor.workflow.probing import plan_of
from auditor.workflow.recorded import device_of, learner_of, profile_of, shadows_of, task_of
from auditor.workflow.services import Services
from auditor.workflow.startable import refuse_auto
from auditor.workflow.true_values import in_tenths
from auditor.workflow.units import one_of_each

PROBE_ROWS = 400

Result = dict[str, Any]


def execute(services: Services, step: Step, checkpoint: Checkpoint) -> Result:
    """The result of one step as JSON; large arrays are artifacts named by digest."""
    return STEPS[step.kind](services, step, load(services, step), checkpoint)


def _probe(services: Services, step: Step, material: Material, checkpoint: Checkpoint) -> Result:
    refuse_auto(material.spec, len(material.data.auxiliary), material.data.notes)  # the last may have been removed as duplicates
    target = material.spec.target_block.as_target()
    door = transport(services, material.audit, target, material.data.columns)
    sample = material.data.candidates.features.head(PROBE_ROWS)
    asker = Asker(services, material.audit, step.key)
    profile = probe_through(paying_door(asker, door, checkpoint), target, sample, material.data.classes)
    checkpoint(0.9)
    plan = plan_of(material, profile)
    return plan | {"model": served_model.facts(services, material.audit.workspace_id, target.model)} if target.model else plan


def _ask(services: Services, step: Step, material: Material, checkpoint: Checkpoint) -> Result:
    first, last = step.params["first"], step.params["last"]
    client = _client(services, step, material, checkpoint)
    client(material.data.candidates.features.iloc[first:last])
    return {"rows": last - first}


def _choose(services: Services, step: Step, material: Material, checkpoint: Checkpoint) -> Result:
    """The declared learner with its defaults filled in, or the one whose signal is closest to the target's."""
    declared = material.spec.learner
    if declared.name != "auto":
        learner = check(Learner(declared.name, dict(declared.params), task_of(material)))
        return _chosen(services, learner) | {"distances": {}}
    auxiliary = material.data.auxiliary
    rows = auxiliary.take(np.arange(min(CHOOSE_QUERIES, len(auxiliary))))
    answers = _client(services, step, material, checkpoint)(rows.features)
    checkpoint(0.3)
    distances = _distances(material, rows, answers, checkpoint)
    ranked = sorted(distances, key=lambda name: (distances[name], name))
    best = check(Learner(ranked[0], task=task_of(material)))
    return _chosen(services, best) | {"distances": distances, "runner_up": ranked[1]}


def _chosen(services: Services, learner: Learner) -> Result:
    """The learner, and what its shadows are trained on where that is not the processor."""
    device = trainers.device.of(learner, services.settings.device)
    named = {"learner": {"name": learner.name, "params": dict(learner.params)}}
    return named if device == trainers.CPU else named | {"device": device}


def _distances(material: Material, rows: Records, answers: NDArray[np.float64], checkpoint: Checkpoint) -> dict[str, float]:
    """How far the usual learners of this task are from the target, on auxiliary records."""
    task, columns, seed = task_of(material), material.data.columns, material.spec.seed
    known = [check(Learner(name, task=task)) for name in USUAL[task]]
    if task is Task.REGRESSION:
        return choose.distances_of_values(known, columns, rows, answers, seed, checkpoint)
    return choose.distances(known, columns, rows, len(material.data.classes), answers, seed, checkpoint)


def _shadows(services: Services, step: Step, material: Material, checkpoint: Checkpoint) -> Result:
    """Train the shadows of this chunk that are not stored already; the key is content, never the target. Later chunks are cut by
    the seconds that a fit took here."""
    learner, data, seed = learner_of(material), material.data, material.spec.seed
    indices = range(step.params["first"], step.params["last"])
    versions = trainers.device.versions(learner, device_of(material))
    keys = {i: pool.key(data.digest + data.training_digest, learner, i, seed, versions) for i in indices}
    workspace = material.audit.workspace_id
    with services.database.begin() as tx:
        found = services.artifacts.find(tx, workspace, list(keys.values()))
        services.artifacts.keep(tx, workspace, list(found.values()))
    missing = [i for i in indices if keys[i] not in found]
    result: Result = {"trained": len(missing)}
    if missing:
        started = time.monotonic()
        trained = _trained(services, material, learner, missing, checkpoint)
        result["seconds_a_fit"] = round((time.monotonic() - started) / len(missing), 3)
        with services.database.begin() as tx:
            for index, outputs in zip(missing, trained, strict=True):
                arrays = pool.kept(outputs, learner.task)
                found[keys[index]] = services.artifacts.put_arrays(tx, workspace, arrays, key=keys[index], kind="shadow")
    return result | {"digests": {str(i): found[keys[i]] for i in indices}}


def _trained(
    services: Services, material: Material, learner: Learner, missing: list[int], checkpoint: Checkpoint
) -> NDArray[np.float32]:
    """On halves of the candidates, and on the rest of the target's training data where it was given."""
    data, seed = material.data, material.spec.seed
    job = trainers.Job(check(learner), data.columns, data.candidates, len(data.classes), tuple(missing), seed, checkpoint)
    job = replace(job, device=device_of(material))
    whole = job if data.training is None else trainers.remainder.whole(job, data.training)
    memory.refuse_what_does_not_fit(whole, services.free_memory())
    if data.training is None:
        return trainers.train_job(job)
    return trainers.remainder.train(job, data.training)


def _blind(services: Services, step: Step, material: Material, checkpoint: Checkpoint) -> Result:
    """Among records that are independent of each other: a household on both sides of a fold would give itself away."""
    kept = one_of_each(material.units, len(material.data.candidates))
    people, is_member = material.data.candidates.take(kept), material.data.is_member[kept]
    labels = people.labels if people.values is None else in_tenths(people.values)
    blind = blind_baseline(people.features, labels, is_member, material.spec.seed, checkpoint)
    arrays = {"rows": kept[blind.rows], "scores": blind.scores}
    with services.database.begin() as tx:
        digest = services.artifacts.put_arrays(tx, material.audit.workspace_id, arrays, kind="evidence")
    return {"control": blind.control.as_json(), "fired": blind.fired, "evidence": digest}


def _attack(services: Services, step: Step, material: Material, checkpoint: Checkpoint) -> Result:
    item = step.params["item"]
    attack = registry.make(item["attack"], item["params"])
    client = _client(services, step, material, checkpoint)
    return _run(services, step, material, attack, client, checkpoint)


def _baseline(services: Services, step: Step, material: Material, checkpoint: Checkpoint) -> Result:
    item = step.params["item"]
    baseline = registry.baseline_for(registry.make(item["attack"], item["params"]))
    if baseline is None:
        raise AttackFailed(f"{item['attack']} has no baseline without the model.")
    return _run(services, step, material, baseline, forbidden, checkpoint)


def _control(services: Services, step: Step, material: Material, checkpoint: Checkpoint) -> Result:
    """The same attack on targets whose truth is known: it must find what is there, and nothing where nothing is."""
    item = step.params["item"]
    attack = registry.make(item["attack"], item["params"])
    results: Result = {}
    shadows = shadows_of(services, material, step.params["shadows"]) if attack.family == "membership" else None
    targets = kind_of(attack).targets(attack, material.data, shadows, material.spec.seed)
    if attack.family is Family.STEALING:
        targets = {name: as_answered(query, material.data, profile_of(material)) for name, query in targets.items()}
    for name, query in targets.items():
        results[name] = _run(services, step, material, attack, query, checkpoint)
    return results


def _run(services: Services, step: Step, material: Material, attack: Attack, query: Query, checkpoint: Checkpoint) -> Result:
    item = step.params["item"]
    counted = _Counting(query)
    fresh = _Counting(getattr(query, "fresh", query))
    explain = _Explaining(query.counterfactual) if isinstance(query, Explained) else None
    grants = {
        "seed": material.spec.seed,
        "learner": learner_of(material),
        "shadows": shadows_of(services, material, step.params["shadows"]) if attack.family == "membership" else None,
        "sensitive": material.sensitive(item["sensitive"]),
        "query_limit": item["query_limit"],
        "fresh": fresh,
        "counterfactual": explain,
        "parameters": _parameters(services, material, attack),
    }
    context = context_for(attack, material.data, profile_of(material), counted, checkpoint, grants)
    evidence: Evidence = attack.run(context)
    with services.database.begin() as tx:
        digest = services.artifacts.put_arrays(tx, material.audit.workspace_id, to_arrays(evidence), kind="evidence")
    return {"evidence": digest, "rows_asked": counted.rows + fresh.rows + (explain.rows if explain else 0)}


def _parameters(services: Services, material: Material, attack: Attack) -> ModelParameters | None:
    """Of a submitted file, for an attack that looks inside; they leave the process of the model for no other."""
    model = material.spec.target_block.model
    if attack.threat_model.sees is not Sees.PARAMETERS or not model:
        return None
    found = served_model.parameters(services, material.audit.workspace_id, model)
    if found is None:
        raise AttackFailed(
            "The parameters of this kind of model cannot be read from its file; docs/models.md says of which they can."
        )
    return found


class _Counting:
    """A query that counts the rows put to it: what the attack used, answered from the ledger or not."""

    def __init__(self, query: Query) -> None:
        self._query = query
        self.rows = 0

    def __call__(self, frame: Any) -> Any:
        self.rows += len(frame)
        return self._query(frame)


class _Explaining:
    """The same of counterfactuals."""

    def __init__(self, explain: Explain) -> None:
        self._explain = explain
        self.rows = 0

    def __call__(self, records: Any, bounds: Any) -> Counterfactuals:
        self.rows += len(records)
        return self._explain(records, bounds)


def _client(services: Services, step: Step, material: Material, checkpoint: Checkpoint) -> Query:
    target = material.spec.target_block.as_target()
    door = transport(services, material.audit, target, material.data.columns)
    asker = Asker(services, material.audit, step.key)
    client = query_client(asker, door, profile_of(material), checkpoint)
    return explained(asker, target, material.data.columns, client, checkpoint)


STEPS: dict[StepKind, Callable[[Services, Step, Material, Checkpoint], Result]] = {
    StepKind.PROBE: _probe,
    StepKind.ASK: _ask,
    StepKind.CHOOSE: _choose,
    StepKind.SHADOWS: _shadows,
    StepKind.BLIND: _blind,
    StepKind.ATTACK: _attack,
    StepKind.BASELINE: _baseline,
    StepKind.CONTROL: _control,
    StepKind.GRADE: grade.grade,
    StepKind.REPORT: report_step.report,
}
