"""The one door to the target, opened for an audit: its ledger in SQL, its secret, its address guard, its rate."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auditor.domain.attack import Checkpoint, Query
from auditor.domain.attempt import Exchange
from auditor.domain.audit import Audit
from auditor.domain.counterfactual import Explained
from auditor.domain.data import Column
from auditor.domain.target import AuthKind, Profile, Target
from auditor.errors import BudgetExhausted, Cancelled, InvalidInput
from auditor.querying import CounterfactualClient, Door, QueryClient, Transport, explaining_transport, guard_of, http_transport
from auditor.querying.auth.hosts import unbound
from auditor.store import attempts, audits, ledger, secrets
from auditor.store.engine import Transaction, after_commit
from auditor.workflow import served_model
from auditor.workflow.control import watched
from auditor.workflow.pacing import rate_of
from auditor.workflow.services import Services


class StoreLedger:
    """Answers, spending and attempts of one step of an audit; every entry is its own transaction, so nothing asked is ever lost.

    An attempt is begun in the transaction that pays for it. How it ended is written with the next entry: a transaction of its own
    for each would cost more than it tells.
    """

    def __init__(self, services: Services, audit: Audit, asked_by: str) -> None:
        self._services = services
        self._database = services.database
        self._audit = audit
        self._asked_by = asked_by
        self._settled: dict[str, Exchange] = {}

    def answered(self, digests: Sequence[bytes]) -> dict[bytes, NDArray[np.float64]]:
        with self._database.read() as tx:
            return ledger.lookup(tx, self._audit.id, digests)

    def spend(self, rows: int) -> str:
        with self._database.begin() as tx:
            if ledger.spend(tx, self._audit.id, rows):
                self._write(tx)
                return attempts.begin(tx, self._audit, self._asked_by, rows, self._services.clock())
            audit = audits.by_id(tx, self._audit.id)
        if audit.cancel_requested or audit.finished_at is not None:
            raise Cancelled("The audit was cancelled.")
        raise BudgetExhausted(
            f"The query budget of {audit.budget:,} rows is used up ({audit.queries:,} spent, {rows:,} wanted);"
            " raise budget.queries and audit again."
        )

    def record(self, digests: Sequence[bytes], answers: NDArray[np.float64]) -> None:
        with self._database.begin() as tx:
            ledger.record(tx, self._audit.id, digests, answers)
            self._write(tx)

    def settle(self, attempt: str, exchange: Exchange) -> None:
        self._settled[attempt] = exchange

    def flush(self) -> None:
        if self._settled:
            with self._database.begin() as tx:
                self._write(tx)

    def _write(self, tx: Transaction) -> None:
        """Forgotten once the transaction is committed: one that is rolled back is written again."""
        written = dict(self._settled)
        attempts.settle(tx, written)
        after_commit(tx, lambda: self._forget(written))

    def _forget(self, written: Iterable[str]) -> None:
        for attempt in written:
            del self._settled[attempt]


@dataclass(frozen=True, eq=False)
class Asker:
    """The step of an audit that asks the target."""

    services: Services
    audit: Audit
    step: str

    def ledger(self) -> StoreLedger:
        return StoreLedger(self.services, self.audit, self.step)


def transport(services: Services, audit: Audit, target: Target, columns: tuple[Column, ...]) -> Transport:
    """To the server of the target, or to the process that holds its file. Raises InvalidInput."""
    settings = services.settings
    if target.model:
        return served_model.transport(services, audit.workspace_id, target.model)
    secret = secret_of(services, audit.workspace_id, target)
    return http_transport(target, columns, secret, guard_of(settings), timeout=settings.target_timeout)


def explained(asker: Asker, target: Target, columns: tuple[Column, ...], client: QueryClient, checkpoint: Checkpoint) -> Query:
    """The client, with counterfactuals beside where the target declares an endpoint for them: paid, paced and recorded alike."""
    if target.explainer is None:
        return client
    settings = asker.services.settings
    secret = secret_of(asker.services, asker.audit.workspace_id, target)
    way = explaining_transport(target, columns, secret, guard_of(settings), timeout=settings.target_timeout)
    return Explained(client, CounterfactualClient(paying_door(asker, way, checkpoint), columns, client.profile))


def query_client(asker: Asker, door: Transport, profile: Profile, checkpoint: Checkpoint) -> QueryClient:
    rate = rate_of(asker.services, asker.audit)
    return QueryClient(door, asker.ledger(), profile, rate=rate, checkpoint=watched(asker.services, asker.audit, checkpoint))


def paying_door(asker: Asker, door: Transport, checkpoint: Checkpoint) -> Door:
    """For the probe, which asks the same records again: paid, paced and cancelled like any other question."""
    rate = rate_of(asker.services, asker.audit)
    return Door(door, asker.ledger(), rate, watched(asker.services, asker.audit, checkpoint))


def secret_of(services: Services, workspace_id: str, target: Target) -> str | None:
    """The value behind `env:NAME` (CLI) or `secret:ID` (API); a stored secret goes to its own host only."""
    if target.auth.kind is AuthKind.NONE:
        return None
    kind, _, name = target.auth.secret.partition(":")
    if kind == "env":
        return _from_environment(services, name)
    with services.database.read() as tx:
        record, value = secrets.open_secret(tx, workspace_id, name, services.vault)
    host = unbound(record.host, target.url, target.auth.token_url)
    if host is not None:
        sentence = f"secret {record.name!r} is bound to {record.host}; it would be sent to {host}"
        raise InvalidInput("target.auth.secret", sentence)
    return value


def _from_environment(services: Services, name: str) -> str:
    value: Any = services.environ.get(name)
    if not value:
        raise InvalidInput("target.auth.secret", f"set the environment variable {name} to the target's credential")
    return str(value)
