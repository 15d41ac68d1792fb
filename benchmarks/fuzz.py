"""Changed answers for every protocol and form: none crashes the readers, and none is read as what it does not say.

Writes the table of outcomes into docs/protocols.md, which names the commit.

    python -m benchmarks fuzz [--changes 100000] [--seed 0] [--dry]
"""

import argparse
import random
import sys
import time
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from benchmarks.fuzzing.exchanges import FORMS, Form, Numbers
from benchmarks.fuzzing.mutations import mutated
from benchmarks.fuzzing.verdict import OUTCOMES, Outcome, judged

DOC = Path(__file__).parent.parent / "docs" / "protocols.md"
BEGIN, END = "<!-- fuzz: begin -->", "<!-- fuzz: end -->"
BAD = ("nonsense", "crash")
SHOWN = 20


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--changes", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--dry", action="store_true", help="leave the page as it is")
    asked = parser.parse_args(arguments)
    began = time.perf_counter()
    counted: dict[str, Counter[str]] = {name: Counter() for name in FORMS}
    bad = 0
    for name, content, outcome in tried(asked.changes, asked.seed):
        counted[name][outcome.name] += 1
        if outcome.name in BAD:
            bad += 1
            if bad <= SHOWN:
                print(f"{name}: {outcome.name}: {outcome.why}\n    {content[:300]!r}", flush=True)
    text = page(counted, asked.seed)
    print(text, f"\n{time.perf_counter() - began:.0f} s")
    if not asked.dry:
        _write(text)
    return int(bad > 0)


def tried(changes: int, seed: int) -> Iterator[tuple[str, bytes, Outcome]]:
    """Each form in turn: its name, the changed body and what came of it. A warning is a crash."""
    chance, numbers = random.Random(seed), np.random.default_rng(seed)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for i in range(changes):
            name = list(FORMS)[i % len(FORMS)]
            p = probabilities(numbers, FORMS[name])
            content, kind = mutated(FORMS[name].body(p), FORMS[name].kind, chance)
            yield name, content, judged(FORMS[name], content, kind, FORMS[name].meant(p))


def probabilities(chance: np.random.Generator, form: Form) -> Numbers:
    """Distinct numbers with six decimals, rows that add up to 1."""
    given = np.round(chance.dirichlet(np.ones(3), form.records), 6)
    given[:, 2] = np.round(1.0 - given[:, 0] - given[:, 1], 6)
    return np.abs(given)


def page(counted: Mapping[str, Counter[str]], seed: int) -> str:
    from benchmarks.validate import commit_now  # it imports the whole product, which no reader of answers needs

    total: Counter[str] = sum(counted.values(), Counter())
    rows = [f"| {name} | " + " | ".join(f"{found[o]:,}" for o in OUTCOMES) + " |" for name, found in counted.items()]
    rows.append("| all | " + " | ".join(f"{total[o]:,}" for o in OUTCOMES) + " |")
    head = f"| form of the answer | {' | '.join(OUTCOMES)} |\n|---|{'---|' * len(OUTCOMES)}"
    told = f"{total.total():,} changed answers, seed {seed}, at commit {commit_now()}:"
    return "\n".join([told, "", head, *rows])


def _write(text: str) -> None:
    before, _, rest = DOC.read_text(encoding="utf-8").partition(BEGIN)
    DOC.write_text(f"{before}{BEGIN}\n{text}\n{END}{rest.partition(END)[2]}", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
