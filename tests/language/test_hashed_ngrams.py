import numpy as np
import pytest

from language.hashed_ngrams import BUCKETS, hash_ngrams, ngrams


def test_ngrams_are_of_words_and_of_characters() -> None:
    found = list(ngrams("late again!"))
    assert {"late", "late again", "late again !", "<la", "in>", "gain>"} <= set(found)


def test_chinese_characters_are_tokens() -> None:
    assert set(ngrams("又晚了")) == {"又", "晚", "了", "又 晚", "晚 了", "又 晚 了"}


def test_case_only_counts_as_shouting() -> None:
    calm, loud = list(ngrams("where is it")), list(ngrams("WHERE is IT"))
    assert [ngram for ngram in loud if ngram != "<shouted>"] == calm
    assert loud.count("<shouted>") == 2


@pytest.mark.parametrize("text", ["late again", "又晚了又晚了", "😡", "a" * 10_000])
def test_a_bucket_occurs_once_and_its_weight_grows_with_its_count(text: str) -> None:
    buckets, weights = hash_ngrams(text)
    assert len(set(buckets.tolist())) == len(buckets) == len(weights)
    assert ((buckets >= 0) & (buckets < BUCKETS)).all()
    assert (weights >= 1).all()
    assert hash_ngrams("x x")[1].max() == pytest.approx(1 + np.log(2))


def test_a_text_without_ngrams_has_weight_zero() -> None:
    buckets, weights = hash_ngrams("")
    assert weights.tolist() == [0.0]
    assert buckets.shape == (1,)


def test_buckets_are_the_same_on_every_machine() -> None:
    assert hash_ngrams("晚")[0].tolist() == [81417]
