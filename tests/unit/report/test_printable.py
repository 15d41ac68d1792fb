"""What somebody put into a name is shown, and commands nothing: no terminal, no page, no PDF writer."""

from typing import Any

import pytest

from auditor.report import html, pdf
from auditor.report.printable import REPLACEMENT, printable, shown

HOSTILE = ("\x1b[2J\x1b]0;pwned\x07", "\x01", "\x0b", "\x7f", "\x85", "\u202egnp.exe", "\ufffe", "\ud800")


def named(result: dict[str, Any], text: str) -> dict[str, Any]:
    """A result whose audit, groups and classes are called so."""
    result["audit"]["name"] = text
    result["target"] = {"url": "http://127.0.0.1:9", "profile": {"output": "labels", "classes": [text, "other"]}}
    for finding in result["findings"]:
        for group in finding.get("subgroups") or ():
            group["value"] = f"{text} {group['value']}"
    return result


@pytest.mark.parametrize("text", HOSTILE)
def test_what_cannot_be_shown_is_replaced_wherever_it_stands(text: str) -> None:
    found = printable({"name": text, "list": [text, {"deep": (text,)}], "n": 1, "none": None, "flag": True, text: "a key"})
    told = [found["name"], found["list"][0], found["list"][1]["deep"][0]]
    assert all(REPLACEMENT in one and text[0] not in one for one in told)
    assert (found["n"], found["none"], found["flag"], found[text]) == (1, None, True, "a key")


@pytest.mark.parametrize(
    "text", ["plain", "two\nlines\tand a tab", "\u5e74\u9f62", "\U0001f600", "\u0645\u06cc\u200c\u0631\u0648\u0645", "a\xa0b"]
)
def test_what_can_be_read_stays(text: str) -> None:
    assert shown(text) == text


@pytest.mark.parametrize("text", HOSTILE)
def test_no_control_character_reaches_a_page(load: Any, text: str) -> None:
    assert text[0] not in html(named(load("exposed"), text))


@pytest.mark.parametrize(
    "text",
    ["\x1b[2J\x01", "\ufffe", "\u5e74\u9f62\u76e3\u67fb", "\ud55c\uad6d \U0001f600", "\U00010600"],
    ids=["control", "no character", "Japanese", "Korean and a face", "a script without a font"],
)
def test_any_name_can_be_printed(load: Any, text: str) -> None:
    assert pdf(named(load("exposed"), text)).startswith(b"%PDF-")


def test_a_name_that_the_fonts_have_is_printed_the_same_everywhere(load: Any) -> None:
    printed = pdf(named(load("exposed"), "\u0437\u0430\u0440\u043f\u043b\u0430\u0442\u0430 \u0394"))
    assert b"pdfuaid" in printed
    assert printed == pdf(named(load("exposed"), "\u0437\u0430\u0440\u043f\u043b\u0430\u0442\u0430 \u0394"))
