"""The search stays as good as the benchmark's labelled questions say, in both languages."""

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest

from benchmarks.search import Found, probability, rank, read_questions
from knowledge_base import Article
from knowledge_base.search.confidence import load_confidence
from knowledge_base.search.index import open_readonly
from knowledge_base.search.language_index import LanguageIndex
from language.detect import Language
from language.encoder import Encoder

Ways = Mapping[str, Found]


@pytest.fixture(scope="module", params=["en", "zh"])
def reported(request: pytest.FixtureRequest, index: Path, encoder: Encoder) -> list[Ways]:
    """The questions of one language that nothing was chosen on, each ranked in three ways."""
    language: Language = request.param
    asked = [q for q in read_questions() if q.language == language and q.use == "report"]
    with closing(open_readonly(index)) as connection:
        searched = LanguageIndex(connection, language)
        return [rank(searched, q, encoder.encode([q.text])[0]) for q in asked]


def recall(found: list[Ways], way: str) -> float:
    answerable = [f[way].right for f in found if f[way].question.articles]
    return sum(answerable) / len(answerable)


def test_words_and_meaning_together_find_more_than_either_alone(reported: list[Ways]) -> None:
    assert recall(reported, "both") >= 0.78
    assert recall(reported, "both") > recall(reported, "words")
    assert recall(reported, "both") > recall(reported, "meaning")


def test_most_of_what_nothing_answers_is_refused(reported: list[Ways]) -> None:
    confidence = load_confidence()
    sure = [probability(confidence, f["both"]) for f in reported if not f["both"].question.articles]
    assert len(sure) >= 40
    assert sum(p < confidence.threshold for p in sure) / len(sure) >= 0.85


def test_every_question_is_labelled_with_articles_that_exist(articles: list[Article]) -> None:
    slugs = {article.slug for article in articles}
    questions = read_questions()
    assert len({(q.text, q.language) for q in questions}) == len(questions)
    assert all(slugs.issuperset(question.articles) for question in questions)
