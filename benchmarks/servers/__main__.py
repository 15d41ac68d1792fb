"""Real model servers, each in an environment of its own, audited over the wire and beside it.

    python -m benchmarks.servers [NAME ...] [--home build/servers] [--clean]

The same scikit-learn models are served by each and kept in this process. All answers and every figure of small audits are compared;
they may differ by 1e-6. Writes the table of docs/protocols.md. Environments are kept under --home, or removed with --clean.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.servers import page
from benchmarks.servers.catalog import SERVERS, Server
from benchmarks.servers.compared import SAME, Compared, write_records
from benchmarks.servers.foreign.served import KINDS
from benchmarks.servers.running import NotRunError, installed, removed, running

NEEDED_GB = 2.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(SERVERS)}; default: all")
    parser.add_argument("--home", type=Path, default=Path("build/servers"), help="where the environments are kept")
    parser.add_argument("--clean", action="store_true", help="remove each environment after its server was asked")
    asked = parser.parse_args()
    unknown = next((name for name in asked.names if name not in SERVERS), None)
    if unknown is not None:
        parser.error(f"there is no server {unknown!r}; choose from {', '.join(SERVERS)}")
    home = asked.home.absolute()
    home.mkdir(parents=True, exist_ok=True)
    rows = page.kept(home / "results.json")
    with tempfile.TemporaryDirectory() as place:
        models = _models(Path(place))
        for name in asked.names or SERVERS:
            rows[name] = {"commit": _commit()} | _row(name, SERVERS[name], models, home)
            (home / "results.json").write_text(json.dumps(rows, indent=1), encoding="utf-8")
            print(name, json.dumps(rows[name]), flush=True)
            if asked.clean:
                removed(SERVERS[name], home)
    page.write(rows)
    return int(any(_differs(rows[name]) for name in asked.names or SERVERS))


def _models(place: Path) -> dict[str, Compared]:
    found = {}
    for kind in KINDS:
        (place / kind).mkdir()
        write_records(place / kind)
        found[kind] = Compared(kind, place / kind)
    return found


def _row(name: str, server: Server, models: dict[str, Compared], home: Path) -> dict[str, Any]:
    """Both models behind one server, or the reason why they were not asked."""
    try:
        if shutil.disk_usage(home).free < NEEDED_GB * 1e9:
            raise NotRunError(f"less than {NEEDED_GB:g} GB of disk are free")
        bin_folder = installed(server, home)
        return {"models": {kind: _outcome(server, bin_folder, one) for kind, one in models.items()}}
    except NotRunError as reason:
        return {"reason": str(reason).replace("\n", " ")}


def _outcome(server: Server, bin_folder: Path, one: Compared) -> dict[str, Any]:
    folder = one.folder / "served"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    shutil.copy(one.folder / "members.csv", folder)
    with running(server, bin_folder, one.kind, folder) as url:
        return asdict(one.with_server(url))


def _differs(row: dict[str, Any]) -> bool:
    return any(max(one["answers"], one["estimates"]) > SAME for one in row.get("models", {}).values())


def _commit() -> str:
    line = ("git", "-C", str(Path(__file__).parent), "rev-parse", "--short=12", "HEAD")
    return subprocess.run(line, capture_output=True, text=True, check=True).stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
