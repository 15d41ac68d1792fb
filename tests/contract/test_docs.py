"""Documentation is tested: what exists is documented under its name, and what is documented exists."""

import argparse
import dataclasses
import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from auditor import cli
from auditor.attacks import registry
from auditor.cli.parser import build
from auditor.demo import command as demo
from auditor.domain import spec
from auditor.domain.target_spec import AdapterSpec, CounterfactualSpec
from auditor.settings import PREFIX, Settings

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")


def sections(path):
    """Heading -> text below it."""
    parts = re.split(r"^## +(.+)$", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(zip((heading.strip() for heading in parts[1::2]), parts[2::2], strict=True))


def sub_commands():
    parser = build([*cli.COMMANDS, demo])
    (action,) = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
    return action.choices


COMMANDS = sub_commands()
FLAGS = [
    (name, flag) for name, parser in COMMANDS.items() for a in parser._actions for flag in a.option_strings[-1:] if flag != "--help"
]


@pytest.fixture(scope="module")
def documented():
    return sections(DOCS / "cli.md")


class TestCommands:
    @pytest.mark.parametrize("name", COMMANDS)
    def test_each_command_has_a_heading(self, documented, name):
        assert f"auditor {name}" in documented

    def test_each_heading_is_a_command(self, documented):
        assert {heading.removeprefix("auditor ") for heading in documented} == set(COMMANDS)

    @pytest.mark.parametrize(("name", "flag"), FLAGS)
    def test_each_flag_stands_under_its_command(self, documented, name, flag):
        assert flag in documented[f"auditor {name}"]

    @pytest.mark.parametrize(("name", "flag"), FLAGS)
    def test_each_flag_is_explained_by_help(self, name, flag):
        (action,) = [a for a in COMMANDS[name]._actions if flag in a.option_strings]
        assert action.help

    def test_exit_codes_are_documented(self):
        text = (DOCS / "cli.md").read_text()
        for code, word in enumerate(("pass", "breach", "error", "cancelled", "inconclusive")):
            assert f"| {code} | {word}" in text


class TestSettings:
    NAMES = tuple(PREFIX + field.name.upper() for field in dataclasses.fields(Settings))

    @pytest.mark.parametrize("name", NAMES)
    def test_each_setting_has_a_heading(self, name):
        assert name in sections(DOCS / "settings.md")

    def test_each_heading_is_a_setting(self):
        assert set(sections(DOCS / "settings.md")) == set(self.NAMES)

    @pytest.mark.parametrize(
        "field", [f for f in dataclasses.fields(Settings) if type(f.default) in (int, float)], ids=lambda f: f.name
    )
    def test_the_number_in_the_text_is_the_default(self, field):
        if field.name != "worker_threads":  # the number of processors
            assert f"Default {field.default:,.0f}" in sections(DOCS / "settings.md")[PREFIX + field.name.upper()]


MODELS = (spec.AuditSpec, spec.TargetSpec, AdapterSpec, CounterfactualSpec, spec.DataSpec, spec.BudgetSpec, spec.ClaimedEpsilon)


class TestSpec:
    @pytest.mark.parametrize(("model", "key"), [(m, key) for m in MODELS for key in m.model_fields])
    def test_each_key_has_a_row(self, model: type[BaseModel], key):
        assert f"\n| `{key}` |" in (DOCS / "spec.md").read_text()

    def test_each_row_is_a_key(self):
        rows = re.findall(r"^\| `(\w+)` \|", (DOCS / "spec.md").read_text(), flags=re.MULTILINE)
        assert set(rows) == {key for model in MODELS for key in model.model_fields}

    def test_the_example_can_be_read(self):
        import yaml

        (example,) = re.findall(r"```yaml\n(.*?)```", (DOCS / "spec.md").read_text(), flags=re.DOTALL)
        assert spec.parse(yaml.safe_load(example)).name == "income-model-q3"


class TestAttacks:
    @pytest.mark.parametrize("attack", registry.BUILTIN, ids=lambda attack: attack.name)
    def test_each_attack_has_a_page_that_names_it(self, attack):
        page = (DOCS / "attacks" / f"{attack.name}.md").read_text()
        assert attack.name in page
        assert len(page.split()) > 60

    @pytest.mark.parametrize("attack", registry.BUILTIN, ids=lambda attack: attack.name)
    def test_each_hyper_parameter_is_on_the_page(self, attack):
        page = (DOCS / "attacks" / f"{attack.name}.md").read_text()
        for field in dataclasses.fields(attack):
            assert not field.init or f"`{field.name}`" in page

    @pytest.mark.parametrize("attack", registry.BUILTIN, ids=lambda attack: attack.name)
    def test_the_index_says_which_tier_tries_it_first(self, attack):
        tier = next((tier for tier, names in registry.TIERS.items() if attack.name in names), "by name")
        (row,) = (row for row in (DOCS / "attacks.md").read_text().splitlines() if f"(attacks/{attack.name}.md)" in row)
        assert f"| {tier} |" in row

    def test_each_page_is_of_an_attack(self):
        assert {path.stem for path in (DOCS / "attacks").glob("*.md")} - {"stealing"} == {
            attack.name for attack in registry.BUILTIN
        }


PAGES = sorted([*DOCS.rglob("*.md"), *ROOT.glob("*.md")])


class TestPages:
    @pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
    def test_links_lead_somewhere(self, page):
        broken = [link for link in LINK.findall(page.read_text()) if not (page.parent / link).exists()]
        assert broken == []

    @pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
    def test_it_begins_with_a_title(self, page):
        assert page.read_text().startswith("# ")

    @pytest.mark.parametrize("name", ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE"])
    def test_what_a_project_needs_is_there(self, name):
        assert (ROOT / name).stat().st_size > 200

    def test_the_readme_shows_the_two_commands_and_a_picture(self):
        text = (ROOT / "README.md").read_text()
        assert "make demo" in text
        assert "auditor run" in text
        assert re.search(r"!\[[^\]]+\]\(docs/img/[\w-]+\.png\)", text)

    def test_commands_in_the_pages_exist(self):
        for page in PAGES:
            for name in re.findall(r"(?:^|`|bin/)auditor ([a-z]+(?:-[a-z]+)*)\b", page.read_text(), flags=re.MULTILINE):
                assert name in COMMANDS, f"{page.name} speaks of auditor {name}"
