"""The emotion model: int8 ONNX beside torch in full precision."""

import typer

from benchmarks.encoder import MESSAGE, median_milliseconds, messages, report, token_counts
from store.enums import Sender
from triage.emotion.context_window import Said
from triage.emotion.model import load_emotion_model


def run() -> None:
    """Print the measurement, and the cost of context and of word attributions."""
    single, double = load_emotion_model(), load_emotion_model(threads=2)
    texts = messages()
    report(lambda: single.read(MESSAGE), lambda: double.read_many(texts), token_counts(texts))
    before = [Said(sender, MESSAGE) for sender in (Sender.CUSTOMER, Sender.ASSISTANT) * 4]
    in_context = median_milliseconds(lambda: single.read(MESSAGE, before))
    attributed = median_milliseconds(lambda: single.attribute(MESSAGE))
    typer.echo(f"the same after eight others          int8 {in_context:6.2f} ms")
    typer.echo(f"its word attributions, one core      int8 {attributed:6.2f} ms")


if __name__ == "__main__":
    run()
