"""Any sequence-classification model in place of the one that ships, with a map of its labels."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from tokenizers import Tokenizer

from language.errors import ModelError
from language.normalise import clean
from language.onnx_model import sha256
from language.torch_model import fingerprint
from triage.emotion.attribution import Weight, explain
from triage.emotion.reading import MEASURES, Reading, joined, nothing_read
from triage.message import Message

Floats = NDArray[np.float32]
Ids = NDArray[np.int64]
LabelMap = Mapping[str, Sequence[str]]

LABELS = "labels.yml"
_LONGEST = 512
_OVERLAP = 16
_SURE = 1e-6


@dataclass(frozen=True)
class Backend:
    """A model as its maker trained it: token ids of one window → one logit for each label."""

    tokenizer: Tokenizer
    run: Callable[[Ids], Floats]
    config: Mapping[str, Any]
    fingerprint: str

    @property
    def labels(self) -> list[str]:
        """The names of its labels, in the order of its outputs."""
        names: Mapping[Any, str] = self.config["id2label"]
        return [names[key] for key in sorted(names, key=int)]


class Classifier:
    """Reads messages with somebody else's model.

    An output is the sum of the chances of the labels that are mapped to it where the model gives
    one label to a text, their maximum where it gives several. The chances are the model's own:
    nothing is calibrated.
    """

    def __init__(self, backend: Backend, labels: LabelMap) -> None:
        """Read through `backend`. Raises ModelError when `labels` does not fit it."""
        self._backend = backend
        self._several = backend.config.get("problem_type") == "multi_label_classification"
        self._mapped = _mapped(backend.labels, labels)
        longest = min(_LONGEST, int(backend.config.get("max_position_embeddings", _LONGEST)) - 2)
        backend.tokenizer.no_padding()
        backend.tokenizer.enable_truncation(longest, stride=min(_OVERLAP, longest // 4))
        pinned = json.dumps({name: list(labels[name]) for name in sorted(labels)})
        self.fingerprint = hashlib.sha256(f"{backend.fingerprint} {pinned}".encode()).hexdigest()

    def read(self, text: str, before: Sequence[Message] | None = None) -> Reading:
        """The reading of one message."""
        return self.read_many([text])[0]

    def read_many(
        self, texts: Sequence[str], before: Sequence[Sequence[Message]] | None = None
    ) -> list[Reading]:
        """The readings of several messages, in order: what was said `before` has no part in them.

        A long message is read whole, in overlapping windows. A message without anything to read is
        neutral.
        """
        return [self._reading(text) for text in texts]

    def explain(self, text: str, limit: int = 3) -> list[Weight]:
        """At most `limit` words that carry `negative`: see `triage.emotion.attribution`."""

        def levels(texts: Sequence[str]) -> Floats:
            chances = np.array([self.read(one).negative for one in texts])
            chances = chances.clip(_SURE, 1 - _SURE)
            return np.asarray(np.log(chances / (1 - chances)), np.float32)

        return explain(levels, text, limit)

    def _reading(self, text: str) -> Reading:
        written = clean(text)
        if not written:
            return nothing_read(text)
        encoding = self._backend.tokenizer.encode(written)
        windows = np.stack(
            [self._window(one.ids) for one in (encoding, *encoding.overflowing) if one.ids]
        )
        return joined(text, windows)

    def _window(self, ids: Sequence[int]) -> Floats:
        logits = self._backend.run(np.array([ids], np.int64))[0]
        if self._several:
            chances = 1 / (1 + np.exp(-logits))
            return np.asarray((self._mapped * chances).max(axis=1), np.float32)
        chances = np.exp(logits - logits.max())
        return np.asarray(self._mapped @ (chances / chances.sum()), np.float32)


def _mapped(labels: Sequence[str], table: LabelMap) -> Floats:
    """(outputs, labels) of 0 and 1."""
    if not isinstance(table, Mapping) or set(table) != set(labels):
        raise ModelError(f"the label map must name each of the model's labels: {', '.join(labels)}")
    unknown = {name for names in table.values() for name in names} - set(MEASURES)
    if unknown:
        raise ModelError(
            f"the label map maps to {', '.join(sorted(unknown))}; possible: {', '.join(MEASURES)}"
        )
    return np.array([[name in table[label] for label in labels] for name in MEASURES], np.float32)


def read_label_map(path: Path) -> LabelMap:
    """The label map in a YAML file: `label: [emotion, negative]`. Raises ModelError."""
    try:
        table = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, YAMLError) as error:
        raise ModelError(f"no usable label map at {path}: {error}") from error
    if not isinstance(table, dict) or not all(isinstance(one, list) for one in table.values()):
        raise ModelError(f"{path}: write each label as `label: [emotion, negative]`")
    return {str(label): [str(name) for name in names] for label, names in table.items()}


def load_classifier(model: str, labels: Path | None = None, threads: int = 1) -> Classifier:
    """The sequence-classification model `model`, on `threads` cores.

    A folder with `model.onnx`, `config.json` and `tokenizer.json` runs in onnxruntime. Any other
    folder or hub name goes through transformers, which must be installed; only safetensors are
    loaded, never pickle. `labels` maps the labels; by default `labels.yml` in the folder. Raises
    ModelError.
    """
    folder = Path(model)
    table = read_label_map(labels or folder / LABELS)
    has_onnx = (folder / "model.onnx").is_file()
    return Classifier(_onnx(folder, threads) if has_onnx else _transformers(model), table)


def _onnx(folder: Path, threads: int) -> Backend:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    try:
        session = onnxruntime.InferenceSession(
            str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"]
        )
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    except Exception as error:  # onnxruntime and tokenizers raise their own kinds
        raise ModelError(f"cannot load {folder}: {error}") from error
    wanted = {one.name for one in session.get_inputs()}

    def run(ids: Ids) -> Floats:
        possible = {
            "input_ids": ids,
            "attention_mask": np.ones_like(ids),
            "token_type_ids": np.zeros_like(ids),
        }
        found = session.run(None, {name: possible[name] for name in wanted})[0]
        return np.asarray(found, np.float32)

    return Backend(tokenizer, run, config, sha256(folder / "model.onnx"))


def _transformers(model: str) -> Backend:
    try:
        import torch
        from transformers import AutoModelForSequenceClassification, AutoTokenizer
    except ImportError as error:
        raise ModelError(
            f"{model} has no model.onnx; to load it through transformers, install"
            " requirements/develop.txt"
        ) from error
    try:
        network = AutoModelForSequenceClassification.from_pretrained(model, use_safetensors=True)
        tokenizer = AutoTokenizer.from_pretrained(model, use_fast=True).backend_tokenizer
    except (OSError, ValueError, AttributeError) as error:
        raise ModelError(f"cannot load {model}: {error}") from error
    network.eval()

    @torch.inference_mode()
    def run(ids: Ids) -> Floats:
        logits = network(input_ids=torch.from_numpy(ids)).logits
        return np.asarray(logits.float().numpy(), np.float32)

    return Backend(tokenizer, run, network.config.to_dict(), fingerprint(network))
