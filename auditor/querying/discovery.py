"""Finding out how a target wants to be asked: forms are tried on two records until one is answered, then all else is measured."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.domain.target import Profile, Target, WireProtocol
from auditor.errors import BadAnswer, InvalidInput, TargetError, TargetRefused
from auditor.querying.answers import answers
from auditor.querying.asking import Door
from auditor.querying.endpoint import parse_url
from auditor.querying.faults import BatchTooLarge, Busy, Denied, Failing, HungUp
from auditor.querying.forms import adapters, likely
from auditor.querying.kinds import Kind, kind_of
from auditor.querying.ledger import Ledger
from auditor.querying.probe import SMALL, probe_through
from auditor.querying.rate import Rate
from auditor.querying.reply import Reply
from auditor.querying.transport import Transport, most_rows

TRIED, TRIED_ALONE = 2, 16
"""Records of one try, and those asked one by one where a request has room for one."""
Reach = Callable[[Target], Transport]


@dataclass(frozen=True)
class Attempt:
    """A form that the target did not answer, and the sentence that says why."""

    target: Target
    sentence: str


@dataclass(frozen=True)
class Discovery:
    """`target` as a spec declares it. `single`: a request has room for one record."""

    target: Target
    kind: Kind
    profile: Profile
    attempts: tuple[Attempt, ...]
    single: bool = False


@dataclass(frozen=True, eq=False)
class Sample:
    """Records to ask, and what is known of their labels: one text each, or none at all."""

    frame: pd.DataFrame
    labels: Sequence[str] = ()
    is_numeric: bool = False

    @classmethod
    def of(cls, frame: pd.DataFrame, labels: Sequence[str], is_numeric: bool) -> "Sample":
        """Records without a missing cell first: a form is not to be judged by those."""
        order = np.argsort(frame.isna().any(axis=1).to_numpy(), kind="stable")
        return cls(frame.iloc[order].reset_index(drop=True), [labels[i] for i in order] if labels else (), is_numeric)


class Search:
    """One address, and all that was tried on it so far."""

    def __init__(self, reach: Reach, ledger: Ledger, sample: Sample, rate: Rate | None = None) -> None:
        self._reach = reach
        self._ledger = ledger
        self._sample = sample
        self._rate = rate or Rate()
        self._was_understood = False
        self.attempts: list[Attempt] = []

    def run(self, target: Target) -> Discovery:
        """Raises a TargetError when the target cannot be reached or answers no form; `attempts` then says what was tried."""
        found = self._exact(self._found(target))
        kind = self._kind(found)
        found = replace(found, output=kind.output, classes=kind.classes)
        transport = self._reach(found)
        profile = probe_through(self._door(transport), found, self._sample.frame, kind.classes)
        return Discovery(found, kind, profile, tuple(self.attempts), most_rows(transport) == 1)

    def _found(self, target: Target) -> Target:
        path = parse_url(target.url).path
        for one in likely(target, path, self._sample.is_numeric):
            if self._answers(one):
                return one
        for places in adapters(target):
            placed = self._placed(places)
            if placed is not None:
                return placed
        raise TargetRefused(
            f"The target answers none of {len(self.attempts)} usual forms; write target.adapter by hand (docs/protocols.md)."
            f" To the first of them it said: {self.attempts[0].sentence}"
        )

    def _exact(self, target: Target) -> Target:
        """Tensors as raw bytes, where the server takes them and answers the same: no number is rounded on the way."""
        frame = self._sample.frame.head(TRIED)
        if target.protocol is not WireProtocol.OPEN_INFERENCE or self._sample.frame.isna().to_numpy().any():
            return target
        binary = replace(target, binary=True)
        try:
            plain, raw = (self._asked(self._reach(one), frame)[-1] for one in (target, binary))
        except (TargetError, InvalidInput):
            return target
        return binary if _agree(plain, raw) else target

    def _placed(self, places: Sequence[Target]) -> Target | None:
        """The first place that holds an answer; only a body that was not refused is asked again."""
        for one in places:
            if self._answers(one):
                return one
            if not self._was_understood:
                return None
        return None

    def _answers(self, target: Target) -> bool:
        self._was_understood = False
        try:
            transport = self._reach(target)
            self._check(self._asked(transport, self._sample.frame.head(TRIED))[-1])
            return True
        except Denied:
            raise
        except BadAnswer as refusal:
            self._was_understood = True
            self.attempts.append(Attempt(target, refusal.sentence))
        except (TargetRefused, Failing, HungUp, InvalidInput) as refusal:
            self.attempts.append(Attempt(target, refusal.sentence))
        return False

    def _check(self, reply: Reply) -> None:
        """An echo of what was sent is no answer, nor are numbers that no kind of output explains; raises BadAnswer."""
        if reply.names is not None and set(reply.names) <= set(self._sample.frame.columns):
            raise BadAnswer("The target sends back the record that it was asked.")
        kind = kind_of(reply, ())
        answers(reply, Profile(kind.output, kind.classes))

    def _asked(self, transport: Transport, frame: pd.DataFrame) -> list[Reply]:
        """All in one request, or one by one."""
        size = most_rows(transport) or len(frame)
        parts = [frame.iloc[i : i + size] for i in range(0, len(frame), size)]
        replies = []
        for part in parts:
            replies.append(self._exchange(transport, part))
        return replies

    def _exchange(self, transport: Transport, frame: pd.DataFrame) -> Reply:
        """A busy target is asked again as patiently as in an audit; a form that fails (500) is given up at once."""
        door = self._door(transport)
        try:
            return door.once(frame)
        except Failing:
            raise
        except Busy as fault:
            self._rate.rest(door.patience(fault, 0), door.checkpoint)
            return door.ask(frame)

    def _door(self, transport: Transport) -> Door:
        return Door(transport, self._ledger, self._rate)

    def _kind(self, target: Target) -> Kind:
        """From a batch as large as the probe's small one: two records rarely show what a model can say."""
        transport = self._reach(target)
        frame = self._sample.frame.head(TRIED_ALONE if most_rows(transport) else SMALL)
        while True:
            try:
                replies = self._asked(transport, frame)
                break
            except BatchTooLarge:
                if len(frame) == 1:
                    raise
                frame = frame.head(len(frame) // 2)
        return kind_of(_together(replies), self._sample.labels[: len(frame)] if self._sample.labels else ())


def _agree(plain: Reply, raw: Reply) -> bool:
    """Up to what 32 bits, written as decimals, may be off by."""
    if plain.numbers is None or raw.numbers is None:
        return plain.labels is not None and plain.labels == raw.labels
    return plain.numbers.shape == raw.numbers.shape and bool(np.allclose(plain.numbers, raw.numbers, rtol=1e-6, atol=1e-7))


def _together(replies: list[Reply]) -> Reply:
    """The answers to single records as one; raises BadAnswer where they are not alike."""
    if len(replies) == 1:
        return replies[0]
    try:
        labels = tuple(label for reply in replies for label in reply.labels or ())
        numbers, names = _columns(replies)
        return Reply(numbers, labels if len(labels) == len(replies) else None, names)
    except ValueError:
        raise BadAnswer("The target answers some records with more numbers than others; it must answer all alike.") from None


def _columns(replies: list[Reply]) -> tuple[NDArray[np.float64] | None, tuple[str, ...] | None]:
    """The numbers of all, a class that a reply leaves out as NaN, and the classes."""
    given = [(reply.numbers, reply.names) for reply in replies if reply.numbers is not None]
    if len(given) < len(replies):
        return None, None
    if all(names is None for _, names in given):
        return np.concatenate([numbers for numbers, _ in given]), None
    every = tuple(sorted({name for _, names in given for name in names or ()}))
    rows = [dict(zip(names or (), numbers[0], strict=True)) for numbers, names in given]
    return np.array([[row.get(name, np.nan) for name in every] for row in rows]), every


def form_of(target: Target) -> str:
    """The protocol and its form in a few words."""
    if target.protocol is WireProtocol.JSON and target.adapter is not None:
        return f"json, body {target.adapter.body}, answer {target.adapter.answer}"
    return f"{target.protocol}, rows: {target.rows}" + (", binary" if target.binary else "")
