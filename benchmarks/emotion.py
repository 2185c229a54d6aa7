"""The emotion model: int8 ONNX beside torch in full precision."""

import typer

from benchmarks.encoder import MESSAGE, messages, p50, report
from store.enums import Sender
from triage.emotion.model import load_emotion_model
from triage.message import Message


def run() -> None:
    """Print the measurement, and what context and the words that carry a reading cost."""
    single, double = load_emotion_model(), load_emotion_model(threads=2)
    texts = messages()
    lengths = [len(text.split()) + 2 if text.isascii() else len(text) + 2 for text in texts]
    report(lambda: single.read(MESSAGE), lambda: double.read_many(texts), lengths)
    senders = (Sender.CUSTOMER, Sender.ASSISTANT) * 4
    talk = [Message(seq, sender, MESSAGE) for seq, sender in enumerate(senders, start=1)]
    after, explained = p50(lambda: single.read(MESSAGE, talk)), p50(lambda: single.explain(MESSAGE))
    typer.echo(f"the same after eight others          int8 {after:6.2f} ms")
    typer.echo(f"its words explained, one core        int8 {explained:6.2f} ms")


if __name__ == "__main__":
    run()
