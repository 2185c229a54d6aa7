import hashlib
import shutil
from pathlib import Path

import numpy as np
import pytest

from language.encoder import SHIPPED, Encoder, ModelError, load_encoder


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return load_encoder()


def cosine(encoder: Encoder, text: str, other: str) -> float:
    vectors = encoder.encode([text, other])
    return float(vectors[0] @ vectors[1])


def test_vectors_are_unit_length_float32_in_the_order_given(encoder: Encoder) -> None:
    texts = ["a", "where is my parcel? " * 5, "我想退款", ""]
    batch = encoder.encode(texts)
    assert batch.shape == (4, encoder.dimension) == (4, 384)
    assert batch.dtype == np.float32
    assert np.linalg.norm(batch, axis=1) == pytest.approx(np.ones(4), abs=1e-3)
    alone = np.concatenate([encoder.encode([text]) for text in texts])
    # int8 activations are scaled per batch, which changes a vector slightly.
    assert ((batch * alone).sum(axis=1) > 0.97).all()


def test_no_texts_give_no_vectors(encoder: Encoder) -> None:
    assert encoder.encode([]).shape == (0, 384)


@pytest.mark.parametrize(
    ("chinese", "english", "other"),
    [
        ("我想申请退款", "I want a refund", "How do I reset my password?"),
        ("我的快递到哪里了？", "Where is my parcel?", "Can I pay by credit card?"),
        ("你们几点关门？", "When do you close?", "The plate is broken."),
        ("今天天气很好", "The weather is fine today", "I want to cancel my order"),
    ],
)
def test_a_chinese_sentence_is_closest_to_its_translation(
    encoder: Encoder, chinese: str, english: str, other: str
) -> None:
    assert cosine(encoder, chinese, english) > cosine(encoder, chinese, other) + 0.15


def test_english_paraphrases_are_closer_than_other_questions(encoder: Encoder) -> None:
    question = "How can I get my money back?"
    assert cosine(encoder, question, "I would like a refund") > cosine(
        encoder, question, "What are your opening hours?"
    )


def test_traditional_characters_are_encoded_like_simplified_ones(encoder: Encoder) -> None:
    assert cosine(encoder, "我的訂單還沒到", "我的订单还没到") == pytest.approx(1, abs=1e-3)


def test_only_the_beginning_of_a_long_text_counts(encoder: Encoder) -> None:
    long = "where is my parcel? " * 200
    assert cosine(encoder, long, long + "a lamp is on fire") == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("text", ["", "\x00", "\ud800", "😡", "ы", "字" * 20_000])
def test_odd_text_has_a_vector(encoder: Encoder, text: str) -> None:
    assert np.isfinite(encoder.encode([text])).all()


def test_the_fingerprint_is_of_the_manifest_that_pins_the_files(encoder: Encoder) -> None:
    manifest = (SHIPPED / "model.json").read_bytes()
    assert encoder.fingerprint == hashlib.sha256(manifest).hexdigest()


def test_an_altered_model_is_refused(tmp_path: Path) -> None:
    folder = shutil.copytree(SHIPPED, tmp_path / "model")
    with (folder / "model.onnx").open("ab") as file:
        file.write(b"x")
    with pytest.raises(ModelError, match="not the pinned file"):
        load_encoder(folder)


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.json").write_text("{}")
    with pytest.raises(ModelError, match="no usable model"):
        load_encoder(tmp_path)


def test_the_shipped_model_is_small() -> None:
    assert sum(file.stat().st_size for file in SHIPPED.iterdir()) < 30_000_000
