"""`amends classify`, `triage` and `parse`: JSON Lines in, the same lines with an answer out."""

from collections.abc import Iterable, Sequence

from api.cli import json_lines
from api.cli.arguments import Source, Target
from api.cli.json_lines import Row


def classify(source: Source, target: Target) -> None:
    """Read the emotion of each {"text": …} line; writes emotions, negative and language."""
    import os

    from api.container import open_emotion_model
    from api.settings import Settings

    model = open_emotion_model(Settings(), os.cpu_count() or 1)

    def classify_rows(rows: Sequence[Row]) -> Iterable[Row]:
        for reading in model.read_many([row["text"] for row in rows]):
            yield {
                "emotions": reading.emotions,
                "negative": reading.negative,
                "language": reading.language,
            }

    json_lines.convert(source, target, classify_rows, json_lines.check_text)


def triage(source: Source, target: Target) -> None:
    """Judge each {"messages": […]} line; writes the decision and the turn that hands over."""
    import os

    from api.container import open_emotion_model
    from api.settings import Settings
    from store.enums import Sender
    from triage.message import Message
    from triage.policy.decide import decide_conversation
    from triage.policy.policy import load_policy

    settings = Settings()
    policy = load_policy(settings.policy)
    model = open_emotion_model(settings, os.cpu_count() or 1)

    def decide_rows(rows: Sequence[Row]) -> Iterable[Row]:
        for row in rows:
            messages = [
                Message(
                    seq,
                    Sender(message["sender"]),
                    message["text"],
                    answered=message.get("answered"),
                )
                for seq, message in enumerate(row["messages"], start=1)
            ]
            outcome = decide_conversation(messages, model, policy)
            yield {"decision": outcome.action, "turn": outcome.turn}

    json_lines.convert(source, target, decide_rows, json_lines.check_messages)


def parse(source: Source, target: Target) -> None:
    """Understand each {"text": …} line; writes intent, confidence, article and abstained."""
    from dataclasses import asdict

    import typer

    from api.container import open_knowledge_base, rasa_models_folder
    from api.settings import Settings
    from assistant.rasa.parsing import understand
    from assistant.rasa.training import train_if_changed

    settings = Settings()
    model = train_if_changed(rasa_models_folder(settings), typer.echo, settings.rasa_python)
    knowledge_base = open_knowledge_base(settings)

    def parse_rows(rows: Sequence[Row]) -> Iterable[Row]:
        texts = [row["text"] for row in rows]
        return map(asdict, understand(texts, model, knowledge_base, settings.rasa_python))

    # Rasa takes seconds to start: one call for the whole file.
    json_lines.convert(source, target, parse_rows, json_lines.check_text, rows_at_once=100_000)
