"""One server in an environment of its own: installed, started as a child on loopback, and ended with all that it started."""

import os
import shlex
import shutil
import socket
import subprocess
import sysconfig
import time
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import urllib3

from benchmarks.servers.catalog import FOREIGN, Server

PATIENCE = 120.0
GRACE = 10.0
QUIET = {"BENTOML_DO_NOT_TRACK": "True", "RAY_USAGE_STATS_ENABLED": "0", "DO_NOT_TRACK": "1", "NO_PROXY": "127.0.0.1"}


class NotRunError(Exception):
    """Why a server could not be asked, in one sentence."""


def installed(server: Server, home: Path) -> Path:
    """The folder with the commands of its environment, which is made if it is not there."""
    folder = home / server.package
    if not (folder / ".ready").exists():
        venv.create(folder, with_pip=True, clear=True)
        line = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        done = subprocess.run(["nice", "-n", "10", *line, *server.requirements], capture_output=True, text=True)
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise NotRunError(f"its packages could not be installed here: {last[:200]}")
        (folder / ".ready").touch()
    return folder / "bin"


def removed(server: Server, home: Path) -> None:
    shutil.rmtree(home / server.package, ignore_errors=True)


@contextmanager
def running(server: Server, bin_folder: Path, model: str, folder: Path) -> Iterator[str]:
    """The URL at which the model is asked. Raises NotRunError when the server does not come up."""
    port = _free_ports()
    words = {"bin": bin_folder, "here": FOREIGN, "folder": folder, "port": port, "kind": model}
    environment = _environment(bin_folder, model, folder)
    if server.prepare:
        done = subprocess.run(_line(server.prepare, words), env=environment, capture_output=True, text=True)
        if done.returncode:
            raise NotRunError(f"its model could not be prepared: {done.stderr.strip()[-200:]}")
    with (folder / "server.log").open("w") as log:
        child = subprocess.Popen(
            _line(server.start, words), cwd=folder, env=environment, stdout=log, stderr=log, start_new_session=True
        )
        try:
            origin = f"http://127.0.0.1:{port}"
            _await(child, origin + server.ready.format(**words), folder / "server.log")
            yield origin + server.path.format(**words)
        finally:
            _end(child)


def _line(template: str, words: dict[str, object]) -> list[str]:
    return [part.format(**words) for part in shlex.split(template)]


def _environment(bin_folder: Path, model: str, folder: Path) -> dict[str, str]:
    """Nothing of ours but what a server needs; Triton's child looks for the library of this very Python."""
    kept = {name: os.environ[name] for name in ("HOME", "LANG", "TMPDIR") if name in os.environ}
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    own = {
        "PATH": f"{bin_folder}:{os.environ['PATH']}",
        "PYTHONPATH": str(FOREIGN),
        "PYTHONDONTWRITEBYTECODE": "1",
        "LD_LIBRARY_PATH": str(sysconfig.get_config_var("LIBDIR")),
        "SERVED_MODEL": model,
        "SERVED_DATA": str(folder / "members.csv"),
    }
    return kept | threads | QUIET | own


def _free_ports() -> int:
    """The first of three ports in a row that nobody listens on."""
    while True:
        with socket.socket() as one:
            one.bind(("127.0.0.1", 0))
            port: int = one.getsockname()[1]
        if port < 65_000 and all(_is_free(port + i) for i in range(3)):
            return port


def _is_free(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) != 0


def _await(child: "subprocess.Popen[bytes]", url: str, log: Path) -> None:
    """Until it answers anything but that it is not ready."""
    pool = urllib3.PoolManager(retries=False)
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if child.poll() is not None:
            raise NotRunError(f"it ended before it answered: {log.read_text(errors='replace').strip()[-200:]}")
        try:
            if pool.request("GET", url, timeout=2.0).status < 400:
                return
        except urllib3.exceptions.HTTPError:
            pass
        time.sleep(0.3)
    raise NotRunError(f"it was not ready after {PATIENCE:.0f} s: {log.read_text(errors='replace').strip()[-200:]}")


def _end(child: "subprocess.Popen[bytes]") -> None:
    """The child and everything that it started, also what left its process group."""
    try:
        family = [psutil.Process(child.pid), *psutil.Process(child.pid).children(recursive=True)]
    except psutil.NoSuchProcess:
        family = []
    child.terminate()
    _, alive = psutil.wait_procs(family, timeout=GRACE)
    for process in alive:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
    child.wait()
