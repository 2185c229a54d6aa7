"""Text → calibrated probabilities of the emotions that matter in service: by which model."""

from pathlib import Path

from language.errors import ModelError
from language.onnx_model import CARD
from triage.emotion.attribution import Weight
from triage.emotion.bilingual_model import BilingualModel
from triage.emotion.reading import EMOTIONS, EmotionModel, Reading
from triage.emotion.sequence_classifier import load_classifier

__all__ = [
    "EMOTIONS", "SHIPPED", "EmotionModel", "ModelError", "Reading", "Weight", "load_emotion_model",
]  # fmt: skip

SHIPPED = Path(__file__).with_name("model")


def load_emotion_model(
    model: str | Path | None = None, threads: int = 1, labels: Path | None = None
) -> EmotionModel:
    """The shipped emotion model, or another.

    `model` is a folder as `amends train emotion` writes it, or a folder or hub name of any
    sequence-classification model, whose `labels` are mapped as
    `triage.emotion.sequence_classifier` says. `threads` is the number of cores it may use. Raises
    ModelError when it cannot be loaded.
    """
    folder = Path(model or SHIPPED)
    if (folder / CARD).is_file() or model is None:
        return BilingualModel(folder, threads)
    return load_classifier(str(model), labels, threads)
