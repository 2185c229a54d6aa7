import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch

from language.errors import CorpusError
from language.training import network
from language.training.loop import Run
from language.training.train import export_encoder
from store.enums import Sender
from tests.language.tiny import make_base
from triage.emotion.model import EMOTIONS, load_emotion_model
from triage.emotion.reading import SPEECH_ACTS
from triage.evaluation.emotion import evaluate
from triage.message import Message
from triage.training import linear_model
from triage.training.data.augmentation import augment
from triage.training.data.corpus import OWN_SETS, SETS_IN_CONTEXT, Corpus, read_corpus
from triage.training.data.dialogues import LABELS
from triage.training.data.turns import SPLICED
from triage.training.options import Options, Phase
from triage.training.task_batches import TaskBatches
from triage.training.train import average, train

SHORT = Options(
    pretraining_epochs=1,
    phases=tuple(Phase(name, 1, 1e-3, 1e-3, public=50, pairs=2) for name in ("one", "two")),
    average_phase=Phase("average", 1, 1e-3, 1e-3, public=50, pairs=2),
    batch=1024,
    service_copies=0,
    long_messages=0,
)

OWN = {*OWN_SETS, *SETS_IN_CONTEXT}
CONTINUED = replace(
    SHORT,
    continued_phases=(Phase("turns", 1, 1e-3, 1e-3, public=50, pairs=2, own=200, in_context=200),),
    for_acts=True,
)


def _write(path: Path, lines: list[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The public sets' files with a few rows each; one Weibo test post also occurs in train."""
    folder = tmp_path / "data"
    for part in ("train", "dev", "test"):
        reddit = [f"{part} comment {label}\t{label}\tid{label}" for label in range(28)]
        _write(folder / f"emotion-en/{part}.tsv", reddit)
        for kind in ("usual", "virus"):
            posts = [f"{label}\t{kind} {part} 消息 {label}" for label in range(6)]
            leaked = ["0\t泄漏的消息"] if part != "dev" else []
            _write(folder / f"emotion-zh/{kind}_{part}.tsv", ["label\ttext_a", *posts, *leaked])
        for language in ("EN", "ZH"):
            name = "val" if part == "dev" else part
            rows = [f"{language} {part} {label},{label}" for label in range(4)]
            _write(
                folder / f"code-switch/{language}/emotionlabeled_{name}.csv", ["text,labels", *rows]
            )
    _write(folder / "parallel-en-zh/tatoeba_eng_cmn.tsv", ["I am cold.\t我很冷。\tsource"] * 3)
    for name in ("EP_native", "EP_codeswitch"):
        _write(folder / f"code-switch/{name}.csv", ["text,labels", "很 sad,0", "很 happy,2"])
    for name, dialogues in _dialogues_with_labels().items():
        lines = [json.dumps(dialogue, ensure_ascii=False) for dialogue in dialogues]
        _write(folder / f"dialogues/{name}.jsonl", lines)
    return folder


def _dialogues_with_labels() -> dict[str, list[dict[str, Any]]]:
    """Short dialogues by the names that the labels and the continuations use, by set."""
    labelled = map(json.loads, LABELS.read_text(encoding="utf-8").splitlines())
    turns = {(row["set"], row["id"], row["language"]): row["turns"] for row in labelled}
    spliced = csv.DictReader(SPLICED.read_text(encoding="utf-8").splitlines(), delimiter="\t")
    for row in spliced:
        turns[row["set"], row["conversation"], row["language"]] = int(row["kept"])
    found: dict[str, list[dict[str, Any]]] = {}
    for (name, dialogue, language), count in turns.items():
        said = [{"sender": "customer", "text": f"turn {turn}"} for turn in range(count)]
        found.setdefault(name, []).append({"id": dialogue, "language": language, "messages": said})
    return found


def test_no_test_message_is_trained_on(data: Path) -> None:
    parts = read_corpus(data).parts
    tests = {row.text for rows in parts["test"].values() for row in rows}
    seen = {row.text for part in ("train", "dev") for rows in parts[part].values() for row in rows}
    assert "泄漏的消息" in tests
    assert not tests & seen


def test_a_missing_set_is_named(data: Path) -> None:
    (data / "emotion-zh/usual_dev.tsv").unlink()
    with pytest.raises(CorpusError, match="usual_dev"):
        read_corpus(data)


@pytest.fixture
def tenth(monkeypatch: pytest.MonkeyPatch) -> None:
    """Train on a tenth of each set: the linear models take minutes for all of them."""

    def read(data: Path) -> Corpus:
        corpus = read_corpus(data)
        for part, sets in corpus.parts.items():
            for name, rows in sets.items():
                corpus.add(part, name, rows[::10] if name in OWN else rows)
        return corpus

    monkeypatch.setattr("triage.training.train.read_corpus", read)


@pytest.fixture
def encoder(tmp_path: Path) -> Path:
    """A tiny encoder, exported as the one that ships."""
    work = tmp_path / "encoder-work"
    network.save(work, *network.load_base(make_base(tmp_path / "base")))
    export_encoder(work, tmp_path / "encoder")
    return tmp_path / "encoder"


@pytest.mark.usefixtures("tenth")
def test_a_short_run_gives_a_model_that_reads_and_can_be_evaluated(
    data: Path, encoder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, work = tmp_path / "out", tmp_path / "work"
    train(data, out, work, SHORT, encoder)
    model = load_emotion_model(out)
    reading = model.read("where is my parcel?")
    scores = evaluate(data, model, work)
    assert tuple(reading.emotions) == EMOTIONS
    assert np.isfinite([score.value for score in scores]).all()
    printed = capsys.readouterr().out
    assert all(f"{score.value:.3f}" in printed for score in scores)
    assert "bert-base-chinese" in printed

    train(data, out / "context", tmp_path / "context-work", CONTINUED, continue_from=out)
    in_context = load_emotion_model(out).read("still not here", [Message(1, Sender.CUSTOMER, "hi")])
    assert tuple(in_context.acts) == SPEECH_ACTS
    (table,) = (
        tensor
        for tensor in onnx.load(out / "context/model.onnx").graph.initializer
        if tensor.name == "table"
    )
    assert table.dims[1] == len(SPEECH_ACTS)


@pytest.mark.usefixtures("tenth")
def test_a_finished_phase_is_not_trained_again(
    data: Path, encoder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, work, steps = tmp_path / "out", tmp_path / "work", []
    step = Run._step

    def count(self: Run, loss: Any, batch: list[int]) -> float:
        steps.append(batch)
        return step(self, loss, batch)

    def power_cut(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Run, "_step", count)
    with monkeypatch.context() as interrupted:
        interrupted.setattr(linear_model, "fit", power_cut)
        with pytest.raises(KeyboardInterrupt):
            train(data, out, work, SHORT, encoder)
    before = len(steps)
    train(data, out, work, SHORT, encoder)
    assert before > 0
    assert len(steps) == before
    assert not list(work.glob("*.pt"))


def test_copies_with_typos_are_added(data: Path) -> None:
    corpus = read_corpus(data)
    own = corpus.parts["train"]["service"]
    assert augment(corpus, SHORT) == corpus.parts["train"]
    found = augment(corpus, replace(SHORT, service_copies=2))["service"]
    assert found[: len(own)] == own
    copies = list(zip(found[len(own) :], own * 2, strict=True))
    assert sum(copy.text != row.text for copy, row in copies) > len(own)
    assert all(np.array_equal(copy.target, row.target, True) for copy, row in copies)


def test_an_epoch_holds_all_own_messages_and_samples_the_rest() -> None:
    tasks = TaskBatches(
        [[1, 2]] * 16, torch.zeros((8, 1)), in_context=[7], own=[5, 6], neutral=[0, 1]
    )
    phase = Phase("p", 1, 0.1, 0.1, public=3, pairs=3)
    batches = tasks.epoch(0, phase, Options(batch=4, neutral_share=0.5))
    pairs = [batch for batch in batches if tasks.holds_pairs(batch)]
    rows = sorted(row for batch in batches if batch not in pairs for row in batch)
    assert {5, 6, 7} <= set(rows)
    assert len(rows) == len(set(rows)) == 6
    assert sum(len(batch) for batch in pairs) == 6
    assert all(
        chinese == english + 1
        for batch in pairs
        for english, chinese in zip(batch[::2], batch[1::2], strict=True)
    )


def test_weights_are_averaged_name_by_name() -> None:
    found = average([{"a": torch.tensor([0.0, 2.0])}, {"a": torch.tensor([1.0, 4.0])}])
    assert found["a"].tolist() == [0.5, 3.0]


def test_a_phase_may_sample_the_own_messages_too() -> None:
    tasks = TaskBatches(
        [[1, 2]] * 8, torch.zeros((8, 1)), in_context=[4, 5], own=[6, 7], neutral=[]
    )
    phase = Phase("p", 1, 0.1, 0.1, public=0, pairs=0, own=1, in_context=1)
    rows = [row for batch in tasks.epoch(0, phase, Options(batch=4)) for row in batch]
    assert sorted(row // 2 for row in rows) == [2, 3]
