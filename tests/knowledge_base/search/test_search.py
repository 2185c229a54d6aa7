"""Search finds the answering article in the customer's language, and refuses other questions."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from knowledge_base import Article, KnowledgeBase, build_index
from knowledge_base.markdown import sentences
from knowledge_base.search.quotation import MOST_SENTENCES
from knowledge_base.search.searcher import fuse
from language.detect import Language
from language.encoder import Encoder

ASKED: list[tuple[Language, str, str]] = [
    ("en", "how much is delivery", "delivery-costs"),
    ("en", "which ways can I pay? is PayPal ok?", "payment-methods"),
    ("en", "I forgot my password", "reset-password"),
    ("en", "how do i unsubscribe from the newsletter", "newsletter"),
    ("zh", "运费多少钱", "delivery-costs"),
    ("zh", "可以用支付宝付款吗", "payment-methods"),
    ("zh", "我忘记密码了", "reset-password"),
    ("zh", "怎么退订邮件", "newsletter"),
    ("zh", "我忘記密碼了", "reset-password"),
    ("zh", "禮品卡的有效期是多久", "gift-cards"),
]
UNKNOWN: list[tuple[Language, str]] = [
    ("en", "what is the capital of France"),
    ("en", "who won the football last night"),
    ("en", "can you recommend a good film"),
    ("zh", "法国的首都是哪里"),
    ("zh", "昨晚的足球谁赢了"),
    ("zh", "推荐一部好看的电影"),
]
ODD = [
    "",
    "   ",
    "?!?!",
    '"',
    "' OR 1=1 --",
    'NEAR("a" b) AND (NOT * ^ :',
    "words: * + - ( ) {col}",
    "\x00password\x00",
    "😀😀",
    "\ud800 lone",
    "Ω é ß ﬁ",
    "密" * 4000,
    "refund " * 570,
    " ".join(f"word{n}" for n in range(600)),
]


@pytest.mark.parametrize(("language", "question", "slug"), ASKED)
def test_a_routine_question_is_answered_with_its_source(
    knowledge: KnowledgeBase, language: Language, question: str, slug: str
) -> None:
    answer = knowledge.answer(question, language)
    assert answer is not None
    assert answer.source.article == slug
    assert answer.source.url == f"/help/{language}/{slug}"
    assert answer.text
    assert 0 < answer.score <= 1


@pytest.mark.parametrize(("language", "question"), UNKNOWN)
def test_an_unanswerable_question_is_refused_with_topics_suggested(
    knowledge: KnowledgeBase, language: Language, question: str
) -> None:
    assert knowledge.answer(question, language) is None
    topics = knowledge.closest(question, language, limit=3)
    assert len({topic.article for topic in topics}) == 3


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("query", ODD)
def test_unusual_text_can_be_searched_for(
    knowledge: KnowledgeBase, query: str, language: Language
) -> None:
    assert len(knowledge.search(query, language, limit=5)) in {0, 5}
    knowledge.answer(query, language)
    assert knowledge.passage("returns", query, language) is not None


@pytest.mark.parametrize("query", ["", "  ", "?!", "\x00"])
def test_text_without_words_finds_nothing(knowledge: KnowledgeBase, query: str) -> None:
    assert knowledge.search(query, "en") == []
    assert knowledge.answer(query, "en") is None
    assert knowledge.closest(query, "zh") == []


def test_search_names_distinct_articles_in_the_language_asked_for(
    knowledge: KnowledgeBase,
) -> None:
    hits = knowledge.search("refund", "zh", limit=10)
    assert len({hit.article for hit in hits}) == 10
    assert {hit.language for hit in hits} == {"zh"}


def test_traditional_and_simplified_questions_find_the_same(knowledge: KnowledgeBase) -> None:
    simplified = knowledge.search("订单什么时候发货，能开发票吗", "zh")
    traditional = knowledge.search("訂單什麼時候發貨，能開發票嗎", "zh")
    assert traditional == simplified


def test_a_general_question_gets_the_summary_and_a_specific_question_its_section(
    knowledge: KnowledgeBase,
) -> None:
    article = knowledge.article("product-care", "en")
    assert article is not None
    general = knowledge.passage("product-care", "care instructions please", "en")
    particular = knowledge.passage("product-care", "can plates go in the dishwasher", "en")
    assert general is not None
    assert particular is not None
    assert general.text.startswith(sentences(article.summary)[0])
    assert particular.text.startswith("Look at the mark on the base")


def test_the_sentence_that_answers_comes_first_and_no_heading_is_quoted(
    knowledge: KnowledgeBase,
) -> None:
    asked: list[tuple[str, str, Language, str]] = [
        ("returns", "how long do I have to return something?", "en", "You have 30 days"),
        ("returns", "多久之内可以退货？", "zh", "签收后30天内"),
        ("returns", "who pays the postage?", "en", "Nothing in the UK."),
        ("returns", "那邮费谁出", "zh", "英国境内不用。"),
        ("late-delivery", "什么时候算丢了", "zh", "超过承诺日期 10 个工作日"),
    ]
    for slug, question, language, begins in asked:
        found = knowledge.passage(slug, question, language)
        assert found is not None
        assert found.text.startswith(begins), (question, found.text)


def test_at_most_three_sentences_are_quoted_or_a_list_whole(knowledge: KnowledgeBase) -> None:
    for article in knowledge.articles("en"):
        for section in article.sections:
            found = knowledge.passage(article.slug, section.heading or article.title, "en")
            assert found is not None
            lines = found.text.splitlines()
            assert len(lines) > 1 or len(sentences(found.text)) <= MOST_SENTENCES


def test_an_unknown_article_has_no_passage(knowledge: KnowledgeBase) -> None:
    assert knowledge.passage("no-such-topic", "anything", "en") is None
    assert knowledge.article("no-such-topic", "zh") is None


def test_articles_are_listed_in_both_languages(knowledge: KnowledgeBase) -> None:
    english, chinese = knowledge.articles("en"), knowledge.articles("zh")
    assert [article.slug for article in english] == [article.slug for article in chinese]
    assert knowledge.article("returns", "zh") in chinese


UNTRANSLATED: list[tuple[Language, str, str]] = [
    ("zh", "礼品卡有效期多长", "gift-cards"),
    ("zh", "怎麼清洗地毯", "product-care"),
    ("en", "how long is a gift card valid", "gift-cards"),
    ("en", "how should I wash a rug", "product-care"),
]


@pytest.mark.parametrize(("language", "question", "slug"), UNTRANSLATED)
def test_an_article_that_is_not_translated_is_found_in_its_own_language(
    articles: list[Article],
    encoder: Encoder,
    knowledge_index: Path,
    tmp_path: Path,
    language: Language,
    question: str,
    slug: str,
) -> None:
    shutil.copy(knowledge_index, tmp_path / "index.db")
    kept = [article for article in articles if (article.slug, article.language) != (slug, language)]
    build_index(kept, encoder, tmp_path / "index.db")
    knowledge = KnowledgeBase(tmp_path / "index.db", encoder)
    answer = knowledge.answer(question, language)
    assert answer is not None
    assert answer.source.article == slug
    assert answer.language != language
    assert answer.source.url == f"/help/{answer.language}/{slug}"
    assert knowledge.passage(slug, question, language) == answer
    assert knowledge.article(slug, language) is None


def test_concurrent_searches_find_the_same_as_sequential_searches(knowledge: KnowledgeBase) -> None:
    questions = [(f"{question} {n}", language) for n in range(8) for language, question, _ in ASKED]
    with ThreadPoolExecutor(8) as threads:
        together = list(threads.map(lambda asked: knowledge.search(*asked), questions))
    assert together == [knowledge.search(*asked) for asked in questions]


def test_rank_fusion_prefers_items_found_by_both_rankings() -> None:
    words = np.array([9, 8, 7, 0], np.float32)
    meaning = np.array([0.1, 0.8, 0.2, 0.9], np.float32)
    fused = fuse(words, meaning)
    assert fused.argmax() == 1
    assert fused[3] == pytest.approx(1 / 6)
