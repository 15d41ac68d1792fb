"""What shadow models cost and what is found with them; writes the tables of docs/performance.md.

`costs`: our trainers beside bare fits. `quality`: attacks on the same shadows. `sacro`: whole audits beside SACRO-ML's.
"""

import argparse
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from benchmarks import sacro, shadow_quality
from benchmarks.shadow_costs import HEAD, SHADOWS, apart, measure, row

PAGE = Path(__file__).parents[1] / "docs" / "performance.md"


def costs(records: int) -> str:
    table = HEAD
    for name, shadows in SHADOWS.items():
        line = row(*(apart(name, way, shadows, records) for way in ("bare", "ours")))
        print(line, end="", flush=True)
        table += line
    return table


def quality(records: int) -> str:
    found, python = shadow_quality.trained(records), sacro.python()
    others = {} if isinstance(python, sacro.Missing) else {f"SACRO-ML {sacro.VERSION}": sacro.scores(python, found)}
    rows = shadow_quality.measure(found, others)
    if shadow_quality.falls_short(rows):
        print(f"stacked finds less than {shadow_quality.AIM} at 1 % FPR")
    return shadow_quality.table(rows) + _said(python)


def beside(records: int) -> str:
    python = sacro.python()
    return _said(python) if isinstance(python, sacro.Missing) else sacro.table(python, records)


def _said(python: Path | sacro.Missing) -> str:
    return f"\n{python.sentence}\n" if isinstance(python, sacro.Missing) else ""


TABLES: dict[str, Callable[[int], str]] = {"costs": costs, "quality": quality, "sacro": beside}


def marks(name: str) -> tuple[str, str]:
    return f"<!-- {name} -->", f"<!-- end of {name} -->"


def with_table(page: str, name: str, table: str) -> str:
    """The page with this table in its place."""
    begin, end = marks(name)
    head, _, rest = page.partition(begin)
    _, _, tail = rest.partition(end)
    return f"{head}{begin}\n{table}{end}{tail}"


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tables", nargs="*", help=f"default: {', '.join(TABLES)}")
    parser.add_argument("--records", type=int, default=20_000, help="records of the pool, half of them IN each shadow")
    parser.add_argument("--one", help="learner:way:shadows, measured in this process")
    parser.add_argument("--out", type=Path, help="where --one is written")
    options = parser.parse_args(arguments)
    if options.one:
        name, way, shadows = options.one.split(":")
        options.out.write_text(json.dumps(asdict(measure(name, way, int(shadows), options.records))))
        return
    if unknown := [name for name in options.tables if name not in TABLES]:
        parser.error(f"there is no table {unknown[0]!r}; choose of {', '.join(TABLES)}")
    for name in options.tables or TABLES:
        table = TABLES[name](options.records)
        PAGE.write_text(with_table(PAGE.read_text(encoding="utf-8"), name, table), encoding="utf-8")


if __name__ == "__main__":
    main()
