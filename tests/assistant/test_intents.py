"""What the bot understands: every intent has its place, and held-out texts are understood."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from assistant.intents import article_of
from assistant.rasa.training import ROOT, Parsed, parse_many
from knowledge_base.article import load_articles
from language.training.data.corpus import read_examples as examples

HELD_OUT = Path(__file__).parent / "nlu"
# Share of held-out texts whose intent is right, abstaining counting as wrong; and the same of
# those texts for which the bot does not abstain. Measured, then lowered by a few hundredths.
RIGHT = {"en": 0.78, "zh": 0.72}
RIGHT_WHEN_SURE = {"en": 0.88, "zh": 0.82}


def held_out_texts(language: str) -> list[tuple[str, str]]:
    """(text, intent) of every author of a language."""
    return [one for path in HELD_OUT.glob(f"{language}-*.yml") for one in examples(path)]


def domain() -> Any:
    return yaml.safe_load((ROOT / "domain.yml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def parsed(model: Path) -> dict[str, Sequence[tuple[str, Parsed]]]:
    """(intent meant, what the bot took it for) of every held-out text, by language."""
    held_out = {language: held_out_texts(language) for language in RIGHT}
    texts = [text for pairs in held_out.values() for text, _ in pairs]
    understood = iter(parse_many(model, texts))
    return {
        language: [(intent, next(understood)) for _, intent in pairs]
        for language, pairs in held_out.items()
    }


def test_every_question_has_an_article_in_both_languages() -> None:
    slugs = {slug for intent in domain()["intents"] if (slug := article_of(intent))}
    articles = load_articles()
    for language in ("en", "zh"):
        assert slugs == {article.slug for article in articles if article.language == language}


def test_small_talk_has_no_article() -> None:
    assert article_of("greet") is None
    assert article_of(None) is None


def test_every_intent_has_examples_in_both_languages() -> None:
    for language in ("en", "zh"):
        trained = {intent for _, intent in examples(ROOT / f"assistant/data/nlu/{language}.yml")}
        assert trained == set(domain()["intents"])


def test_no_held_out_text_is_trained_on() -> None:
    for language in ("en", "zh"):
        trained = {t.lower() for t, _ in examples(ROOT / f"assistant/data/nlu/{language}.yml")}
        assert trained.isdisjoint(t.lower() for t, _ in held_out_texts(language))


def test_every_text_is_in_the_catalogue() -> None:
    assert "responses" not in domain()


@pytest.mark.rasa
@pytest.mark.parametrize("language", ["en", "zh"])
def test_held_out_texts_are_understood(
    parsed: dict[str, Sequence[tuple[str, Parsed]]], language: str
) -> None:
    right = [meant == took.intent for meant, took in parsed[language]]
    assert sum(right) / len(right) >= RIGHT[language]


@pytest.mark.rasa
@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_the_bot_claims_to_understand_it_does(
    parsed: dict[str, Sequence[tuple[str, Parsed]]], language: str
) -> None:
    sure = [meant == took.intent for meant, took in parsed[language] if not took.abstained]
    assert sum(sure) / len(sure) >= RIGHT_WHEN_SURE[language]


@pytest.mark.rasa
def test_every_title_leads_to_its_article(model: Path) -> None:
    articles = load_articles()
    taken = parse_many(model, [article.title for article in articles])
    wrong = {
        article.title: one.intent
        for article, one in zip(articles, taken, strict=True)
        if article_of(one.intent) != article.slug
    }
    assert wrong == {}


@pytest.mark.rasa
def test_odd_texts_are_parsed_too(model: Path) -> None:
    odd = ["", "/", "?!", "\u200b", "/restart", "😀", "HP-10234", "word " * 2000]
    assert len(parse_many(model, odd)) == len(odd)
