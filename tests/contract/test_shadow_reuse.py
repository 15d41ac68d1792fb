"""Shadows are trained once: through the whole workflow, over HTTP, what does not change is never trained again."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from auditor.domain.audit import Audit, StepKind
from auditor.domain.spec import AuditSpec
from auditor.errors import InvalidInput
from auditor.settings import Settings
from auditor.store import audits, retention
from auditor.testing.servers import ModelServer
from auditor.workflow import Proposal, Services, foretell, resume, run_locally, submit

sys.path.insert(0, str(Path(__file__).parent.parent / "e2e"))
from small_audit import MEMBERS, ended, small_spec, small_target, store_small_data, store_table

ATTACKS = ["gap"]  # one attack is enough for shadows to be needed


@dataclass(frozen=True)
class Ground:
    services: Services
    target: ModelServer
    workspace_id: str
    spec: AuditSpec

    def audited(self, workspace_id: str | None = None, **changes: Any) -> Audit:
        """`changes`: of the spec. The model server is asked through a new address each time: to the service, a new target."""
        return ended(
            self.services, submit(self.services, workspace_id or self.workspace_id, self.spec.model_copy(update=changes)).id
        )

    def fits(self, **changes: Any) -> int:
        return cost(self.audited(**changes))["fits"]


def cost(audit: Audit) -> dict[str, Any]:
    assert audit.result is not None, audit.reason
    actual: dict[str, Any] = audit.result["cost"]["actual"]
    return actual


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    home = tmp_path_factory.mktemp("reuse")
    services = run_locally(Settings(home, f"sqlite:///{home}/auditor.sqlite", "filesystem://"))
    with small_target() as target:
        spec = small_spec(target.open_inference, attacks=ATTACKS, shadows=4)
        yield Ground(services, target, *store_small_data(services, "ours", spec))
    services.close()


@pytest.fixture(scope="module")
def first(ground: Ground) -> Audit:
    return ground.audited()


def digests(services: Services, audit: Audit) -> dict[int, str]:
    with services.database.read() as tx:
        steps = [s for s in audits.steps(tx, audit.id) if s.kind is StepKind.SHADOWS]
    return {int(i): digest for step in steps for i, digest in (step.result or {})["digests"].items()}


def test_the_first_audit_trains_its_shadows_and_says_what_they_take(ground: Ground, first: Audit) -> None:
    assert cost(first)["fits"] == 4
    with ground.services.database.read() as tx:
        stored = ground.services.artifacts.size(tx, ground.workspace_id, list(digests(ground.services, first).values()))
    assert cost(first)["shadow_bytes"] == stored
    assert 4 * 600 * 4 <= stored < 4 * (600 * 2 * 4 + 1_000)  # log-odds of one class or two in 32 bits, and little around them


def test_a_new_version_of_the_model_trains_nothing(ground: Ground, first: Audit) -> None:
    """Another address, name and answers: whatever the target is, the shadows of these records are the same."""
    block = ground.spec.target_block.model_copy(update={"url": ground.target.open_inference + "?version=2"})
    again = ground.audited(target=block, name="version 2")
    assert cost(again) | {"fits": 0} == cost(again)
    assert digests(ground.services, again) == digests(ground.services, first)
    assert cost(again)["shadow_bytes"] == cost(first)["shadow_bytes"]


def test_more_shadows_extend_the_pool_whatever_the_borders_of_steps(ground: Ground, first: Audit) -> None:
    more = ground.audited(shadows=10)
    assert cost(more)["fits"] == 6
    known = digests(ground.services, more)
    assert {i: known[i] for i in range(4)} == digests(ground.services, first)


def test_what_a_shadow_answers_does_not_depend_on_how_steps_are_cut(ground: Ground, first: Audit) -> None:
    """Parameters of one's own are timed: the first shadow is a step of its own, and here nothing is reused."""
    learner = ground.spec.learner.model_copy(update={"params": {"C": 1.0}})  # the default, written out
    services = ground.services
    elsewhere, spec = store_small_data(services, "cut otherwise", ground.spec)
    cut = ground.audited(elsewhere, learner=learner, data=spec.data)
    assert cost(cut)["fits"] == 4
    with services.database.read() as tx:
        keys = [s.key for s in audits.steps(tx, cut.id) if s.kind is StepKind.SHADOWS]
    assert keys == ["shadows:0-0", "shadows:1-3"]
    assert digests(services, cut) == digests(services, first)


def test_a_parameter_or_a_seed_that_changes_trains_anew(ground: Ground, first: Audit) -> None:
    assert ground.fits(learner=ground.spec.learner.model_copy(update={"params": {"C": 0.5}}), seed=8) == 4
    assert ground.fits(learner=ground.spec.learner.model_copy(update={"params": {"C": 0.5}})) == 4


def test_a_row_that_changes_trains_anew(ground: Ground, first: Audit) -> None:
    changed = MEMBERS.copy()
    changed.loc[0, "age"] = 91
    with ground.services.database.begin() as tx:
        members = store_table(tx, ground.services, ground.workspace_id, "members again", changed)
    assert ground.fits(data=ground.spec.data.model_copy(update={"members": members})) == 4


def test_another_workspace_shares_nothing(ground: Ground, first: Audit) -> None:
    theirs, spec = store_small_data(ground.services, "theirs", ground.spec)
    assert cost(ground.audited(theirs, data=spec.data))["fits"] == 4


def test_retention_takes_the_shadows_that_no_audit_of_late_has_used(ground: Ground, first: Audit) -> None:
    """What the newest audit reused is kept as long as its own; the rest goes, and can be trained again."""
    services = ground.services
    other = ground.audited(seed=9)
    after_other = services.clock()
    again = ground.audited()
    with services.database.begin() as tx:
        retention.forget(tx, services.artifacts, after_other)
        kept = services.artifacts.size(tx, ground.workspace_id, list(digests(services, again).values()))
        gone = services.artifacts.size(tx, ground.workspace_id, list(digests(services, other).values()))
    assert (kept, gone) == (cost(again)["shadow_bytes"], 0)
    assert ground.fits(seed=9) == 4


def test_a_pool_that_grows_says_how_many_shadows_it_took_and_why_it_stopped(ground: Ground) -> None:
    grown = ground.audited(shadows="auto", seed=11)
    assert grown.result is not None
    method = grown.result["method"]
    assert method["shadows"] in (4, 16, 64)
    assert method["growth"].startswith(f"It took {method['shadows']} shadow models")
    assert cost(grown)["fits"] == method["shadows"] == len(digests(ground.services, grown))


def test_a_number_that_was_given_needs_no_reason(first: Audit) -> None:
    assert first.result is not None
    assert "growth" not in first.result["method"]


def foretold(ground: Ground, **changes: Any) -> tuple[float, float]:
    """Fits that the estimate expects, least and most, of files that it does not read."""
    fits = foretell(ground.services, ground.workspace_id, Proposal(ground.spec.model_copy(update=changes), None)).fits
    return fits.low, fits.high


def test_the_estimate_knows_what_is_stored(ground: Ground, first: Audit) -> None:
    assert cost(first)["fits"] == 4
    assert foretold(ground) == (0, 0)
    block = ground.spec.target_block.model_copy(update={"url": ground.target.open_inference + "?version=3"})
    assert foretold(ground, target=block) == (0, 0)
    assert foretold(ground, seed=12_345) == (4, 4)


@pytest.fixture
def elsewhere(ground: Ground) -> Iterator[Ground]:
    """The same service with workers that train networks on a device."""
    services = run_locally(replace(ground.services.settings, device="cuda"))
    yield replace(ground, services=services)
    services.close()


def test_a_device_for_networks_leaves_the_shadows_of_other_learners_alone(elsewhere: Ground, first: Audit) -> None:
    assert foretold(elsewhere) == (0, 0)
    audit = elsewhere.audited()
    assert cost(audit)["fits"] == 0
    assert "device" not in (audit.result or {})["method"]


@pytest.mark.skipif(find_spec("torch") is not None, reason="PyTorch is installed here, and may find a device")
def test_an_audit_keeps_the_device_that_it_began_with(ground: Ground, elsewhere: Ground) -> None:
    """Its shadows are of one kind, whichever worker goes on with it; one without the device says so."""
    network = ground.spec.learner.model_copy(update={"name": "mlp"})
    begun = elsewhere.audited(learner=network)
    resume(ground.services, begun.workspace_id, begun.id)
    for audit in (begun, ended(ground.services, begun.id)):
        assert "PyTorch is not installed here" in str(audit.reason)
        assert "AUDITOR_DEVICE=cpu" in str(audit.reason)
    with ground.services.database.read() as tx:
        choices = [s.result for s in audits.steps(tx, begun.id) if s.kind is StepKind.CHOOSE]
    assert [(choice or {})["device"] for choice in choices] == ["cuda"]


def test_what_does_not_fit_into_memory_is_refused_before_anything_is_queued(ground: Ground) -> None:
    """The door of `auditor run`."""
    full = replace(ground.services, free_memory=lambda: 1_000)
    with pytest.raises(InvalidInput, match=r"takes at least about 0\.0 GiB of memory and 0\.0 GiB are free"):
        submit(full, ground.workspace_id, ground.spec.model_copy(update={"name": "too large"}))
    with ground.services.database.read() as tx:
        assert "too large" not in {audit.name for audit in audits.page(tx, ground.workspace_id, limit=50)[0]}
