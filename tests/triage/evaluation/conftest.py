"""The shipped emotion model."""

import pytest

from triage.emotion.model import EmotionModel, load_emotion_model


@pytest.fixture(scope="session")
def model() -> EmotionModel:
    return load_emotion_model(threads=2)
