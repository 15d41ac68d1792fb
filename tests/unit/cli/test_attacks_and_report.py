import json
from pathlib import Path

import pytest

from auditor.attacks import registry
from auditor.report import as_json

BREACH = Path(__file__).parents[2] / "fixtures" / "results" / "breach.json"


class TestAttacks:
    @pytest.fixture
    def listed(self, auditor):
        code, out, _ = auditor("attacks")
        assert code == 0
        return " ".join(out.split())

    @pytest.mark.parametrize("attack", registry.BUILTIN, ids=lambda attack: attack.name)
    def test_each_attack_is_listed_with_its_adversary_in_words(self, listed, attack):
        assert f"{attack.name} {attack.family}" in listed
        assert attack.threat_model.in_words() in listed
        assert f"Shows {attack.shows}." in listed
        assert attack.reference in listed

    def test_each_says_what_it_takes(self, listed):
        assert listed.count("Takes ") == len(registry.BUILTIN)
        assert "lira membership, in standard, full" in listed
        assert listed.split("lira membership")[1].split("Takes ")[1].startswith("shadow models (shared with other attacks).")

    def test_a_kind_narrower_than_its_family_is_named(self, listed):
        assert "attribute inversion (attribute), in standard, full" in listed

    def test_tiers_are_named(self, listed):
        assert "rmia membership, in quick, standard, full" in listed


class TestReport:
    def test_a_result_file_becomes_a_page(self, auditor, tmp_path):
        page = tmp_path / "page.html"
        code, out, _ = auditor("report", BREACH, "--output", page)
        assert code == 0
        assert out == f"wrote {page}\n"
        assert page.read_text().startswith("<!doctype html>")

    def test_the_ending_of_the_output_decides_the_format(self, auditor, tmp_path):
        assert auditor("report", BREACH, "--output", tmp_path / "a.pdf")[0] == 0
        assert (tmp_path / "a.pdf").read_bytes().startswith(b"%PDF-")

    def test_format_wins_over_the_ending(self, auditor, tmp_path):
        assert auditor("report", BREACH, "--format", "json", "--output", tmp_path / "a.txt")[0] == 0
        assert (tmp_path / "a.txt").read_text() == as_json(json.loads(BREACH.read_text()))

    def test_without_output_it_is_report_html_here(self, auditor, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        assert auditor("report", BREACH)[0] == 0
        assert [path.name for path in tmp_path.glob("report*")] == ["report.html"]

    def test_a_report_is_readable_by_its_owner_alone(self, auditor, tmp_path):
        auditor("report", BREACH, "--output", tmp_path / "a.html")
        assert (tmp_path / "a.html").stat().st_mode & 0o077 == 0

    @pytest.mark.parametrize("content", [b"not json", b"[]", b'{"audit": 1}', b"\xff\xfe"])
    def test_a_file_that_is_no_result_is_refused(self, auditor, tmp_path, content):
        path = tmp_path / "other.json"
        path.write_bytes(content)
        code, _, err = auditor("report", path)
        assert code == 2
        assert "is not a result; name a file that `auditor run --output` wrote" in err

    def test_a_missing_file_is_one_sentence(self, auditor, tmp_path):
        code, _, err = auditor("report", tmp_path / "none.json")
        assert code == 2
        assert "there is no file or folder" in err

    def test_a_folder_that_is_missing_is_told_before_anything_is_made(self, auditor, tmp_path):
        code, _, err = auditor("report", BREACH, "--output", tmp_path / "no" / "a.html")
        assert code == 2
        assert "there is no folder" in err
        assert not (tmp_path / "no").exists()

    def test_an_unknown_audit_is_one_sentence(self, auditor):
        code, _, err = auditor("report", "0199b2a4-3c1e-7a40-9d2f-5b7c0e61a001")
        assert code == 2
        assert err.startswith("auditor: ")
        assert err.count("\n") == 1

    @pytest.mark.parametrize("form", ["html", "json", "pdf"])
    def test_the_order_of_keys_in_the_file_changes_no_byte(self, auditor, tmp_path, form):
        turned = tmp_path / "turned.json"
        turned.write_text(json.dumps(_turned(json.loads(BREACH.read_text()))))
        documents = []
        for source in (BREACH, turned):
            output = tmp_path / f"{source.stem}.{form}"
            auditor("report", source, "--output", output)
            documents.append(output.read_bytes())
        assert documents[0] == documents[1]


def _turned(document):
    """The same document with the keys of every object the other way round."""
    if isinstance(document, dict):
        return {key: _turned(document[key]) for key in reversed(document)}
    return [_turned(item) for item in document] if isinstance(document, list) else document
