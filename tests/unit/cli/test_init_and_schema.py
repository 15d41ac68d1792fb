import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from auditor.cli.init import template
from auditor.cli.schema import result_schema, spec_schema
from auditor.domain.spec import AuditSpec, DataSpec, TargetSpec, parse

RESULTS = sorted((Path(__file__).parents[2] / "fixtures" / "results").glob("*.json"))

MINIMAL = {
    "target": {"url": "http://127.0.0.1:8080/v2/models/m/infer"},
    "data": {"members": "a.csv", "non_members": "b.csv", "label": "y"},
}


def with_data(**more):
    return {**MINIMAL, "data": {**MINIMAL["data"], **more}}


class TestInit:
    def test_writes_a_spec_that_can_be_read(self, auditor, tmp_path):
        path = tmp_path / "mine.yaml"
        code, out, _ = auditor("init", path)
        assert code == 0
        assert f"auditor run {path}" in out
        assert parse(yaml.safe_load(path.read_text())).attacks == "standard"

    def test_the_default_is_audit_yaml_here(self, auditor, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        assert auditor("init")[0] == 0
        assert (tmp_path / "audit.yaml").is_file()

    def test_refuses_to_overwrite(self, auditor, tmp_path):
        path = tmp_path / "mine.yaml"
        path.write_text("precious")
        code, _, err = auditor("init", path)
        assert code == 2
        assert "is already there and was not touched" in err
        assert path.read_text() == "precious"

    def test_a_missing_folder_is_one_sentence(self, auditor, tmp_path):
        code, _, err = auditor("init", tmp_path / "nowhere" / "a.yaml")
        assert code == 2
        assert "there is no file or folder" in err

    def test_every_commented_line_is_valid_when_it_is_switched_on(self):
        """The comments are examples that work, not prose about some."""
        lines = [line.replace("  # ", "  ", 1) if line.startswith("  # ") else line for line in template().splitlines()]
        lines = [line.removeprefix("# ") if line.startswith(("# learner", "# shadows")) else line for line in lines]
        spec = parse(yaml.safe_load("\n".join(lines)))
        assert spec.learner.name == "xgboost"
        assert spec.shadows == "auto"
        assert spec.data.sensitive[0].name == "sex"
        assert spec.target.auth.secret == "MY_MODEL_TOKEN"

    @pytest.mark.parametrize("model", [AuditSpec, TargetSpec, DataSpec])
    def test_every_key_is_shown(self, model):
        shown = template()
        missing = [key for key in model.model_fields if f"{key}:" not in shown]
        assert missing == []


class TestSpecSchema:
    @pytest.mark.parametrize(
        "document",
        [
            MINIMAL,
            {**MINIMAL, "learner": "xgboost"},
            {**MINIMAL, "learner": {"name": "mlp", "params": {"alpha": 0.1}}},
            {**MINIMAL, "attacks": "quick"},
            {**MINIMAL, "attacks": ["gap", {"name": "lira", "params": {"mode": "offline"}}]},
            {**MINIMAL, "shadows": 8},
            {**MINIMAL, "shadows": "auto"},
            {**MINIMAL, "policy": {"membership": 10, "stealing": None}},
            {**MINIMAL, "budget": {"queries": 10, "rate": 1.5}},
            with_data(sensitive=["sex", {"name": "race", "columns": ["race_a", "race_b"]}]),
            with_data(types={"zip": "string"}, features=["zip"], exclude=[]),
            {**MINIMAL, "target": {**MINIMAL["target"], "classes": [0, 1]}},
            {**MINIMAL, "target": "0199b2a4-3c1e-7a40-9d2f-5b7c0e61a001"},
        ],
    )
    def test_what_the_parser_reads_the_schema_allows(self, document):
        parse(document)
        jsonschema.validate(document, spec_schema())

    @pytest.mark.parametrize(
        "document",
        [
            {},
            {"target": MINIMAL["target"]},
            {**MINIMAL, "atacks": "quick"},
            {**MINIMAL, "attacks": "all"},
            {**MINIMAL, "spec": 2},
            {**MINIMAL, "target": {"url": "http://x/", "protocol": "soap"}},
            with_data(types={"zip": "text"}),
            {**MINIMAL, "budget": {"queries": 0}},
        ],
    )
    def test_what_the_parser_refuses_the_schema_refuses(self, document):
        from auditor.errors import InvalidInput

        with pytest.raises(InvalidInput):
            parse(document)
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(document, spec_schema())

    def test_the_template_is_valid(self):
        jsonschema.validate(yaml.safe_load(template()), spec_schema())

    def test_it_is_a_schema_and_is_printed(self, auditor):
        code, out, _ = auditor("schema", "spec")
        assert code == 0
        jsonschema.Draft202012Validator.check_schema(json.loads(out))

    def test_keys_say_what_they_mean(self):
        described = [k for k, v in spec_schema()["$defs"]["TargetSpec"]["properties"].items() if "description" in v]
        assert {"url", "protocol", "rows", "output", "classes"} <= set(described)


class TestResultSchema:
    def test_it_is_a_schema_and_is_printed(self, auditor):
        code, out, _ = auditor("schema", "result")
        assert code == 0
        jsonschema.Draft202012Validator.check_schema(json.loads(out))

    @pytest.mark.parametrize("path", RESULTS, ids=lambda path: path.stem)
    def test_results_are_valid(self, path):
        jsonschema.validate(json.loads(path.read_text()), result_schema())

    def test_there_are_results_to_hold_it_against(self):
        assert len(RESULTS) >= 3

    @pytest.fixture
    def breach(self):
        return json.loads(next(path for path in RESULTS if path.stem == "breach").read_text())

    def test_a_number_without_interval_is_refused(self, breach):
        del breach["findings"][0]["estimates"][0]["low"]
        with pytest.raises(jsonschema.ValidationError, match="'low' is a required property"):
            jsonschema.validate(breach, result_schema())

    def test_a_missing_number_needs_its_reason(self, breach):
        breach["findings"][0]["estimates"].append({"name": "auc", "value": None})
        with pytest.raises(jsonschema.ValidationError, match="'reason' is a required property"):
            jsonschema.validate(breach, result_schema())

    def test_an_invented_outcome_is_refused(self, breach):
        breach["audit"]["outcome"] = "compliant"
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(breach, result_schema())
