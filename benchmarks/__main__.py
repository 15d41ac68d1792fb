"""`python -m benchmarks NAME`: runs one measurement (see NAMES), or without a name all of them."""

import runpy
import sys

NAMES = (
    "steps",
    "scale",
    "fanout",
    "memory",
    "scoring",
    "demo",
    "querying",
    "fuzz",
    "membership",
    "attribute",
    "attribute_steak",
    "attribute_values",
    "model_files",
    "shadows",
    "canaries",
    "scan",
    "what_if",
    "stealing",
    "inversion",
    "records",
    "pictures",
)


def main(arguments: list[str]) -> int:
    wanted = arguments[:1] or list(NAMES)
    unknown = [name for name in wanted if name not in NAMES]
    if unknown:
        print(f"there is no benchmark {unknown[0]!r}; choose one of {', '.join(NAMES)}", file=sys.stderr)
        return 2
    for name in wanted:
        sys.argv = [name, *arguments[1:]]
        runpy.run_module(f"benchmarks.{name}", run_name="__main__")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
