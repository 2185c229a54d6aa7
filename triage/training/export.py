"""The trained network → the int8 model that ships, calibrated as it will be run."""

import json
from pathlib import Path

from language.onnx_model import CARD
from language.training.export import export
from triage.emotion import EMOTIONS, load_emotion_model
from triage.training import calibrate, labels
from triage.training.calibrate import Calibration
from triage.training.corpus import Corpus
from triage.training.network import load

_WINDOW = 128


def _identity() -> Calibration:
    row = {name: [1.0, 0.0] for name in (*EMOTIONS, "negative")}
    return {"en": row, "zh": row}


def export_emotion(corpus: Corpus, work: Path, out: Path) -> None:
    """Export the weights in `work` to `out`, then calibrate the exported model on `corpus`'s dev.

    Raises BaseModelError when `work` holds no trained model.
    """
    network, tokenizer = load(work)
    columns = labels.SERVICE_COLUMNS
    card = {
        "outputs": labels.OUTPUTS,
        "longest": _WINDOW,
        "service_columns": [columns.start, columns.stop],
        "labels": [*labels.REDDIT, *labels.WEIBO, *labels.PERSONAS, *labels.SERVICE],
        "data": sorted(corpus.parts["train"]),
        "calibration": _identity(),
    }
    export(network, network.trunk.bert.config, tokenizer, out, card)
    model = load_emotion_model(out, threads=2)
    dev = corpus.parts["dev"]
    found = {name: model.logits([row.text for row in rows]) for name, rows in dev.items()}
    finished = json.loads((out / CARD).read_text(encoding="utf-8"))
    finished["calibration"] = calibrate.fit(dev, found)
    text = json.dumps(finished, indent=2, ensure_ascii=False)
    (out / CARD).write_text(text + "\n", encoding="utf-8")
