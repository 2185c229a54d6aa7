"""Sequence classifiers in place of the shipped model: tiny ones, made and saved here."""

import json
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import BertConfig, BertForSequenceClassification

from language.errors import ModelError
from tests.language.tiny import make_base
from triage.emotion.model import load_emotion_model
from triage.emotion.reading import EMOTIONS, EmotionModel
from triage.emotion.sequence_classifier import load_classifier

LABELS = {"cross": ["anger", "negative"], "glad": ["joy"], "flat": ["neutral"]}


def save(
    folder: Path, *, multi_label: bool = False, labels: dict[str, list[str]] | None = None
) -> Path:
    base = make_base(folder / "base")
    config = BertConfig.from_pretrained(base)
    config.id2label = dict(enumerate(LABELS))
    config.label2id = {name: index for index, name in enumerate(LABELS)}
    config.problem_type = "multi_label_classification" if multi_label else None
    config.num_labels = len(LABELS)
    torch.manual_seed(3)
    network = BertForSequenceClassification(config)
    with torch.no_grad():
        for weights in network.parameters():
            weights.mul_(3)
    network.save_pretrained(folder)
    (folder / "tokenizer.json").write_bytes((base / "tokenizer.json").read_bytes())
    kind = {"tokenizer_class": "PreTrainedTokenizerFast", "unk_token": "[UNK]"}
    (folder / "tokenizer_config.json").write_text(json.dumps(kind))
    lines = [f"{name}: {json.dumps(to)}" for name, to in (labels or LABELS).items()]
    (folder / "labels.yml").write_text("\n".join(lines), encoding="utf-8")
    return folder


def as_onnx(source: Path, folder: Path) -> Path:
    """The same model as a folder for onnxruntime."""
    folder.mkdir()
    network = BertForSequenceClassification.from_pretrained(source)
    network.config._attn_implementation = "eager"
    ids = torch.ones((1, 5), dtype=torch.int64)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network,
            (ids, torch.ones_like(ids)),
            str(folder / "model.onnx"),
            input_names=["input_ids", "attention_mask"],
            output_names=["logits"],
            dynamic_axes={"input_ids": {1: "length"}, "attention_mask": {1: "length"}},
            opset_version=17,
            dynamo=False,
        )
    for name in ("config.json", "tokenizer.json", "labels.yml"):
        (folder / name).write_bytes((source / name).read_bytes())
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save(tmp_path_factory.mktemp("theirs"))


@pytest.fixture(scope="module")
def model(folder: Path) -> EmotionModel:
    return load_emotion_model(folder)


def test_its_labels_are_read_as_mapped(model: EmotionModel) -> None:
    reading = model.read("where is my parcel?")
    assert tuple(reading.emotions) == EMOTIONS
    assert reading.emotions["anger"] == reading.negative
    known = [reading.emotions[name] for name in ("anger", "joy", "neutral")]
    assert sum(known) == pytest.approx(1, abs=1e-5)
    assert sum(reading.emotions.values()) == pytest.approx(1, abs=1e-5)


def test_a_multi_label_model_gives_each_label_its_own_probability(tmp_path: Path) -> None:
    table = {"cross": ["anger", "negative"], "glad": ["joy", "negative"], "flat": ["neutral"]}
    reading = load_classifier(str(save(tmp_path, multi_label=True, labels=table))).read(
        "late again"
    )
    assert reading.negative == max(reading.emotions["anger"], reading.emotions["joy"])
    known = [reading.emotions[name] for name in ("anger", "joy", "neutral")]
    assert sum(known) != pytest.approx(1, abs=1e-3)


def test_onnxruntime_reads_as_transformers_does(
    folder: Path, model: EmotionModel, tmp_path: Path
) -> None:
    other = load_emotion_model(as_onnx(folder, tmp_path / "onnx"))
    for text in ("where is my parcel?", "late", "a b c " * 400):
        expected = list(model.read(text).emotions.values())
        assert list(other.read(text).emotions.values()) == pytest.approx(expected, abs=1e-4)
    assert other.fingerprint != model.fingerprint


def test_a_long_message_is_read_to_its_end(model: EmotionModel) -> None:
    calm = "the order was placed and it has a number " * 40
    assert model.read(calm).negative != model.read(calm + "zq zq zq zq zq " * 40).negative


@pytest.mark.parametrize("text", ["", "\x00", "\ud800", "😡", "Где", "字" * 3000, "a" * 100_000])
def test_odd_text_has_a_reading_and_attributions(model: EmotionModel, text: str) -> None:
    reading = model.read(text)
    assert np.isfinite([*reading.emotions.values(), reading.negative]).all()
    assert all(text[found.start : found.end] == found.text for found in model.attribute(text))


def test_another_map_of_labels_is_another_model(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "labels.yml"
    other.write_text("cross: [frustration, negative]\nglad: [joy]\nflat: [neutral]\n")
    changed = load_emotion_model(folder, labels=other)
    assert changed.fingerprint != load_emotion_model(folder).fingerprint
    assert changed.read("late").emotions["anger"] == 0


@pytest.mark.parametrize(
    ("labels", "fault"),
    [
        ("cross: [anger]\n", "must name each of the model's labels: cross, glad, flat"),
        ("cross: [rage]\nglad: [joy]\nflat: [neutral]\n", "maps to rage; possible: anger"),
        ("cross: anger\nglad: joy\nflat: neutral\n", "write each label as"),
        ("cross: [anger\n", "no usable label map"),
    ],
)
def test_a_map_that_does_not_fit_is_refused(
    folder: Path, tmp_path: Path, labels: str, fault: str
) -> None:
    path = tmp_path / "labels.yml"
    path.write_text(labels)
    with pytest.raises(ModelError, match=fault):
        load_emotion_model(folder, labels=path)


def test_a_model_without_a_map_or_weights_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no usable label map"):
        load_emotion_model(tmp_path)
    with pytest.raises(ModelError, match="cannot load"):
        load_emotion_model(tmp_path, labels=folder / "labels.yml")
