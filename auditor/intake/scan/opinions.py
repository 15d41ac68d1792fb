"""What other scanners say of the same file, where they are installed: each in a process of its own, with a deadline.

They are asked by their commands, so that none of their code runs in this process and they may live in an environment of their own.
docs/supply-chain.md tells where they misjudge, so what they say is listed and decides nothing."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from auditor.intake.scan.report import Opinion

SECONDS = 60.0
CLEAR, FLAGGED = 0, 1  # exit codes of all three


@dataclass(frozen=True)
class Scanner:
    """`arguments` stand before the file."""

    name: str
    arguments: tuple[str, ...]


SCANNERS = (
    Scanner("picklescan", ("--path",)),
    Scanner("modelscan", ("scan", "--path")),
    Scanner("fickling", ("--json-output", "safety.json", "--check-safety")),
)


def opinions(path: Path, scanners: Sequence[Scanner] = SCANNERS, seconds: float = SECONDS) -> tuple[Opinion, ...]:
    """One for each scanner that is installed beside this Python or found on the path."""
    found = ((scanner, _program(scanner.name)) for scanner in scanners)
    return tuple(_ask(scanner, program, path, seconds) for scanner, program in found if program)


def _program(name: str) -> str | None:
    return shutil.which(name, path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))


def _ask(scanner: Scanner, program: str, path: Path, seconds: float) -> Opinion:
    """In an empty folder and without the environment of this process: some write files where they stand."""
    version = _version(program, scanner.name)
    with tempfile.TemporaryDirectory() as folder:
        try:
            command = [program, *scanner.arguments, str(path.absolute())]
            environ = {"PATH": os.environ.get("PATH", ""), "HOME": folder}
            ended = subprocess.run(command, cwd=folder, env=environ, capture_output=True, timeout=seconds, check=False)
        except (subprocess.TimeoutExpired, OSError):
            return Opinion(scanner.name, version, None, f"{scanner.name} did not answer within {seconds:.0f} s.")
    if ended.returncode == FLAGGED and not ended.stderr.lstrip().startswith(b"Traceback"):
        return Opinion(scanner.name, version, True, f"{scanner.name} flags the file.")
    if ended.returncode == CLEAR:
        return Opinion(scanner.name, version, False, f"{scanner.name} sees nothing in the file.")
    return Opinion(scanner.name, version, None, f"{scanner.name} could not read the file.")


def _version(program: str, name: str) -> str:
    """From the environment that the program belongs to, which need not be this one."""
    libraries = Path(program).resolve().parent.parent
    found = sorted(libraries.glob(f"lib/python*/site-packages/{name}-*.dist-info"))
    return found[-1].name.removeprefix(f"{name}-").removesuffix(".dist-info") if found else ""
