from pathlib import Path

import numpy as np
import pytest

from language.training import backbone
from tests.language.tiny import make_base
from triage.emotion import EMOTIONS, load_emotion_model
from triage.training.corpus import CorpusError, read_corpus
from triage.training.evaluate import evaluate
from triage.training.train import Options, train


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


def test_a_short_run_gives_a_model_that_reads_and_can_be_measured(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base, encoder = make_base(tmp_path / "base"), tmp_path / "encoder"
    backbone.save(encoder, *backbone.load_base(base))
    out, work = tmp_path / "out", tmp_path / "work"
    train(data, out, work, Options(epochs=1, batch=256, service_repeats=1), encoder)
    reading = load_emotion_model(out).read("where is my parcel?")
    scores = evaluate(data, out, work)
    assert tuple(reading.emotions) == EMOTIONS
    assert np.isfinite([score.value for score in scores]).all()
    printed = capsys.readouterr().out
    assert all(f"{score.value:.3f}" in printed for score in scores)
    assert "bert-base-chinese" in printed
