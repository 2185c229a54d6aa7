from pathlib import Path

import numpy as np
import pytest
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Pooling, Transformer

from language.encoder import ModelError, load_encoder
from tests.language.tiny import make_base


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    base = make_base(tmp_path / "base")
    words = Transformer(str(base))
    SentenceTransformer(modules=[words, Pooling(32)], device="cpu").save(str(tmp_path / "model"))
    return tmp_path / "model"


def test_a_folder_of_sentence_transformers_can_be_configured(folder: Path) -> None:
    encoder = load_encoder(folder)
    vectors = encoder.encode(["hello there", "goodbye"])
    assert vectors.shape == (2, encoder.dimension) == (2, 32)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(2), abs=1e-5)
    assert encoder.encode([]).shape == (0, 32)
    assert len(encoder.fingerprint) == 64


def test_a_folder_without_any_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelError, match="cannot load"):
        load_encoder(tmp_path / "empty")
