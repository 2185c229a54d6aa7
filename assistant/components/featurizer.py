"""Sentence embeddings of messages, as dense features for Rasa."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.featurizers.dense_featurizer.dense_featurizer import DenseFeaturizer
from rasa.nlu.tokenizers.tokenizer import Tokenizer
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from language.encoder import Encoder, load_encoder

_BATCH_SIZE = 64


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class EncoderFeaturizer(DenseFeaturizer, GraphComponent):
    """One sentence feature of `encoder.dimension` numbers, L2-normalised, times `weight`."""

    @classmethod
    def required_components(cls) -> list[type]:
        """Return the tokenizer, which Rasa demands of every featurizer."""
        return [Tokenizer]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return the settings: `model` for `load_encoder` (None: the shipped one) and `weight`."""
        return {**DenseFeaturizer.get_default_config(), "model": None, "weight": 1.0}

    @classmethod
    def validate_config(cls, config: dict[str, Any]) -> None:
        """Check nothing: `load_encoder` reports a model that does not load."""

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str:
        """Return the encoder's fingerprint, so that Rasa reuses no features of another encoder."""
        return _encoder(config.get("model")).fingerprint

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> EncoderFeaturizer:
        """Return a featurizer over the configured encoder, which is loaded once per process."""
        return cls(execution_context.node_name, config)

    def process(self, messages: list[Message]) -> list[Message]:
        """Return the same messages; each one with text has its sentence feature."""
        with_text = [message for message in messages if message.get(TEXT) is not None]
        for start in range(0, len(with_text), _BATCH_SIZE):
            self._add_features(with_text[start : start + _BATCH_SIZE])
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Return the same training data; its examples have their sentence features."""
        self.process(training_data.training_examples)
        return training_data

    def _add_features(self, messages: list[Message]) -> None:
        encoder = _encoder(self._config["model"])
        vectors = encoder.encode([message.get(TEXT) for message in messages])
        for message, vector in zip(messages, vectors, strict=True):
            row = vector.reshape(1, -1) * self._config["weight"]
            message.add_features(Features(row, FEATURE_TYPE_SENTENCE, TEXT, self._identifier))


@lru_cache(maxsize=1)
def _encoder(model: str | None) -> Encoder:
    return load_encoder(model)
