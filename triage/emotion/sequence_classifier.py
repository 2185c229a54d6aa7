"""Any sequence-classification model in place of the shipped one, with a map of its labels."""

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
from triage.emotion.attribution import WordAttribution, attribute_words
from triage.emotion.context_window import Said
from triage.emotion.reading import OUTPUTS, Reading, neutral_reading, pool_windows

Floats = NDArray[np.float32]
Ids = NDArray[np.int64]
LabelMap = Mapping[str, Sequence[str]]

LABELS = "labels.yml"
_MAX_TOKENS = 512
_OVERLAP = 16
# Keeps log-odds finite.
_MIN_PROBABILITY = 1e-6


@dataclass(frozen=True)
class Backend:
    """A model as its author trained it; `run` takes token ids (1, length) to logits (1, labels)."""

    tokenizer: Tokenizer
    run: Callable[[Ids], Floats]
    config: Mapping[str, Any]
    fingerprint: str

    @property
    def labels(self) -> list[str]:
        """Return the names of its labels, in the order of its outputs."""
        names: Mapping[Any, str] = self.config["id2label"]
        return [names[key] for key in sorted(names, key=int)]


class Classifier:
    """Reads messages with a sequence-classification model.

    An output is the sum of the probabilities of the labels that are mapped to it where the model is
    a single-label one, and their maximum where it is a multi-label one. The probabilities are the
    model's own: nothing is calibrated.
    """

    def __init__(self, backend: Backend, labels: LabelMap) -> None:
        """Read with `backend`, whose labels are mapped by `labels`.

        Raises:
            ModelError: `labels` does not fit the model.
        """
        self._backend = backend
        self._multi_label = backend.config.get("problem_type") == "multi_label_classification"
        self._label_matrix = _label_matrix(backend.labels, labels)
        positions = int(backend.config.get("max_position_embeddings", _MAX_TOKENS)) - 2
        max_tokens = min(_MAX_TOKENS, positions)
        backend.tokenizer.no_padding()
        backend.tokenizer.enable_truncation(max_tokens, stride=min(_OVERLAP, max_tokens // 4))
        label_map = json.dumps({name: list(labels[name]) for name in sorted(labels)})
        both = f"{backend.fingerprint} {label_map}"
        self.fingerprint = hashlib.sha256(both.encode()).hexdigest()

    def read(self, text: str, before: Sequence[Said] | None = None) -> Reading:
        """Return the reading of one message: see `read_many`."""
        return self.read_many([text])[0]

    def read_many(
        self, texts: Sequence[str], before: Sequence[Sequence[Said]] | None = None
    ) -> list[Reading]:
        """Return the readings of several messages, in order; `before` is ignored.

        A long message is read whole, in overlapping windows. A message without anything to read is
        neutral.
        """
        return [self._reading(text) for text in texts]

    def attribute(self, text: str, limit: int = 3) -> list[WordAttribution]:
        """Return the words that make a message negative: see `triage.emotion.attribution`."""

        def log_odds(texts: Sequence[str]) -> Floats:
            negative = np.array([self.read(text).negative for text in texts])
            negative = negative.clip(_MIN_PROBABILITY, 1 - _MIN_PROBABILITY)
            return np.asarray(np.log(negative / (1 - negative)), np.float32)

        return attribute_words(log_odds, text, limit)

    def _reading(self, text: str) -> Reading:
        cleaned = clean(text)
        if not cleaned:
            return neutral_reading(text)
        encoding = self._backend.tokenizer.encode(cleaned)
        windows = np.stack(
            [
                self._outputs(window.ids)
                for window in (encoding, *encoding.overflowing)
                if window.ids
            ]
        )
        return pool_windows(text, windows)

    def _outputs(self, ids: Sequence[int]) -> Floats:
        """Return the outputs of one window, (outputs,)."""
        logits = self._backend.run(np.array([ids], np.int64))[0]
        if self._multi_label:
            probabilities = 1 / (1 + np.exp(-logits))
            return np.asarray((self._label_matrix * probabilities).max(axis=1), np.float32)
        exponentials = np.exp(logits - logits.max())
        return np.asarray(self._label_matrix @ (exponentials / exponentials.sum()), np.float32)


def _label_matrix(labels: Sequence[str], label_map: LabelMap) -> Floats:
    """Return which label (column) counts for which output (row), as 0 and 1."""
    if not isinstance(label_map, Mapping) or set(label_map) != set(labels):
        raise ModelError(f"the label map must name each of the model's labels: {', '.join(labels)}")
    unknown = {name for names in label_map.values() for name in names} - set(OUTPUTS)
    if unknown:
        raise ModelError(
            f"the label map maps to {', '.join(sorted(unknown))}; possible: {', '.join(OUTPUTS)}"
        )
    return np.array(
        [[name in label_map[label] for label in labels] for name in OUTPUTS], np.float32
    )


def read_label_map(path: Path) -> LabelMap:
    """Return the label map in a YAML file: `label: [emotion, negative]`.

    Raises:
        ModelError: The file is missing or holds no label map.
    """
    try:
        table = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, YAMLError) as error:
        raise ModelError(f"no usable label map at {path}: {error}") from error
    if not isinstance(table, dict) or not all(isinstance(names, list) for names in table.values()):
        raise ModelError(f"{path}: write each label as `label: [emotion, negative]`")
    return {str(label): [str(name) for name in names] for label, names in table.items()}


def load_classifier(model: str, labels: Path | None = None, threads: int = 1) -> Classifier:
    """Load a sequence-classification model.

    A folder with `model.onnx`, `config.json` and `tokenizer.json` runs in onnxruntime. Any other
    folder or hub name is loaded by transformers, which must be installed; only safetensors are
    loaded, never pickle.

    Args:
        model: The folder or hub name.
        labels: The label map; by default `labels.yml` in the folder.
        threads: The number of cores that onnxruntime may use.

    Raises:
        ModelError: The model or its label map cannot be loaded.
    """
    folder = Path(model)
    label_map = read_label_map(labels or folder / LABELS)
    has_onnx = (folder / "model.onnx").is_file()
    backend = _onnx_backend(folder, threads) if has_onnx else _transformers_backend(model)
    return Classifier(backend, label_map)


def _onnx_backend(folder: Path, threads: int) -> Backend:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    try:
        session = onnxruntime.InferenceSession(
            str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"]
        )
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    except Exception as error:  # onnxruntime and tokenizers raise exceptions of their own
        raise ModelError(f"cannot load {folder}: {error}") from error
    input_names = {value.name for value in session.get_inputs()}

    def run(ids: Ids) -> Floats:
        inputs = {
            "input_ids": ids,
            "attention_mask": np.ones_like(ids),
            "token_type_ids": np.zeros_like(ids),
        }
        logits = session.run(None, {name: inputs[name] for name in input_names})[0]
        return np.asarray(logits, np.float32)

    return Backend(tokenizer, run, config, sha256(folder / "model.onnx"))


def _transformers_backend(model: str) -> Backend:
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
