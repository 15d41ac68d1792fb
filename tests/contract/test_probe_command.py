"""`auditor probe` against servers of every kind: what it says of them, and that the block it writes asks them rightly."""

import csv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from auditor.__main__ import main
from auditor.domain.spec import TargetSpec
from auditor.domain.target_spec import check_wire
from auditor.testing.dialects import DIALECTS
from auditor.testing.servers import Fault, ModelServer, Script

Said = tuple[int, str, str]
Probe = Callable[..., Said]
RNG = np.random.default_rng(5)
AGES, HOURS = RNG.integers(18, 90, 80), (RNG.random(80) * 60).round(2)
WORK = np.where(RNG.random(80) < 0.5, "private", "state")


def score(frame: pd.DataFrame) -> Any:
    z = (frame["age"].to_numpy(dtype=float) - 40) / 9 + frame["hours"].to_numpy(dtype=float) / 60
    if "work" in frame:
        z = z + (frame["work"] == "private").to_numpy()
    p = 1 / (1 + np.exp(-z))
    return np.column_stack([1 - p, p])


P = score(pd.DataFrame({"age": AGES, "hours": HOURS, "work": WORK}))[:, 1]


@pytest.fixture
def records(tmp_path: Path) -> Path:
    path = tmp_path / "rows.csv"
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["id", "age", "hours", "work", "income"])
        rows.writerows(zip(range(80), AGES, HOURS, WORK, np.where(P > 0.5, "high", "base"), strict=True))
    return path


@pytest.fixture
def probe(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, records: Path) -> Probe:
    monkeypatch.setenv("AUDITOR_HOME", str(tmp_path / "home"))

    def run(url: str, *more: str, label: str = "income") -> Said:
        flags = ["--label", label, "--exclude", "id"] if label else ["--exclude", "id,income"]
        code = main(["probe", url, "--data", str(records), *flags, *more])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


@pytest.fixture
def served() -> Iterator[Callable[..., ModelServer]]:
    servers: list[ModelServer] = []

    def start(
        predict: Any = score, script: Script | None = None, columns: tuple[str, ...] = ("age", "hours", "work")
    ) -> ModelServer:
        servers.append(ModelServer(predict, script, columns).__enter__())
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def block_of(said: Said) -> TargetSpec:
    code, out, err = said
    assert (code, err) == (0, "")
    block = TargetSpec.model_validate(yaml.safe_load(out)["target"])
    check_wire(block)
    return block


@pytest.mark.parametrize("protocol", ["open-inference", "kserve-v1", *(p for p in DIALECTS if p not in ("litserve", "fastapi"))])
def test_each_protocol_is_found_at_its_address(probe: Probe, served: Any, protocol: str) -> None:
    server = served()
    said = probe(server.url(protocol))
    block = block_of(said)
    assert (block.protocol, block.output, block.classes) == (protocol, "probabilities", ("base", "high"))
    assert "agrees with 'income' on 100 % of the records." in said[1]
    refused = 2 if protocol == "open-inference" else 0  # as raw bytes, which this server does not read
    assert f"{server.seen.rows + refused:,} rows asked in all" in said[1]


@pytest.mark.parametrize(
    ("kind", "body", "answer"), [("fastapi", {"rows": "$records"}, "result"), ("litserve", {"input": "$record"}, "output")]
)
def test_servers_without_a_protocol_get_an_adapter(probe: Probe, served: Any, kind: str, body: Any, answer: str) -> None:
    said = probe(served().url(kind))
    adapter = block_of(said).adapter
    assert adapter is not None
    assert (adapter.body, adapter.answer) == (body, answer)
    assert ("room for one record" in said[1]) == (kind == "litserve")


@pytest.mark.parametrize(
    ("predict", "output", "words"),
    [
        (lambda f: np.log(score(f)) * 3, "logits", "Output: logits of 2 classes."),
        (lambda f: np.where(score(f)[:, 1] > 0.5, "high", "base"), "labels", "on 100 % of the records"),
        (lambda f: score(f)[:, 1], "probabilities", "on 100 % of the records"),
        (lambda f: np.round(score(f), 3), "probabilities", "3 decimals: they are rounded"),
        (lambda f: score(f)[:, ::-1], "probabilities", "clearly less in the sorted order"),
    ],
)
def test_what_it_answers_is_told(probe: Probe, served: Any, predict: Any, output: str, words: str) -> None:
    said = probe(served(predict).url("mlflow"))
    block = block_of(said)
    assert block.output == output
    assert words in said[1]
    assert block.classes == (("high", "base") if "less" in words else ("base", "high"))


def test_a_quantity_is_told_from_a_class(probe: Probe, served: Any) -> None:
    block = block_of(
        probe(
            served(lambda f: f["age"].to_numpy(dtype=float) * 1.5, columns=("age", "work", "income")).url("mlflow"), label="hours"
        )
    )
    assert (block.output, block.classes) == ("value", ())


def test_without_labels_the_classes_are_told_as_a_guess(probe: Probe, served: Any) -> None:
    said = probe(served().url("mlflow"), label="")
    assert block_of(said).classes == ("0", "1")
    assert "are a guess" in said[1]


def test_a_credential_is_sent_and_its_name_written(probe: Probe, served: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_TOKEN", "tok-123")
    server = served(script=Script(token="tok-123"))
    said = probe(server.url("mlflow"), "--secret", "MY_TOKEN")
    auth = block_of(said).auth
    assert auth is not None
    assert (auth.kind, auth.secret) == ("bearer", "MY_TOKEN")
    assert "tok-123" not in said[1]
    code, out, err = probe(server.url("mlflow"))
    assert (code, out) == (2, "")
    assert "refuses the credential (401)" in err


def test_after_a_refused_credential_nothing_else_is_tried(probe: Probe, served: Any) -> None:
    server = served(script=Script(token="tok"))
    probe(server.url("mlflow"))
    assert server.seen.requests == 1


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--label", "wage"), "--label: the file has no column 'wage'"),
        (("--exclude", "id,wage"), "--exclude: the file has no column 'wage'"),
        (("--secret", "NOT_SET"), "set the environment variable NOT_SET"),
        (("--data", "missing.csv"), "missing.csv"),
    ],
)
def test_a_mistake_is_one_sentence(probe: Probe, more: tuple[str, ...], words: str) -> None:
    code, out, err = probe("http://127.0.0.1:9/invocations", *more)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert words in err


def test_a_target_that_is_none_is_told_with_what_it_said(probe: Probe, served: Any) -> None:
    server = served(script=Script(always=Fault(418, body=b'{"error": "I am a teapot"}')))
    code, out, err = probe(server.url("mlflow"))
    assert (code, out) == (2, "")
    assert "answers none of" in err
    assert "I am a teapot" in err
    assert "Traceback" not in err


def test_the_address_guard_holds_for_the_probe_too(probe: Probe) -> None:
    code, _, err = probe("http://169.254.169.254/invocations")
    assert code == 2
    assert "169.254.169.254" in err


def test_other_ways_to_prove_who_asks_are_written_into_the_block(
    probe: Probe, served: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = served()
    monkeypatch.setenv("MY_KEY", "s3cret&")
    said = probe(server.url("kserve-v1"), "--secret", "MY_KEY", "--auth", "query", "--auth-key", "parameter=api-key")
    auth = block_of(said).auth
    assert auth is not None
    assert (auth.kind, auth.secret, auth.parameter) == ("query", "MY_KEY", "api-key")
    assert server.seen.path.endswith("?api-key=s3cret%26")
    assert "s3cret" not in said[1]


def test_an_unknown_key_or_authority_is_one_sentence(
    probe: Probe, served: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    server = served()
    monkeypatch.setenv("MY_KEY", "s3cret")
    code, _, said = probe(server.origin, "--secret", "MY_KEY", "--auth-key", "tokenurl=x")
    assert (code, "there is no key 'tokenurl'" in said) == (2, True)
    code, _, said = probe(server.origin, "--ca", str(tmp_path / "nowhere.pem"))
    assert (code, "cannot be read as PEM" in said) == (2, True)
