"""Whole audits through a proxy that spoils exchanges: the result is that of the undisturbed audit, or a sentence says why not.

Whatever happens on the wire, the budget has paid for every record that the server saw.
"""

import itertools
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fault_proxy import (
    PASSING,
    Fault,
    FaultProxy,
    busy,
    cut_gzip,
    endless_continue,
    error_with_status_200,
    latency,
    long_length,
    reset_after_asking,
    sign_in_page,
    silence,
    slow_drip,
)
from small_audit import ended, small_spec, small_target, store_small_data

from auditor.domain.attempt import UNKNOWN
from auditor.domain.audit import Audit, AuditStatus
from auditor.domain.spec import AuditSpec, BudgetSpec
from auditor.settings import Settings
from auditor.store import attempts, ledger
from auditor.testing.servers import ModelServer
from auditor.workflow import Services, cancel, resume, run_locally, submit
from auditor.workflow.report_step import comparable

PROBED = 10
"""Exchanges of the probe; the next one asks the first chunk of candidates."""
CANDIDATES, BUDGET = 600, 2_000
TOGETHER = [PASSING[i::7] for i in range(7)]
SLOW = (latency, silence, slow_drip, long_length, endless_continue)
BROKEN = (error_with_status_200, sign_in_page, cut_gzip)
"""Those of `LASTING` that no time-out can overtake."""


@dataclass(frozen=True)
class House:
    """One workspace whose records and shadows all audits share, over one server."""

    services: Services
    server: ModelServer
    workspace: str
    spec: AuditSpec

    def submit(self, url: str) -> str:
        assert not isinstance(self.spec.target, str)
        target = self.spec.target.model_copy(update={"url": url})
        return submit(self.services, self.workspace, self.spec.model_copy(update={"target": target})).id

    def audited(self, url: str) -> Audit:
        return ended(self.services, self.submit(url))

    def resumed(self, audit_id: str) -> Audit:
        resume(self.services, self.workspace, audit_id)
        return ended(self.services, audit_id)

    def paid_for(self, audit_id: str, seen: int) -> bool:
        """The budget and the log of requests agree, and neither holds less than the server counted."""
        assert not self.is_asking(audit_id)
        with self.services.database.read() as tx:
            spent, (log, _) = ledger.spent(tx, audit_id), attempts.page(tx, audit_id, limit=1_000)
        return spent == sum(attempt.rows for attempt in log) >= seen

    def is_asking(self, audit_id: str) -> bool:
        """Some exchange has no end yet."""
        with self.services.database.read() as tx:
            log, _ = attempts.page(tx, audit_id, limit=1_000)
        return UNKNOWN in {attempt.ended for attempt in log}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    home: Path = tmp_path_factory.mktemp("faults")
    settings = Settings(home, f"sqlite:///{home}/auditor.sqlite", "filesystem://", target_timeout=0.3)
    services = run_locally(settings)
    with small_target() as server:
        workspace, spec = store_small_data(services, "ours", small_spec(server.open_inference, attacks=["rmia"], shadows=4))
        yield House(services, server, workspace, spec)
    services.close()


@pytest.fixture(scope="module")
def undisturbed(house: House) -> dict[str, Any]:
    audit = house.audited(house.server.open_inference)
    assert audit.status is AuditStatus.COMPLETED, audit.reason
    return same_part(audit)


def same_part(audit: Audit) -> dict[str, Any]:
    assert audit.result is not None
    return comparable(audit.result)


@pytest.mark.parametrize("faults", TOGETHER, ids=lambda faults: "-".join(fault.__name__ for fault in faults))
def test_faults_that_pass_change_nothing(house: House, undisturbed: dict[str, Any], faults: tuple[Fault, ...]) -> None:
    """Two of them meet the probe, and one the first chunk of candidates."""
    before, (first, second, third) = house.server.seen.rows, faults
    with FaultProxy(house.server.origin, [None, first, None, None, second, *[None] * (PROBED - 3), third]) as proxy:
        audit_id = house.submit(proxy.url(house.server.open_inference))
        audit = ended(house.services, audit_id)
        assert (audit.status, proxy.met) == (AuditStatus.COMPLETED, [*faults]), audit.reason
    assert same_part(audit) == undisturbed
    assert house.paid_for(audit_id, house.server.seen.rows - before)


@pytest.mark.parametrize("fault", BROKEN, ids=lambda fault: fault.__name__)
def test_a_fault_of_the_server_ends_the_audit_in_one_sentence(house: House, undisturbed: dict[str, Any], fault: Fault) -> None:
    """What was answered before stays; when the server is well again the audit goes on and ends as if nothing had been."""
    before = house.server.seen.rows
    with FaultProxy(house.server.origin, [*[None] * PROBED, fault]) as proxy:
        audit_id = house.submit(proxy.url(house.server.open_inference))
        failed = ended(house.services, audit_id)
        assert (failed.status, len(proxy.met)) == (AuditStatus.FAILED, 1)
        assert re.fullmatch(r"[^\n]{20,300}", str(failed.reason))
        asked = house.server.seen.rows - before
        assert house.paid_for(audit_id, asked)
        audit = house.resumed(audit_id)
    assert same_part(audit) == undisturbed
    assert house.paid_for(audit_id, house.server.seen.rows - before)
    assert house.server.seen.rows - before - asked <= CANDIDATES, "the probe is not asked again"


def test_a_flapping_target_is_asked_until_it_has_answered(house: House, undisturbed: dict[str, Any]) -> None:
    """Every third exchange breaks in a way of its own, for as long as the audit takes."""
    before = house.server.seen.rows
    quick = [fault for fault in PASSING if fault not in SLOW]
    faults = itertools.chain.from_iterable((None, None, fault) for fault in itertools.cycle(quick))
    with FaultProxy(house.server.origin, faults) as proxy:
        audit_id = house.submit(proxy.url(house.server.open_inference))
        audit = ended(house.services, audit_id)
        assert (audit.status, len(proxy.met) >= 4) == (AuditStatus.COMPLETED, True), audit.reason
    assert same_part(audit) == undisturbed
    assert house.paid_for(audit_id, house.server.seen.rows - before)


def test_a_cancelled_audit_goes_on_amid_faults(house: House, undisturbed: dict[str, Any]) -> None:
    before = house.server.seen.rows
    with FaultProxy(house.server.origin, [*[None] * PROBED, reset_after_asking], always=silence) as proxy:
        audit_id = house.submit(proxy.url(house.server.open_inference))
        until(lambda: silence in proxy.met)
        cancel(house.services, house.workspace, audit_id)
        assert ended(house.services, audit_id).status is AuditStatus.CANCELLED
        proxy.change([busy, None, reset_after_asking])
        audit = house.resumed(audit_id)
    assert audit.status is AuditStatus.COMPLETED, audit.reason
    assert same_part(audit) == undisturbed
    until(lambda: not house.is_asking(audit_id))  # the step of before may still hear the end of its last exchange
    assert house.paid_for(audit_id, house.server.seen.rows - before)


def test_what_faults_cost_never_passes_the_budget(house: House) -> None:
    """A target that loses every answer wastes what is sent to it, and not a record more than the budget holds."""
    before = house.server.seen.rows
    tight = House(
        house.services, house.server, house.workspace, house.spec.model_copy(update={"budget": BudgetSpec(queries=BUDGET)})
    )
    with FaultProxy(house.server.origin, [None] * PROBED, always=reset_after_asking) as proxy:
        audit_id = tight.submit(proxy.url(house.server.open_inference))
        audit = ended(house.services, audit_id)
    assert audit.status is AuditStatus.FAILED
    assert "budget" in str(audit.reason)
    assert house.paid_for(audit_id, house.server.seen.rows - before)
    assert house.server.seen.rows - before <= BUDGET


def until(holds: Callable[[], bool]) -> None:
    late = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < late
        time.sleep(0.01)
