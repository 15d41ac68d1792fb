"""Auxiliary records put to the target: what its answers look like on people it was not trained on."""

import numpy as np
from numpy.typing import NDArray

from auditor.attacks.membership.pairs import Floats
from auditor.domain.attack import Context, Needs, Scope
from auditor.domain.data import Records
from auditor.domain.seeds import generator
from auditor.errors import AttackFailed, InvalidInput

LEAST, MOST = 100, 100_000


def checked_records(name: str, records: object) -> None:
    """Raises InvalidInput unless `records`, how many to ask at most, is a whole number within bounds."""
    if isinstance(records, bool) or not isinstance(records, int) or not LEAST <= records <= MOST:
        raise InvalidInput(f"attacks.{name}.records", f"choose a whole number from {LEAST} to {MOST:,}, not {records!r}")


def asking(name: str, records: int, scope: Scope) -> Needs:
    """At least `LEAST` auxiliary records are asked; raises InvalidInput where the audit has fewer."""
    if 0 < scope.auxiliary < LEAST:
        raise InvalidInput(
            f"attacks.{name}",
            f"it needs at least {LEAST} auxiliary records; there are {scope.auxiliary}; give more in data.auxiliary",
        )
    return Needs(LEAST, max(LEAST, min(records, scope.auxiliary)))


def drawn(context: Context, name: str, records: int) -> Records:
    """At most `records` of the auxiliary records whose label is known, and no more than may be asked: which ones depends on the
    seed alone. Raises AttackFailed where fewer than `LEAST` are left."""
    auxiliary = context.auxiliary
    known = np.flatnonzero(auxiliary.labels >= 0) if auxiliary is not None else np.empty(0, dtype=np.intp)
    count = min(records, len(known), context.query_limit)
    if auxiliary is None or count < LEAST:
        raise AttackFailed(
            f"{name} asks at least {LEAST} auxiliary records with their labels and may ask {count};"
            " give more in data.auxiliary, or raise budget.queries."
        )
    order: NDArray[np.intp] = generator(context.seed, name).permutation(known)
    return auxiliary.take(np.sort(order[:count]))


def asked(context: Context, population: Records) -> Floats:
    """Answers (z, C). Their rows are numbered after the candidates', which are known by their row."""
    first = 0 if context.candidates is None else len(context.candidates)
    return context.query(population.features.set_axis(range(first, first + len(population))))
