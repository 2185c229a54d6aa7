"""What the actions say: every sentence in both languages, saying the same."""

import string
from pathlib import Path

import assistant.actions.wording as wording
import pytest
import yaml
from assistant.actions.wording import choice, say, say_all

SENTENCES = yaml.safe_load(
    Path(wording.__file__).with_name("wording.yml").read_text(encoding="utf-8")
)


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("key", SENTENCES)
def test_every_sentence_tells_the_same_facts_in_both_languages(key: str) -> None:
    sentence = SENTENCES[key]
    assert sentence.keys() == {"en", "zh"}
    assert fields(sentence["en"]) == fields(sentence["zh"])


def test_no_sentence_promises_money() -> None:
    for sentence in SENTENCES.values():
        assert not set("£$€¥") & set(sentence["en"] + sentence["zh"])


def test_sentences_are_set_as_their_language_sets_them() -> None:
    assert say_all(["nothing_changed", "closest"], "en").count(". T") == 1
    assert " " not in say_all(["nothing_changed", "closest"], "zh")


def test_what_is_missing_is_an_error() -> None:
    with pytest.raises(KeyError):
        say("no_such_sentence", "en")
    with pytest.raises(KeyError):
        say("already_cancelled", "en", order="HP-10234")


def test_a_choice_says_what_it_shows() -> None:
    assert choice("person", "zh").text == choice("person", "zh").title == "转人工客服"
