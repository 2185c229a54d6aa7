from pathlib import Path

import numpy as np
import pytest
import torch

from language.errors import CorpusError
from language.training import backbone
from language.training.train import export_encoder
from tests.language.tiny import make_base
from triage.emotion import EMOTIONS, load_emotion_model
from triage.training.corpus import read_corpus
from triage.training.evaluate import evaluate
from triage.training.train import Lesson, Options, examples_of, train


def _write(path: Path, lines: list[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The public sets' files with a few rows each; one Weibo test post stands in train too."""
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
    return folder


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
def encoder(tmp_path: Path) -> Path:
    """A tiny encoder, exported as the one that ships."""
    work = tmp_path / "encoder-work"
    backbone.save(work, *backbone.load_base(make_base(tmp_path / "base")))
    export_encoder(work, tmp_path / "encoder")
    return tmp_path / "encoder"


def test_a_short_run_gives_a_model_that_reads_and_can_be_measured(
    data: Path, encoder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, work = tmp_path / "out", tmp_path / "work"
    train(data, out, work, Options(epochs=1, batch=256, service_copies=0), encoder)
    model = load_emotion_model(out)
    reading = model.read("where is my parcel?")
    scores = evaluate(data, model, work)
    assert tuple(reading.emotions) == EMOTIONS
    assert np.isfinite([score.value for score in scores]).all()
    printed = capsys.readouterr().out
    assert all(f"{score.value:.3f}" in printed for score in scores)
    assert "bert-base-chinese" in printed


def test_a_hurried_customer_is_learned_from_too(data: Path) -> None:
    corpus = read_corpus(data)
    plain, more = examples_of(corpus, 0), examples_of(corpus, 2)
    own = corpus.parts["train"]["service"]
    assert len(more) == len(plain) + 2 * len(own)
    slips = more[len(plain) :]
    assert sum(slip.text != row.text for slip, row in zip(slips, own * 2, strict=True)) > len(own)
    assert all(
        np.array_equal(s.target, r.target, True) for s, r in zip(slips, own * 2, strict=True)
    )


def test_batches_of_an_epoch_are_labelled_messages_or_whole_pairs() -> None:
    targets = torch.zeros((6, 1))
    lesson = Lesson([[1, 2]] * 14, targets, neutral=[0, 1])
    found = lesson.epoch(0, Options(batch=4, neutral_share=0.5, pairs_an_epoch=3))
    pairs = [batch for batch in found if lesson.is_pairs(batch)]
    assert sorted(row for batch in found if batch not in pairs for row in batch) in (
        [0, 2, 3, 4, 5],
        [1, 2, 3, 4, 5],
    )
    assert sum(len(batch) for batch in pairs) == 6
    assert all(b == a + 1 for batch in pairs for a, b in zip(batch[::2], batch[1::2], strict=True))
