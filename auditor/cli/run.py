"""`auditor run audit.yaml`: one audit, in this process, from a spec to an exit code."""

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from auditor.cli.place import add_home, alone, log_to_file, settings_for

if TYPE_CHECKING:
    from auditor.workflow.offer import Offer


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("run", help="run one audit here and now", description=__doc__)
    parser.add_argument("spec", type=Path, metavar="SPEC", help="the audit as YAML; `auditor init` writes one to start from")
    parser.add_argument("--estimate", action="store_true", help="say what it would cost, ask the target nothing, and stop")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write the result here as JSON")
    add_home(parser)
    parser.set_defaults(execute=execute)


def execute(arguments: argparse.Namespace) -> int:
    from auditor import workflow
    from auditor.cli import local_spec
    from auditor.cli.watch import Ending, finish
    from auditor.cli.workspace import first_workspace
    from auditor.console import files
    from auditor.workflow import startable

    output = files.check_writable(arguments.output) if arguments.output else None
    spec, folder = local_spec.read_spec(arguments.spec), arguments.spec.absolute().parent
    settings = alone(settings_for(arguments))
    if arguments.estimate:
        workflow.validate(spec)
        offer = local_spec.offer_of(settings, spec, folder)
        cost = workflow.estimate(spec, offer, workers=settings.worker_threads)
        print("\n".join([*_told(offer), *cost.lines]))
        return 0
    log_to_file(settings, "run")
    services = workflow.run_locally(settings)
    try:
        workspace_id = first_workspace(services)
        known = local_spec.register(services, workspace_id, spec, folder)
        _say([*known.notes, *_told(known.offer)])
        startable.refuse_auto(known.spec, known.offer.auxiliary)
        cost = workflow.foretell(services, workspace_id, workflow.Proposal(known.spec, known.target_id, known.offer))
        _say(cost.lines)
        audit = workflow.submit(services, workspace_id, known.spec, workflow.Origin(target_id=known.target_id))
        return finish(services, audit, Ending(output, settings.home))
    finally:
        services.close()


def _say(lines: Iterable[str]) -> None:
    for line in lines:
        print(line, file=sys.stderr)


def _told(offer: "Offer") -> list[str]:
    from auditor.console import left_over

    return left_over(offer.removed, offer.notes, offer.candidates, offer.auxiliary)
