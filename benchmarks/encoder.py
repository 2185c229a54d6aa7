"""The sentence encoder: int8 ONNX beside torch in full precision."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch
import typer
from transformers import BertConfig, BertModel

from language.encoder import load_encoder
from language.training.network import SentenceEncoder, pad

# Twenty tokens, [CLS] and [SEP] included.
MESSAGE = "my parcel was due on monday and nobody has told me where it is now, please help"
_MESSAGES = 1000
_REPEATS = 200
_WARM_UP_CALLS = 20
_BATCH = 32
_VOCABULARY_SIZE = 36_000

Texts = list[str]


def messages() -> Texts:
    """Return a thousand messages of 4 to 40 words or characters, in both languages."""
    words, characters = MESSAGE.split(), "我的包裹还没有到请帮我查一下物流信息谢谢"
    return [
        " ".join((words * 3)[: 4 + index % 37]) if index % 2 else (characters * 3)[: 4 + index % 37]
        for index in range(_MESSAGES)
    ]


def token_counts(texts: Sequence[str]) -> list[int]:
    """Return the approximate number of tokens of each text, [CLS] and [SEP] included."""
    return [len(text.split()) + 2 if text.isascii() else len(text) + 2 for text in texts]


@contextmanager
def torch_threads(count: int) -> Iterator[None]:
    """Let torch use `count` cores inside the context."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    yield
    torch.set_num_threads(before)


def torch_model() -> Callable[[int, int], None]:
    """Return a transformer of the shipped size, untrained, as a function of rows and length."""
    config = BertConfig(
        vocab_size=_VOCABULARY_SIZE,
        hidden_size=384,
        num_hidden_layers=6,
        num_attention_heads=12,
        intermediate_size=1536,
    )
    model = SentenceEncoder(BertModel(config, add_pooling_layer=False)).eval()

    @torch.inference_mode()
    def run(rows: int, length: int) -> None:
        model(*pad([[1] * length] * rows))

    return run


def median_milliseconds(run: Callable[[], object]) -> float:
    """Return the median time of a call after warming up."""
    for _ in range(_WARM_UP_CALLS):
        run()
    times = []
    for _ in range(_REPEATS):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return float(np.median(times)) * 1000


def messages_per_second(run: Callable[[], object]) -> float:
    """Return the throughput of `run`, which reads the thousand messages once."""
    start = time.perf_counter()
    run()
    return _MESSAGES / (time.perf_counter() - start)


def _run_in_batches(run: Callable[[int, int], None], lengths: list[int]) -> None:
    for start in range(0, len(lengths), _BATCH):
        batch = lengths[start : start + _BATCH]
        run(len(batch), max(batch))


def report(
    read_one: Callable[[], object], read_all: Callable[[], object], lengths: list[int]
) -> None:
    """Print one message on one core, and a thousand on two, beside torch on the same lengths."""
    reference = torch_model()
    with torch_threads(1):
        int8, full = median_milliseconds(read_one), median_milliseconds(lambda: reference(1, 20))
    typer.echo(f"one message of 20 tokens, one core   int8 {int8:6.2f} ms   torch {full:6.2f} ms")
    with torch_threads(2):
        int8 = messages_per_second(read_all)
        full = messages_per_second(lambda: _run_in_batches(reference, sorted(lengths)))
    typer.echo(f"1,000 messages, two cores            int8 {int8:5.0f} /s   torch {full:5.0f} /s")


def run() -> None:
    """Print the measurement."""
    single, double = load_encoder(), load_encoder(threads=2)
    texts = messages()
    report(lambda: single.encode([MESSAGE]), lambda: double.encode(texts), token_counts(texts))


if __name__ == "__main__":
    run()
