import json

import pytest
from flask import Flask

from auditor.web.strict_json import StrictJSON

strict = StrictJSON(Flask(__name__))


def test_plain_json_is_read():
    assert strict.loads('{"a": [1, 2.5, null, true, "ä"]}') == {"a": [1, 2.5, None, True, "ä"]}


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity"])
def test_numbers_that_are_none_are_refused(word):
    with pytest.raises(ValueError, match="not JSON"):
        strict.loads(f'{{"seed": {word}}}')


def test_a_doubled_key_is_refused():
    with pytest.raises(ValueError, match="twice"):
        strict.loads('{"seed": 1, "seed": 2}')


def test_a_doubled_key_deep_inside_is_refused():
    with pytest.raises(ValueError, match="twice"):
        strict.loads('{"data": [{"label": "a", "label": "b"}]}')


@pytest.mark.parametrize("text", ['"a\\u0000b"', '{"a\\u0000": 1}', '[["\\u0000"]]'])
def test_nul_characters_are_refused(text):
    with pytest.raises(ValueError, match="NUL"):
        strict.loads(text)


def test_half_a_surrogate_pair_is_refused():
    with pytest.raises(ValueError, match="surrogates"):
        strict.loads('"\\ud800"')


def test_a_whole_surrogate_pair_is_a_character():
    assert strict.loads('"\\ud83d\\ude00"') == "\N{GRINNING FACE}"


def test_deep_nesting_is_refused_and_not_a_crash():
    with pytest.raises(ValueError, match="deeply"):
        strict.loads("[" * 100_000 + "]" * 100_000)


def test_a_number_of_ten_thousand_digits_is_refused():
    with pytest.raises(ValueError, match="digits"):
        strict.loads("9" * 10_000)


def test_keys_keep_their_order():
    assert list(json.loads(strict.dumps({"b": 1, "a": 2}))) == ["b", "a"]
