"""What the bot understands: every intent has its place, and held-out texts are understood."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from assistant.intents import article_of
from assistant.rasa.training import ROOT, parse_many
from knowledge_base.article import load_articles
from language.training.data.corpus import read_examples as examples

HELD_OUT = Path(__file__).parent / "nlu"


def held_out_texts(language: str) -> list[tuple[str, str]]:
    """(text, intent) of every author of a language."""
    return [one for path in HELD_OUT.glob(f"{language}-*.yml") for one in examples(path)]


def domain() -> Any:
    return yaml.safe_load((ROOT / "domain.yml").read_text(encoding="utf-8"))


def test_every_question_has_an_article_in_both_languages() -> None:
    slugs = {slug for intent in domain()["intents"] if (slug := article_of(intent))}
    articles = load_articles()
    for language in ("en", "zh"):
        assert slugs <= {article.slug for article in articles if article.language == language}


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
def test_every_title_leads_to_its_article(model: Path) -> None:
    slugs = {article_of(intent) for intent in domain()["intents"]}
    # An article that no intent names is found by searching.
    articles = [article for article in load_articles() if article.slug in slugs]
    parsed = parse_many(model, [article.title for article in articles])
    wrong = {
        article.title: found.intent
        for article, found in zip(articles, parsed, strict=True)
        if article_of(found.intent) != article.slug
    }
    assert wrong == {}


@pytest.mark.rasa
def test_odd_texts_are_parsed_too(model: Path) -> None:
    odd = ["", "/", "?!", "\u200b", "/restart", "😀", "HP-10234", "word " * 2000]
    assert len(parse_many(model, odd)) == len(odd)
