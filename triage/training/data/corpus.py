"""Labelled messages from the public data sets and from the project's own files."""

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from language.detect import Language
from language.normalise import normalise
from triage.training.data import labels
from triage.training.data.example import Example, language_of, read_lines, read_rows
from triage.training.data.turns import invented_turns, real_turns, spliced_turns

SERVICE_MESSAGES = Path(__file__).with_name("service_messages.tsv")
ACTS = Path(__file__).with_name("acts.tsv")
# Single messages, and those that are labelled in their context.
OWN_SETS = ("service", "acts", "conversations")
SETS_IN_CONTEXT = ("conversations", "dialogues")


@dataclass(frozen=True)
class Corpus:
    """Examples by data set, for each part: `parts["train"]["reddit"]`."""

    parts: dict[str, dict[str, list[Example]]] = field(default_factory=dict)

    def add(self, part: str, name: str, examples: list[Example]) -> None:
        """Add `examples` to a part (train, dev, test) under a data set's name."""
        self.parts.setdefault(part, {})[name] = examples

    def drop_leaks(self) -> None:
        """Remove from train and dev every text that also occurs in a test part."""
        tests = {example.text for rows in self.parts["test"].values() for example in rows}
        for part in ("train", "dev"):
            for name, rows in self.parts[part].items():
                self.parts[part][name] = [row for row in rows if row.text not in tests]


def _reddit(path: Path) -> Iterator[Example]:
    for text, ids, _ in (line.split("\t") for line in read_lines(path)):
        names = [labels.REDDIT[int(number)] for number in ids.split(",")]
        yield Example(normalise(text), "en", labels.reddit_target(names))


def _weibo(path: Path) -> Iterator[Example]:
    for label, text in (line.split("\t", 1) for line in read_lines(path)[1:]):
        yield Example(normalise(text), "zh", labels.weibo_target(labels.WEIBO[int(label)]))


def _personas(language: Language) -> Callable[[Path], Iterator[Example]]:
    def read(path: Path) -> Iterator[Example]:
        lines = [line.removeprefix("\ufeff") for line in read_lines(path)]
        for row in csv.DictReader(lines):
            target = labels.personas_target(labels.PERSONAS[int(row["labels"])])
            yield Example(normalise(row["text"]), language, target)

    return read


def service_messages(split: str, path: Path = SERVICE_MESSAGES) -> list[Example]:
    """Return the service messages of `split` train or test.

    Raises:
        CorpusError: The file is missing.
    """
    return [
        Example(
            normalise(row["text"]),
            language_of(row),
            labels.service_target(
                row["emotions"].split(","),
                float(row["negative"]),
                row["acts"].split(",") if row["acts"] else None,
            ),
        )
        for row in read_rows(path, split)
    ]


def messages_with_acts(split: str, path: Path = ACTS) -> list[Example]:
    """Return the messages of `split` train, dev or test that are labelled with speech acts only.

    Raises:
        CorpusError: The file is missing.
    """
    return [
        Example(
            normalise(row["text"]), language_of(row), labels.acts_target(row["acts"].split(","))
        )
        for row in read_rows(path, split)
    ]


def _files(data: Path) -> Iterator[tuple[str, str, Iterator[Example]]]:
    mixed = data / "code-switch"
    for part in ("train", "dev", "test"):
        yield part, "reddit", _reddit(data / f"emotion-en/{part}.tsv")
        yield part, "weibo", _weibo(data / f"emotion-zh/usual_{part}.tsv")
        yield part, "weibo virus", _weibo(data / f"emotion-zh/virus_{part}.tsv")
        name = "val" if part == "dev" else part
        yield part, "personas en", _personas("en")(mixed / f"EN/emotionlabeled_{name}.csv")
        yield part, "personas zh", _personas("zh")(mixed / f"ZH/emotionlabeled_{name}.csv")
    yield "test", "personas native zh", _personas("zh")(mixed / "EP_native.csv")
    yield "test", "personas mixed", _personas("zh")(mixed / "EP_codeswitch.csv")


def read_corpus(data: Path, every_service_dev: int = 6) -> Corpus:
    """Return all sets under `data` (the model card names them) and the project's own messages.

    Every sixth of the own training messages goes to dev, for calibration. No text of a test part
    remains in train or dev.

    Raises:
        CorpusError: A set is missing.
    """
    corpus = Corpus()
    for part, name, examples in _files(data):
        corpus.add(part, name, list(examples))
    service = service_messages("train")
    corpus.add("dev", "service", service[::every_service_dev])
    rest = [row for index, row in enumerate(service) if index % every_service_dev]
    corpus.add("train", "service", rest)
    corpus.add("test", "service", service_messages("test"))
    for part in ("train", "dev", "test"):
        corpus.add(part, "acts", messages_with_acts(part))
    for part in ("train", "dev"):
        corpus.add(part, "conversations", [*invented_turns(part), *spliced_turns(data, part)])
        corpus.add(part, "dialogues", real_turns(data, part))
    corpus.drop_leaks()
    return corpus
