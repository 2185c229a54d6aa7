from pathlib import Path

import numpy as np
import pytest
import torch

from language.encoder import load_encoder
from language.errors import CorpusError
from language.training import network, vocabulary
from language.training.checkpoint import Checkpoint
from language.training.data.corpus import Pair, hold_out, read_corpus
from language.training.data.sampling import batches_by_length
from language.training.evaluate import translation_accuracy
from language.training.network import pad
from language.training.objectives.intents import IntentOptions
from language.training.train import Options, train
from tests.language.tiny import make_base

PAIRS = [
    ("i am cold", "我很冷"),
    ("i am hungry", "我很饿"),
    ("he is cold", "他很冷"),
    ("he is hungry", "他很饿"),
    ("she is late", "她迟到了"),
    ("it is late", "已经很晚了"),
    ("we are here", "我们在这里"),
    ("they are here", "他们在這裡"),
]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data/parallel-en-zh"
    folder.mkdir(parents=True)
    lines = [f"{english}\t{chinese}\tby somebody" for english, chinese in PAIRS]
    (folder / "tatoeba_eng_cmn.tsv").write_text("\n".join(lines), encoding="utf-8")
    return tmp_path / "data"


@pytest.fixture
def examples(tmp_path: Path) -> Path:
    """Two intents with examples in both languages."""
    folder = tmp_path / "examples"
    folder.mkdir()
    for name, cold, late in (("en", "i am cold", "it is late"), ("zh", "我很冷", "已经很晚了")):
        blocks = [
            f"- intent: {i}\n  examples: |\n    - {t}\n"
            for i, t in zip("ab", (cold, late), strict=True)
        ]
        (folder / f"{name}.yml").write_text("nlu:\n" + "".join(blocks), encoding="utf-8")
    return folder


def test_a_short_run_gives_a_model_that_loads_and_knows_chinese(
    data: Path, examples: Path, tmp_path: Path
) -> None:
    out, work = tmp_path / "out", tmp_path / "work"
    base = make_base(tmp_path / "base")
    train(data, out, work, Options(epochs=1, batch=64), base, examples=examples)
    encoder = load_encoder(out)
    cold, hungry = encoder.encode(["我很冷", "我很饿"])
    assert encoder.dimension == 32
    assert np.abs(cold - hungry).max() > 0.001
    assert not (work / "checkpoint.pt").exists()


def test_exported_vectors_agree_with_the_trained_ones(
    data: Path, examples: Path, tmp_path: Path
) -> None:
    out, work = tmp_path / "out", tmp_path / "work"
    base = make_base(tmp_path / "base")
    train(data, out, work, Options(epochs=1, batch=64), base, examples=examples)
    model, tokenizer = network.load(work)
    ids, mask = pad([tokenizer.encode("i am cold").ids])
    with torch.inference_mode():
        exact = model(ids, mask).numpy()
    assert float((exact * load_encoder(out).encode(["i am cold"])).sum()) > 0.98


def test_missing_pairs_are_named(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="tatoeba"):
        read_corpus(tmp_path, tmp_path)


def test_chinese_is_read_as_simplified(data: Path, tmp_path: Path) -> None:
    corpus = read_corpus(data, tmp_path)
    assert "他们在这里" in {pair.chinese for pair in (*corpus.train, *corpus.held_out)}


def test_no_held_out_sentence_is_trained_on() -> None:
    pairs = [Pair(*pair) for pair in (*PAIRS, ("i am cold", "我觉得冷"))]
    train_pairs, held_out = hold_out(pairs, 3, seed=1)
    assert len(held_out) == 3
    assert not {p.english for p in train_pairs} & {p.english for p in held_out}
    assert not {p.chinese for p in train_pairs} & {p.chinese for p in held_out}


def test_batches_hold_every_row_once_and_have_similar_lengths() -> None:
    lengths = [index % 10 for index in range(100)]
    batches = batches_by_length(lengths, range(100), 10, seed=3)
    assert sorted(row for batch in batches for row in batch) == list(range(100))
    assert all(len({lengths[row] for row in batch}) == 1 for batch in batches)
    assert batches == batches_by_length(lengths, range(100), 10, seed=3)


def test_new_tokens_are_known_and_old_ones_keep_their_ids(tmp_path: Path) -> None:
    _, known = network.load_base(make_base(tmp_path))
    extended = vocabulary.extend(known, ["退", "款", "😡"])
    tokens = extended.encode("ok退款😡😡", add_special_tokens=False).tokens
    assert tokens == ["o", "##k", "退", "款", "😡", "😡"]
    assert extended.token_to_id("a") == known.token_to_id("a")


def test_an_interrupted_run_continues_where_it_was_saved(tmp_path: Path) -> None:
    model = torch.nn.Linear(2, 1)
    optimizer = torch.optim.AdamW(model.parameters())
    Checkpoint(tmp_path / "c.pt", "options").save(7, model, optimizer)
    fresh = torch.nn.Linear(2, 1)
    again = torch.optim.AdamW(fresh.parameters())
    assert Checkpoint(tmp_path / "c.pt", "other options").resume(fresh, again) == 0
    assert Checkpoint(tmp_path / "c.pt", "options").resume(fresh, again) == 7
    assert torch.equal(fresh.weight, model.weight)


def test_translations_are_found_by_their_vectors() -> None:
    row_of = {text: index // 2 for index, text in enumerate(t for pair in PAIRS for t in pair)}

    def encode(texts: list[str]) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
        return np.eye(len(PAIRS), dtype=np.float32)[[row_of[text] for text in texts]]

    assert translation_accuracy(encode, [Pair(*pair) for pair in PAIRS]) == (1.0, 1.0)


def test_intents_bring_the_languages_together(data: Path, examples: Path, tmp_path: Path) -> None:
    base = make_base(tmp_path / "base")
    few, many = (
        Options(
            epochs=1, batch=64, intents=IntentOptions(epochs=epochs, rate=1e-2, distillation=0.0)
        )
        for epochs in (1, 60)
    )
    margins = []
    for name, options in (("few", few), ("many", many)):
        train(data, tmp_path / name, tmp_path / f"{name}-work", options, base, examples=examples)
        cold, also_cold, late = load_encoder(tmp_path / name).encode(
            ["i am cold", "我很冷", "it is late"]
        )
        margins.append(float(cold @ also_cold - cold @ late))
    assert margins[1] > margins[0]
