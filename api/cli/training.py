"""`amends train` and `amends evaluate`: training the models, and measuring them."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from triage.emotion.model import EmotionModel

train = typer.Typer(help="Train the assistant; with a sub-command, one of the models that ship.")
evaluate = typer.Typer(no_args_is_help=True, help="Measure the models that ship.")

ROOT = Path(__file__).parents[2]
EMOTION_MODEL = ROOT / "triage/emotion/model"
FromItself = Annotated[
    bool, typer.Option("--from-itself", help="Train the shipped model's last phase again")
]
Data = Annotated[Path, typer.Option(exists=True, file_okay=False, help="The folder of data sets")]


@train.callback(invoke_without_command=True)
def train_assistant(context: typer.Context) -> None:
    """Train the assistant if its data changed."""
    from api.container import rasa_models_folder
    from api.settings import Settings
    from assistant.rasa.training import train_if_changed

    if context.invoked_subcommand is None:
        settings = Settings()
        model = train_if_changed(rasa_models_folder(settings), typer.echo, settings.rasa_python)
        typer.echo(f"{model}")


@train.command("encoder")
def train_encoder(data: Data, out: Path = ROOT / "language/model") -> None:
    """Train and export the bilingual sentence encoder (needs the packages of `make bench`)."""
    from language.training.train import train

    train(data, out)


@train.command("emotion")
def train_emotion(data: Data, out: Path = EMOTION_MODEL, from_itself: FromItself = False) -> None:
    """Train, calibrate and export the emotion model (needs the packages of `make bench`)."""
    from triage.training.train import train

    train(data, out, continue_from=EMOTION_MODEL if from_itself else None)


@train.command("context")
def train_context(
    data: Data, out: Path = EMOTION_MODEL / "context", from_itself: FromItself = False
) -> None:
    """Train the model that reads messages in context, starting from the exported emotion model."""
    from triage.training.options import CONTEXT_OPTIONS
    from triage.training.train import WORK, train

    phases = CONTEXT_OPTIONS.continued_phases
    options = replace(CONTEXT_OPTIONS, continued_phases=phases[-1:] if from_itself else phases)
    start = EMOTION_MODEL / "context" if from_itself else EMOTION_MODEL
    train(data, out, WORK.with_name("context"), options, continue_from=start)


@train.command("escalation")
def train_escalation(data: Data) -> None:
    """Fit the score that says how much a conversation calls for a person."""
    from triage.evaluation.conversations import read_conversations
    from triage.training.data.dialogues import TUNING
    from triage.training.escalation import LabelledConversation, train

    conversations = [
        LabelledConversation(conversation.messages, conversation.at)
        for conversation in read_conversations()
        if conversation.split == TUNING
    ]
    train(conversations, data, _emotion_model())


@evaluate.command("emotion")
def evaluate_emotion(data: Data) -> None:
    """Print the configured emotion model's scores next to the published ones."""
    from triage.evaluation.emotion import evaluate

    evaluate(data, _emotion_model())


@evaluate.command("triage")
def evaluate_triage(
    mistakes: bool = False,
    data: Annotated[Path | None, typer.Option(help="The folder of data sets")] = None,
    record: Annotated[
        bool, typer.Option("--record", help="Record the operating points for the calibration page")
    ] = False,
) -> None:
    """Print how well the policy times its handovers, compared with simpler baselines.

    With --data on real dialogues too, calm and labelled ones.
    """
    from api.container import open_emotion_model
    from api.settings import Settings
    from triage.evaluation import conversations, dialogues, operating_points
    from triage.policy.policy import POLICY, load_policy

    settings = Settings()
    model, policy = open_emotion_model(settings), load_policy(settings.policy)
    typer.echo(conversations.report(model, policy))
    if mistakes:
        typer.echo(conversations.mistakes(model, policy))
    if data:
        typer.echo("\n" + dialogues.report(data, model, policy))
    if data and record:
        text = (settings.policy or POLICY).read_text(encoding="utf-8")
        operating_points.record(operating_points.measure(data, model, text))


@evaluate.command("danger")
def evaluate_danger() -> None:
    """Print how much bodily harm the triage finds, and how many look-alikes; needs no data."""
    from triage.evaluation.danger import report

    typer.echo(report(_emotion_model()))


@evaluate.command("behaviour")
def evaluate_behaviour(failures: bool = False) -> None:
    """Print the results of the configured emotion model in the behavioural suite; needs no data."""
    from triage.evaluation import behaviour

    typer.echo(behaviour.report(behaviour.run(_emotion_model()), every_failure=failures))


def _emotion_model() -> "EmotionModel":
    """Return the configured emotion model, to run on every core."""
    import os

    from api.container import open_emotion_model
    from api.settings import Settings

    return open_emotion_model(Settings(), os.cpu_count() or 1)
