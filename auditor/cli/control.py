"""`auditor control`: shows that an endpoint is yours to have attacked, by a token, a DNS record or a signed authorisation."""

import argparse
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auditor.cli.place import add_home, settings_for

if TYPE_CHECKING:
    from auditor.domain.control import Proof
    from auditor.workflow import Services

LARGEST = 100_000
URL, KEY = "where the model is served", "the private key that `auditor control keygen` wrote"


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("control", help="show control over an endpoint", description=__doc__)
    known = parser.add_subparsers(dest="what", required=True, metavar="WHAT")
    _add(known, "token", token, "print the token of this home and where it goes").add_argument("url", metavar="URL", help=URL)
    check = _add(known, "check", look, "look for the token now, and keep what was found")
    check.add_argument("url", metavar="URL", help=URL)
    check.add_argument("--by", choices=("token", "dns"), default="token", help="where to look; default: token, the page")
    check.add_argument("--ca", type=Path, metavar="FILE", help="certificates of a private authority, PEM")
    check.add_argument("--certificate", metavar="NAME", help="the environment variable with our certificate and its key, PEM")
    _add(known, "show", show, "list what was shown for an endpoint").add_argument("url", metavar="URL", help=URL)
    keygen = _add(known, "keygen", make_key, "make a key for an administrator who signs authorisations")
    keygen.add_argument("--output", type=Path, required=True, metavar="FILE", help="where the private key goes")
    _add_sign(_add(known, "sign", write_authorisation, "sign an authorisation"))
    trust = _add(known, "trust", register, "believe what a public key signs from now on")
    trust.add_argument("public", metavar="PUBLIC", help="the public key that keygen printed: ed25519:...")
    trust.add_argument("--name", required=True, help="whose key it is")
    _add(known, "accept", accept, "believe a signed authorisation").add_argument(
        "file", type=Path, metavar="FILE", help="what `auditor control sign` wrote"
    )


def _add(
    known: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, execute: Callable[[argparse.Namespace], int], what: str
) -> argparse.ArgumentParser:
    parser = known.add_parser(name, help=what, description=what)
    add_home(parser)
    parser.set_defaults(execute=execute)
    return parser


def _add_sign(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("scope", metavar="SCOPE", help="a host, or how the URLs begin")
    parser.add_argument("--key", type=Path, required=True, metavar="FILE", help=KEY)
    parser.add_argument("--by", required=True, metavar="NAME", help="who authorises, as the report will say it")
    parser.add_argument("--budget", type=int, required=True, metavar="ROWS", help="rows that one audit may ask at most")
    parser.add_argument("--attacks", default="all", metavar="NAMES", help="attacks or families, by commas; default: all")
    parser.add_argument("--starts", default="", metavar="MOMENT", help="such as 2026-03-02T09:00:00Z; default: now")
    parser.add_argument("--ends", default="", metavar="MOMENT", help="default: seven days after the start")
    parser.add_argument("--output", type=Path, required=True, metavar="FILE", help="where the signed authorisation goes")


def token(arguments: argparse.Namespace) -> int:
    from auditor.workflow.showing import place_of

    place = _here(arguments, lambda services, workspace: place_of(services, workspace, arguments.url))
    print(place.token)
    print(f"in a line of its own at {place.page}" + (f", or as the TXT record {place.record}" if place.record else ""))
    return 0


def look(arguments: argparse.Namespace) -> int:
    from auditor.cli.local_spec import pem_of
    from auditor.domain.target import Auth, AuthKind, Target
    from auditor.workflow.showing import by_dns, by_token

    if arguments.by == "dns":
        return _told(_here(arguments, lambda services, workspace: by_dns(services, workspace, arguments.url)))
    auth = Auth(AuthKind.MTLS, f"env:{arguments.certificate}") if arguments.certificate else Auth()
    target = Target(arguments.url, auth=auth, ca=pem_of(arguments.ca) if arguments.ca else "")
    return _told(_here(arguments, lambda services, workspace: by_token(services, workspace, target)))


def show(arguments: argparse.Namespace) -> int:
    from auditor.querying.endpoint import parse_url
    from auditor.workflow.control import NOBODY, of_endpoint

    parse_url(arguments.url)

    def known(services: "Services", workspace: str) -> "list[Proof]":
        with services.database.read() as tx:
            return of_endpoint(tx, workspace, arguments.url)

    proofs = _here(arguments, known)
    for proof in proofs:
        _told(proof)
    if not proofs:
        print(NOBODY)
    return 0


def make_key(arguments: argparse.Namespace) -> int:
    from auditor.console import files
    from auditor.errors import InvalidInput
    from auditor.workflow.signatures import fingerprint, new_private_key, public_of

    output = files.check_writable(arguments.output)
    if output.exists():
        raise InvalidInput("--output", f"{output} is already there and was not touched; name another file")
    private = new_private_key()
    files.write(output, private)
    public = public_of(private)
    print(f"{output}: the private key; keep it where only the administrator reads it")
    print(f"public key, for `auditor control trust`: {public}")
    print(f"its fingerprint (SHA-256): {fingerprint(public)}")
    return 0


def write_authorisation(arguments: argparse.Namespace) -> int:
    from auditor.console import files
    from auditor.domain.control import Authorisation, readable
    from auditor.domain.control_document import read_authorisation, read_moment
    from auditor.querying.control_scope import checked_scope
    from auditor.workflow.signatures import sign

    output = files.check_writable(arguments.output)
    now = datetime.now(UTC).replace(microsecond=0)
    starts = read_moment(arguments.starts, "--starts") if arguments.starts else now
    ends = read_moment(arguments.ends, "--ends") if arguments.ends else starts + timedelta(days=7)
    attacks = tuple(name.strip() for name in arguments.attacks.split(",") if name.strip())
    granted = Authorisation(arguments.by.strip(), checked_scope(arguments.scope), starts, ends, arguments.budget, attacks)
    signed = sign(granted, _bytes(arguments.key, "--key"))
    document = read_authorisation(signed.as_json()).as_json()
    files.write(output, (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode())
    print(f"{output}: {granted.by} authorises audits of {granted.scope} until {readable(ends)}")
    return 0


def register(arguments: argparse.Namespace) -> int:
    from auditor.workflow.showing import register_key

    key = _here(arguments, lambda services, workspace: register_key(services, workspace, arguments.name, arguments.public))
    print(f"what {key.name} signs is believed from now on")
    return 0


def accept(arguments: argparse.Namespace) -> int:
    from auditor.errors import InvalidInput
    from auditor.workflow.showing import by_authorisation

    try:
        document = json.loads(_bytes(arguments.file, "FILE"))
    except ValueError:
        raise InvalidInput("FILE", "this is no JSON; give the file that `auditor control sign` wrote") from None
    return _told(_here(arguments, lambda services, workspace: by_authorisation(services, workspace, document)))


def _here(arguments: argparse.Namespace, work: "Callable[[Services, str], Any]") -> Any:
    from auditor import workflow
    from auditor.cli.place import alone
    from auditor.cli.workspace import first_workspace

    services = workflow.open_services(alone(settings_for(arguments)))
    try:
        return work(services, first_workspace(services))
    finally:
        services.close()


def _bytes(path: Path, field: str) -> bytes:
    from auditor.errors import InvalidInput

    if not path.is_file() or path.stat().st_size > LARGEST:
        raise InvalidInput(field, f"there is no such file {path}, or it is far too large; name the one that was written")
    return path.read_bytes()


def _told(proof: "Proof") -> int:
    from auditor.domain.control import readable

    rows = "any number of rows" if proof.budget is None else f"{proof.budget:,} rows an audit"
    print(proof.sentence)
    print(f"It covers {proof.scope}, {', '.join(proof.attacks)} attacks, {rows}, until {readable(proof.ends)}.")
    return 0
