"""Files that commands write: whole or not at all."""

import os
import tempfile
from pathlib import Path

from auditor.errors import InvalidInput


def check_writable(path: Path) -> Path:
    """Known before an audit starts, not after it ran."""
    folder = path.absolute().parent
    if not folder.is_dir():
        raise InvalidInput("--output", f"there is no folder {folder}; make it first or choose another place")
    if path.is_dir():
        raise InvalidInput("--output", f"{path} is a folder; name a file")
    if not os.access(folder, os.W_OK):
        raise InvalidInput("--output", f"{folder} is not writable; choose another place")
    return path


def write(path: Path, data: bytes) -> None:
    """Under its name only when it is complete."""
    with tempfile.NamedTemporaryFile(dir=path.absolute().parent, prefix=f".{path.name}.", delete=False) as file:
        try:
            file.write(data)
            file.flush()
            os.chmod(file.name, 0o600)  # who was in the training data is nobody else's business
            os.replace(file.name, path)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise
