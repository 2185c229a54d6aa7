"""Loading of emotion models: the shipped one, or any sequence classifier."""

from pathlib import Path

from language.errors import ModelError
from language.onnx_model import MANIFEST
from triage.emotion.attribution import WordAttribution
from triage.emotion.bilingual_model import BilingualModel
from triage.emotion.reading import EMOTIONS, EmotionModel, Reading
from triage.emotion.sequence_classifier import load_classifier

__all__ = [
    "EMOTIONS", "SHIPPED", "EmotionModel", "ModelError", "Reading", "WordAttribution",
    "load_emotion_model",
]  # fmt: skip

SHIPPED = Path(__file__).with_name("model")


def load_emotion_model(
    model: str | Path | None = None, threads: int = 1, labels: Path | None = None
) -> EmotionModel:
    """Load the shipped emotion model, or another.

    Args:
        model: A folder as `amends train emotion` writes it, or a folder or hub name of any
            sequence-classification model. By default the shipped model.
        threads: The number of cores that it may use.
        labels: The label map of a sequence-classification model; see
            `triage.emotion.sequence_classifier`.

    Raises:
        ModelError: The model cannot be loaded.
    """
    folder = Path(model or SHIPPED)
    if (folder / MANIFEST).is_file() or model is None:
        return BilingualModel(folder, threads)
    return load_classifier(str(model), labels, threads)
