"""The labelled questions that the search figures in `benchmarks/figures.json` are measured on."""

from benchmarks.search import read_questions
from knowledge_base import Article


def test_every_question_is_labelled_with_articles_that_exist(articles: list[Article]) -> None:
    slugs = {article.slug for article in articles}
    questions = read_questions()
    assert len({(question.text, question.language) for question in questions}) == len(questions)
    assert all(slugs.issuperset(question.articles) for question in questions)


def test_both_languages_have_questions_without_an_answer_to_report_on() -> None:
    for language in ("en", "zh"):
        unanswerable = [
            question
            for question in read_questions()
            if (question.language, question.use, question.articles) == (language, "report", ())
        ]
        assert len(unanswerable) >= 40
