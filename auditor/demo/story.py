"""What the demonstration does, in order: cut the data, start everything, register, upload, submit, watch, tell."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from auditor.console import files, findings_table, shown_progress, verdict
from auditor.demo import adult
from auditor.demo.client import Client
from auditor.demo.stack import Stack, running
from auditor.demo.target import LEAKY, SAFE, Story
from auditor.domain.audit import AuditStatus, Progress
from auditor.errors import Unavailable
from auditor.report import as_json
from auditor.settings import Settings

SEED = 7
POLL_SECONDS = 0.5
SENSITIVE = ["race"]

Say = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    settings: Settings
    safe: bool
    output: Path
    port: int | None = None

    @property
    def story(self) -> Story:
        return SAFE if self.safe else LEAKY

    def beside(self, form: str) -> Path:
        """The report stands next to the result: result.json -> report.html, result-safe.json -> report-safe.html."""
        return self.output.with_name(self.output.stem.replace("result", "report", 1) + f".{form}")


def tell(plan: Plan, console: Console) -> dict[str, Any]:
    """Runs the whole demonstration; returns the result document."""
    say: Say = lambda sentence: console.print(sentence, highlight=False)  # noqa: E731 - a verb for this story
    home = plan.settings.home
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    sides = f"{plan.story.members:,} members, {plan.story.non_members:,} non-members"
    say(f"Cutting UCI Adult into {sides} and {adult.AUXILIARY:,} auxiliary records, all distinct")
    parts = adult.split(adult.load(), adult.SEED, (plan.story.members, plan.story.non_members))
    members = home / "members.csv"
    parts.members.to_csv(members, index=False)
    say(f"Training the target ({plan.story.learner.name}) in a process of its own; starting API, worker and clock")
    with running(plan.settings, members, plan.safe, plan.port) as stack:
        audit_id = submit(plan, stack, parts)
        say(f"Submitted audit {audit_id} through the API; the workers have it now")
        audit = watch(stack.client, audit_id, console)
        if audit["status"] != AuditStatus.COMPLETED:
            raise Unavailable(f"the audit is {audit['status']}: {audit['reason'] or 'no reason given'}")
        result = stack.client.result(audit_id)
        _write(plan, stack.client, audit_id, result)
    show(plan, console, result, stack.client.key)
    return result


def submit(plan: Plan, stack: Stack, parts: adult.Split) -> str:
    client = stack.client
    block = {"url": stack.target_url, "protocol": "open-inference", "classes": list(adult.CLASSES)}
    target = client.register_target(plan.story.title, block)
    frames = {"members": parts.members, "non_members": parts.non_members, "auxiliary": parts.auxiliary}
    ids = {name: client.upload(f"adult {name.replace('_', '-')}", frame)["id"] for name, frame in frames.items()}
    return str(client.submit(spec_of(plan.story, target["id"], ids))["id"])


def spec_of(story: Story, target_id: str, ids: dict[str, str]) -> dict[str, Any]:
    """The audit as JSON: what `auditor init` writes as YAML."""
    return {
        "spec": 1,
        "name": story.title,
        "target": target_id,
        "data": {**ids, "label": adult.LABEL, "sensitive": SENSITIVE},
        "learner": {"name": story.learner.name, "params": dict(story.learner.params)},
        "attacks": "standard",
        "policy": story.policy,
        "seed": SEED,
    }


def watch(client: Client, audit_id: str, console: Console) -> dict[str, Any]:
    """Polls until the audit is over, and shows how far it is."""
    with shown_progress(console) as show_progress:
        while True:
            audit = client.audit(audit_id)
            if audit["status"] != AuditStatus.RUNNING:
                return audit
            show_progress(Progress(status=AuditStatus.RUNNING, **audit["progress"]))
            time.sleep(POLL_SECONDS)


def _write(plan: Plan, client: Client, audit_id: str, result: dict[str, Any]) -> None:
    files.write(plan.output, as_json(result).encode())
    for form in ("html", "pdf"):
        files.write(plan.beside(form), client.report(audit_id, form))


def show(plan: Plan, console: Console, result: dict[str, Any], key: str) -> None:
    console.print(findings_table(result, console.width))
    console.print(verdict(result))
    lines = (
        f"result     {plan.output}",
        f"report     {plan.beside('html')} and {plan.beside('pdf').name}",
        f"dashboard  auditor up --home {plan.settings.home}",
        f"           sign in with {key}",
    )
    for line in lines:
        console.print(line, highlight=False, markup=False, soft_wrap=True)
