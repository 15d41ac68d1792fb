"""What an audit left behind, seen through a channel that says less: recorded answers and stored shadows, and nothing asked."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.attacks import registry
from auditor.domain.attack import Query, Scope
from auditor.domain.evidence import Evidence
from auditor.domain.seeds import derive
from auditor.domain.shadow import ShadowOutputs
from auditor.domain.target import Profile
from auditor.errors import AttackFailed, Conflict
from auditor.querying import record_digests
from auditor.shadows.channels import AS_IT_IS, Channel, drawn, through
from auditor.store import ledger
from auditor.workflow.contexts import context_for
from auditor.workflow.look import Item, Look
from auditor.workflow.recorded import learner_of, profile_of, shadows_of

Floats = NDArray[np.float64]
Keys = NDArray[np.uint64]

UNASKED = "It would ask the target about records that it was not asked about; only a new audit can tell."
BOUNDLESS = 10**9
GONE = "the recorded answers of this audit are gone; audit again to try channels on it"


class Unasked(AttackFailed):
    """An attack that behind this channel asks what nobody has asked."""


@dataclass(frozen=True, eq=False)
class Recorded:
    """`answers` by digest of the record; `own` (n, C) are those of the candidates, whose noise is drawn by `keys` (n,)."""

    look: Look
    profile: Profile
    answers: dict[bytes, Floats]
    own: Floats
    keys: Keys
    shadows: ShadowOutputs | None

    @property
    def seed(self) -> int:
        return self.look.material.spec.seed

    @property
    def features(self) -> pd.DataFrame:
        return self.look.material.data.candidates.features


def recorded_of(look: Look) -> Recorded:
    """Raises Conflict where answers were forgotten."""
    services, material = look.services, look.material
    with services.database.read() as tx:
        answers = ledger.load_all(tx, material.audit.id)
    digests = record_digests(material.data.candidates.features)
    if any(digest not in answers for digest in digests):
        raise Conflict(GONE)
    own = np.stack([answers[digest] for digest in digests])
    shadows = shadows_of(services, material, look.shadows)
    return Recorded(look, profile_of(material), answers, own, keys_of(digests), shadows)


def keys_of(digests: list[bytes]) -> Keys:
    """Half of each record's digest (16 bytes) as a number: the same record has the same key wherever it is asked about."""
    return np.frombuffer(b"".join(digests), dtype="<u8").reshape(-1, 2)[:, 0].astype(np.uint64)


@dataclass(frozen=True, eq=False)
class Behind:
    """The same behind a channel. The adversary knows the channel: his shadows answer through it too, each with noise of its own."""

    recorded: Recorded
    channel: Channel

    @cached_property
    def profile(self) -> Profile:
        return self.channel.profile(self.recorded.profile)

    @cached_property
    def own(self) -> Floats:
        return self._shown(self.recorded.own, self.recorded.keys, "target")

    @cached_property
    def shadows(self) -> ShadowOutputs | None:
        known = self.recorded.shadows
        if known is None:
            return None
        shown = [self._shown(answers, self.recorded.keys, f"shadow {k}") for k, answers in enumerate(known.probabilities)]
        return ShadowOutputs(np.stack(shown), known.masks)

    def query(self, frame: pd.DataFrame) -> Floats:
        """Recorded answers only. Raises Unasked for a record that the target was never asked about."""
        if frame is self.recorded.features:
            return self.own
        digests = record_digests(frame)
        found = [self.recorded.answers.get(digest) for digest in digests]
        known = [answer for answer in found if answer is not None]
        if len(known) < len(found):
            raise Unasked(UNASKED)
        return self._shown(np.stack(known), keys_of(digests), "target")

    def hides(self, query: Query) -> Query:
        """Another target, such as the lookup twin, behind the same channel."""

        def hidden(frame: pd.DataFrame) -> Floats:
            known = not self.channel.noise or frame is self.recorded.features
            keys = self.recorded.keys if known else keys_of(record_digests(frame))
            return self._shown(query(frame), keys, "twin")

        return hidden

    def unmet(self, item: Item) -> list[str]:
        """Why the attack cannot run behind this channel; empty where it can."""
        data = self.recorded.look.material.data
        named = self.recorded.look.material.sensitive(item["sensitive"])
        shadows = 0 if self.recorded.shadows is None else len(self.recorded.shadows)
        scope = Scope(
            self.profile, len(data.candidates), len(data.auxiliary), shadows, BOUNDLESS, () if named is None else (named,)
        )
        return registry.unmet(registry.make(item["attack"], item["params"]), self.profile, scope)

    def evidence(self, item: Item, query: Query) -> Evidence:
        """What the attack claims, trained and calibrated on shadows behind the same channel."""
        look, attack = self.recorded.look, registry.make(item["attack"], item["params"])
        material = look.material
        grants: dict[str, Any] = {
            "seed": material.spec.seed,
            "learner": learner_of(material),
            "shadows": self.shadows if attack.family == "membership" else None,
            "sensitive": material.sensitive(item["sensitive"]),
            "query_limit": item["query_limit"],
            "recorded": None if self.channel == AS_IT_IS else self._recorded,  # the same answers lead to the same questions
        }
        return attack.run(context_for(attack, material.data, self.profile, query, _unwatched, grants))

    def _recorded(self, frame: pd.DataFrame) -> NDArray[np.bool_]:
        """(n,) What an attack that chooses its questions by the answers may ask here: what it, or another, has asked before."""
        return np.array([digest in self.recorded.answers for digest in record_digests(frame)], dtype=bool)

    def _shown(self, answers: Floats, keys: Keys, model: str) -> Floats:
        noise = None
        if self.channel.noise:
            stream = derive(self.recorded.seed, "what-if", self.channel.name, model)
            noise = drawn(self.channel.noise, keys, stream, answers.shape[-1])
        return through(self.channel, answers, self.recorded.profile, noise)


def _unwatched(fraction: float) -> None:
    pass
