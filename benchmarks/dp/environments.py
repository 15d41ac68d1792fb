"""Virtual environments of libraries that cannot live in ours: diffprivlib wants scikit-learn below 1.6, Opacus wants PyTorch."""

import subprocess
import sys
import venv
from pathlib import Path

REQUIREMENTS = {
    "diffprivlib": ("diffprivlib==0.6.6", "scikit-learn<1.6"),
    "opacus": ("opacus==1.6.0", "torch", "numpy"),
}


def python_of(library: str, home: Path) -> Path:
    """The interpreter of the library's environment, which is made if it is not there."""
    folder = home / library
    python = folder / "bin" / "python"
    if not (folder / ".ready").exists():
        venv.create(folder, with_pip=True, clear=True)
        line = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *REQUIREMENTS[library]]
        if subprocess.run(line).returncode:
            sys.exit(f"{library} could not be installed into {folder}; see above, and choose another with --only")
        (folder / ".ready").touch()
    return python


def versions(python: Path, packages: tuple[str, ...]) -> str:
    code = "import sys; from importlib.metadata import version; print(', '.join(f'{p} {version(p)}' for p in sys.argv[1:]))"
    return subprocess.run([str(python), "-c", code, *packages], capture_output=True, text=True, check=True).stdout.strip()
