from pathlib import Path

import numpy as np
import pytest
import torch

from language.encoder import OnnxEncoder
from language.errors import BaseModelError
from language.training import backbone
from language.training.shipped import load_shipped
from language.training.train import export_encoder
from tests.language.tiny import make_base

TEXTS = ["my parcel is late", "thank you", "包裹"]


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shipped")
    backbone.save(folder / "work", *backbone.load_base(make_base(folder / "base")))
    export_encoder(folder / "work", folder / "model")
    return folder / "model"


@pytest.mark.parametrize("shipped", [True, False])
def test_a_network_read_back_gives_the_vectors_of_its_file(exported: Path, shipped: bool) -> None:
    network, tokenizer = load_shipped() if shipped else load_shipped(exported)
    encoder = OnnxEncoder(Path("language/model") if shipped else exported)
    with torch.inference_mode():
        ids = [torch.tensor([tokenizer.encode(text).ids]) for text in TEXTS]
        found = np.concatenate([network.eval()(one, torch.ones_like(one)).numpy() for one in ids])
    likeness = (found * encoder.encode(TEXTS)).sum(axis=1)
    # What is left is the rounding of activations, which the network does not do.
    assert (likeness > 0.97).all()


def test_a_folder_without_an_encoder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BaseModelError, match="no shipped encoder"):
        load_shipped(tmp_path)
    (tmp_path / "model.onnx").write_bytes(b"not a model")
    with pytest.raises(BaseModelError, match="no shipped encoder"):
        load_shipped(tmp_path)
