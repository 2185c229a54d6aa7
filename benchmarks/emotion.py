"""The emotion model: int8 ONNX beside torch in full precision."""

import typer

from benchmarks.encoder import MESSAGE, messages, p50, report
from triage.emotion import load_emotion_model


def run() -> None:
    """Print the measurement, and what it costs to say which words carry a reading."""
    single, double = load_emotion_model(), load_emotion_model(threads=2)
    texts = messages()
    lengths = [len(text.split()) + 2 if text.isascii() else len(text) + 2 for text in texts]
    report(lambda: single.read(MESSAGE), lambda: double.read_many(texts), lengths)
    typer.echo(
        f"its words explained, one core        int8 {p50(lambda: single.explain(MESSAGE)):6.2f} ms"
    )


if __name__ == "__main__":
    run()
