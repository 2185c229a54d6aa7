from pathlib import Path

import numpy as np
import pytest
import torch

from language.encoder import OnnxEncoder
from language.errors import BaseModelError
from language.training import network
from language.training.onnx_weights import load_exported
from language.training.train import export_encoder
from tests.language.tiny import make_base

TEXTS = ["my parcel is late", "thank you", "包裹"]


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shipped")
    network.save(folder / "work", *network.load_base(make_base(folder / "base")))
    export_encoder(folder / "work", folder / "model")
    return folder / "model"


@pytest.mark.parametrize("shipped", [True, False])
def test_a_network_read_back_gives_the_vectors_of_its_file(exported: Path, shipped: bool) -> None:
    model, tokenizer = load_exported() if shipped else load_exported(exported)
    encoder = OnnxEncoder(Path("language/model") if shipped else exported)
    with torch.inference_mode():
        ids = [torch.tensor([tokenizer.encode(text).ids]) for text in TEXTS]
        vectors = [model.eval()(row, torch.ones_like(row)).numpy() for row in ids]
    cosines = (np.concatenate(vectors) * encoder.encode(TEXTS)).sum(axis=1)
    # The difference is the quantisation of activations, which the network does not do.
    assert (cosines > 0.97).all()


def test_a_folder_without_an_encoder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BaseModelError, match="no exported encoder"):
        load_exported(tmp_path)
    (tmp_path / "model.onnx").write_bytes(b"not a model")
    with pytest.raises(BaseModelError, match="no exported encoder"):
        load_exported(tmp_path)
