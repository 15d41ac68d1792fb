"""`auditor` on the command line, and `python -m auditor`."""

import os
import sys

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")  # before numpy loads: audits fill the cores with threads of their own


def main(arguments: list[str] | None = None) -> int:
    """The exit code: 0 pass, 1 breach, 2 error, 3 cancelled, 4 inconclusive."""
    from auditor import cli
    from auditor.demo import command as demo

    return cli.main(sys.argv[1:] if arguments is None else arguments, [*cli.COMMANDS, demo])


if __name__ == "__main__":
    sys.exit(main())
