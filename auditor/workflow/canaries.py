"""Canaries: records of which fair coins decided whether they were trained on. Drawing them, and telling the sides apart again.

Only such records make a lower bound on epsilon sound: a split that somebody chose is not a coin (Steinke, Nasr and Jagielski 2023).
"""

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

import numpy as np
import pandas as pd

from auditor.domain.spec import suggestion
from auditor.errors import InvalidInput
from auditor.intake import CanaryKey, Flip, Table
from auditor.workflow.raw_table import RawTable

KINDS = ("wrong-label", "holdout")
FEWEST, MOST = 200, 100_000
SALT_BITS = 256
KEY_COLUMNS = {"digest", "included", "salt"}
NO_KEY = "this file is not the key of canaries; give the key.json that `auditor canaries` wrote"
ADVICE = "give both files as `auditor canaries` wrote them"


@dataclass(frozen=True, eq=False)
class Drawn:
    """`cells`: all canaries, in the order of the key."""

    cells: pd.DataFrame
    key: CanaryKey

    @property
    def included(self) -> pd.DataFrame:
        """Those that are to be added to the training data."""
        return self.cells[[flip.included for flip in self.key.canaries]]


@dataclass(frozen=True)
class Wish:
    """`kind` wrong-label: records whose label was replaced by another one; holdout: records as they are."""

    label: str
    count: int
    kind: str


def draw(table: Table, wish: Wish, coins: Random) -> Drawn:
    """`count` distinct canaries from records that are not trained on, and an independent fair coin for each.

    `coins` must be a cryptographic source (secrets.SystemRandom) outside of tests: whoever can guess the flips knows the answers.
    """
    _check(table, wish)
    pool = _labelled(table.cells, wish.label)
    known = _labels_by_features(pool, wish.label)
    chosen = pool.drop_duplicates(subset=[c for c in pool.columns if c != wish.label], ignore_index=True)
    if wish.kind == "wrong-label":
        chosen = _mislabelled(chosen, wish.label, known, coins)
    if len(chosen) < wish.count:
        raise InvalidInput("--count", f"only {len(chosen):,} distinct records can be canaries here; ask for at most that many")
    cells = chosen.iloc[coins.sample(range(len(chosen)), wish.count)].reset_index(drop=True)
    salt = f"{coins.getrandbits(SALT_BITS):064x}"
    flips = [Flip(digest=digest, included=bool(coins.getrandbits(1))) for digest in digests(cells, salt)]
    return Drawn(cells, CanaryKey(kind=wish.kind, salt=salt, canaries=flips))  # type: ignore[arg-type]


def digests(cells: pd.DataFrame, salt: str) -> list[str]:
    """One a record, keyed with the salt, over its cells by the names of their columns: the order of columns plays no part."""
    names = sorted(cells.columns)
    rows = zip(*(["" if v is None else v for v in cells[name]] for name in names), strict=True)
    secret = bytes.fromhex(salt)
    return [hmac.new(secret, json.dumps([names, row]).encode(), hashlib.sha256).hexdigest() for row in rows]


def sides(tables: Mapping[str, RawTable]) -> dict[str, RawTable]:
    """Canaries and key become members (coin: in) and non-members (coin: out); without canaries the tables are as they were.

    Raises InvalidInput where the canaries are not, row by row, those that the coins were flipped for.
    """
    if "canaries" not in tables:
        return dict(tables)
    canaries, key = tables["canaries"], tables["key"]
    refuse_other_key({"canaries": len(canaries.cells), "key": len(key.cells)}, list(key.cells.columns))
    _check_aligned(canaries.cells, key.cells)
    included = (key.cells["included"] == "true").to_numpy()
    rest = {name: table for name, table in tables.items() if name not in ("canaries", "key")}
    parts = {"members": canaries.cells[included], "non_members": canaries.cells[~included]}
    return {name: RawTable(cells.reset_index(drop=True), canaries.types) for name, cells in parts.items()} | rest


def refuse_other_key(rows: Mapping[str, int], columns: Sequence[str]) -> None:
    """What can be told before the files are read: `columns` of the key, and `rows` of it and of the canaries."""
    if KEY_COLUMNS - set(columns):
        raise InvalidInput("data.key", NO_KEY)
    if rows["canaries"] != rows["key"]:
        raise _misaligned(f"the key was made for {rows['key']:,} canaries and the file has {rows['canaries']:,}")


def _check(table: Table, wish: Wish) -> None:
    if wish.kind not in KINDS:
        raise InvalidInput("--kind", f"{wish.kind!r} is no kind of canary; choose {' or '.join(KINDS)}")
    if not FEWEST <= wish.count <= MOST:
        raise InvalidInput("--count", f"choose from {FEWEST:,} to {MOST:,} canaries; 1,000 are a good start")
    if wish.label not in table.cells.columns:
        raise InvalidInput("--label", f"the file has no column {wish.label!r}{suggestion(wish.label, table.cells.columns)}")
    if len(table.cells.columns) < 2:
        raise InvalidInput("--data", "the file has no column beside the label; give whole records")


def _labelled(cells: pd.DataFrame, label: str) -> pd.DataFrame:
    present = cells[label].notna() & (cells[label] != "")
    return cells[present.to_numpy()].drop_duplicates(ignore_index=True)


def _labels_by_features(pool: pd.DataFrame, label: str) -> dict[tuple[object, ...], set[str]]:
    """Records that differ in their label only: a canary must not be one that really exists."""
    names = [c for c in pool.columns if c != label]
    found: dict[tuple[object, ...], set[str]] = {}
    for features, own in zip(pool[names].itertuples(index=False, name=None), pool[label], strict=True):
        found.setdefault(features, set()).add(own)
    return found


def _mislabelled(chosen: pd.DataFrame, label: str, known: Mapping[tuple[object, ...], set[str]], coins: Random) -> pd.DataFrame:
    """Each record with a label drawn evenly from those that no record with the same features has, or left out."""
    labels = sorted(set().union(*known.values()))
    if len(labels) < 2:
        raise InvalidInput("--label", f"{label!r} has one value only, so no label is wrong; use --kind holdout")
    names = [c for c in chosen.columns if c != label]
    taken = [known[features] for features in chosen[names].itertuples(index=False, name=None)]
    wrong = [_other(labels, own, coins) for own in taken]
    kept = [label is not None for label in wrong]
    return chosen.assign(**{label: pd.Series(wrong, dtype=object)})[kept].reset_index(drop=True)


def _other(labels: list[str], own: set[str], coins: Random) -> str | None:
    if len(own) >= len(labels):
        return None
    while True:
        drawn = coins.choice(labels)
        if drawn not in own:
            return drawn


def _check_aligned(cells: pd.DataFrame, key: pd.DataFrame) -> None:
    found, wanted = np.array(digests(cells, key["salt"].iloc[0])), key["digest"].to_numpy()
    same = found == wanted
    if same.all():
        return
    if set(found) == set(wanted):
        raise _misaligned("the canaries stand in another order than the key was made for")
    row = int(np.flatnonzero(~same)[0]) + 1
    raise _misaligned(f"record {row:,} is not the canary that coin {row:,} was flipped for ({int((~same).sum()):,} such records)")


def _misaligned(why: str) -> InvalidInput:
    return InvalidInput("data.canaries", f"canaries and key are misaligned: {why}; {ADVICE}")
