import numpy as np
import pytest

from language.hashed_ngrams import BUCKETS, grams, hashed


def test_words_pairs_triples_and_letters_are_features() -> None:
    found = list(grams("late again!"))
    assert {"late", "late again", "late again !", "<la", "in>", "gain>"} <= set(found)


def test_chinese_is_taken_by_characters() -> None:
    assert set(grams("又晚了")) == {"又", "晚", "了", "又 晚", "晚 了", "又 晚 了"}


def test_only_shouting_tells_capitals_from_small_letters() -> None:
    calm, loud = list(grams("where is it")), list(grams("WHERE is IT"))
    assert [gram for gram in loud if gram != "<shouted>"] == calm
    assert loud.count("<shouted>") == 2


@pytest.mark.parametrize("text", ["late again", "又晚了又晚了", "😡", "a" * 10_000])
def test_each_bucket_stands_once_and_weighs_more_the_more_it_holds(text: str) -> None:
    buckets, weights = hashed(text)
    assert len(set(buckets.tolist())) == len(buckets) == len(weights)
    assert ((buckets >= 0) & (buckets < BUCKETS)).all()
    assert (weights >= 1).all()
    assert hashed("x x")[1].max() == pytest.approx(1 + np.log(2))


def test_a_text_without_features_weighs_nothing() -> None:
    buckets, weights = hashed("")
    assert weights.tolist() == [0.0]
    assert buckets.shape == (1,)


def test_the_same_text_fills_the_same_buckets_on_every_machine() -> None:
    assert hashed("晚")[0].tolist() == [81417]
