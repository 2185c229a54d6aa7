"""`amends train …` and `amends evaluate …`: making the models, and measuring them."""

import os
from pathlib import Path
from typing import Annotated

import typer

from api.cli.errors import plain_errors
from api.container import open_emotion_model, rasa_models_folder
from api.settings import ROOT, Settings
from api.startup import say
from assistant.rasa.training import train_if_changed
from triage.policy.policy import load_policy

train = typer.Typer(help="Train the assistant; with a sub-command, one of the models that ship.")
evaluate = typer.Typer(no_args_is_help=True, help="Measure the models that ship.")

Data = Annotated[Path, typer.Option(exists=True, file_okay=False, help="The folder of data sets")]


@train.callback(invoke_without_command=True)
def train_assistant(context: typer.Context) -> None:
    """Train the assistant if its data changed."""
    if context.invoked_subcommand is None:
        with plain_errors():
            settings = Settings()
            say(f"{train_if_changed(rasa_models_folder(settings), say, settings.rasa_python)}")


@train.command("encoder")
def train_encoder(data: Data, out: Path = ROOT / "language/model") -> None:
    """Train and export the bilingual sentence encoder (needs the packages of `make bench`)."""
    from language.training.train import train as work

    with plain_errors():
        work(data, out)


@train.command("emotion")
def train_emotion(data: Data, out: Path = ROOT / "triage/emotion/model") -> None:
    """Train, calibrate and export the emotion model (needs the packages of `make bench`)."""
    from triage.training.train import train as work

    with plain_errors():
        work(data, out)


@train.command("context")
def train_context(data: Data, out: Path = ROOT / "triage/emotion/model/context") -> None:
    """Train what reads messages in their context; it goes on from the exported emotion model."""
    from triage.training.train import WORK
    from triage.training.train import train as work

    with plain_errors():
        work(data, out, WORK.with_name("context"), continue_from=ROOT / "triage/emotion/model")


@evaluate.command("emotion")
def evaluate_emotion(data: Data) -> None:
    """Print the configured emotion model's scores beside the published ones."""
    from triage.evaluation.emotion import evaluate as work

    with plain_errors():
        work(data, open_emotion_model(Settings(), os.cpu_count() or 1))


@evaluate.command("triage")
def evaluate_triage(mistakes: bool = False) -> None:
    """Print how well the policy finds the moment for a person, beside simpler ways."""
    from triage.evaluation import conversations as triage

    with plain_errors():
        settings = Settings()
        model, policy = open_emotion_model(settings), load_policy(settings.policy)
        say(triage.report(model, policy))
        if mistakes:
            say(triage.mistakes(model, policy))


@evaluate.command("behaviour")
def evaluate_behaviour(failures: bool = False) -> None:
    """Print how the configured emotion model does on the behavioural suite; needs no data."""
    from triage.evaluation import behaviour

    with plain_errors():
        results = behaviour.run(open_emotion_model(Settings(), os.cpu_count() or 1))
        say(behaviour.report(results, every_failure=failures))
