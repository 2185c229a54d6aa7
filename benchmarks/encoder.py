"""The sentence encoder: int8 ONNX beside torch in full precision."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import torch
import typer
from transformers import BertConfig, BertModel

from language.encoder import load_encoder
from language.training import batches
from language.training.backbone import (
    SentenceEncoder,
)

# Twenty pieces, the marks at the ends included.
MESSAGE = "my parcel was due on monday and nobody has told me where it is now, please help"
_MESSAGES = 1000
_REPEATS = 200
_PIECES = 36_000

Texts = list[str]


def messages() -> Texts:
    """A thousand messages of 4 to 40 words, in both languages."""
    words, characters = MESSAGE.split(), "我的包裹还没有到请帮我查一下物流信息谢谢"
    return [
        " ".join((words * 3)[: 4 + index % 37]) if index % 2 else (characters * 3)[: 4 + index % 37]
        for index in range(_MESSAGES)
    ]


@contextmanager
def cores(count: int) -> Iterator[None]:
    """Let torch use `count` cores."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    yield
    torch.set_num_threads(before)


def torch_model() -> Callable[[int, int], None]:
    """A transformer of the shipped size, with any weights, as a function of rows and length."""
    config = BertConfig(
        vocab_size=_PIECES,
        hidden_size=384,
        num_hidden_layers=6,
        num_attention_heads=12,
        intermediate_size=1536,
    )
    model = SentenceEncoder(BertModel(config, add_pooling_layer=False)).eval()

    @torch.inference_mode()
    def run(rows: int, length: int) -> None:
        model(*batches.pad([[1] * length] * rows))

    return run


def p50(run: Callable[[], object]) -> float:
    """Median milliseconds of a call, after warming up."""
    for _ in range(20):
        run()
    times = []
    for _ in range(_REPEATS):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return float(np.median(times)) * 1000


def rate(run: Callable[[], object]) -> float:
    """Messages a second when `run` reads the thousand messages."""
    start = time.perf_counter()
    run()
    return _MESSAGES / (time.perf_counter() - start)


def _torch_batches(run: Callable[[int, int], None], lengths: list[int]) -> None:
    for start in range(0, len(lengths), 32):
        run(len(lengths[start : start + 32]), max(lengths[start : start + 32]))


def report(one: Callable[[], object], many: Callable[[], object], lengths: list[int]) -> None:
    """Print one message on one core, and a thousand on two, beside torch on the same lengths."""
    slow = torch_model()
    with cores(1):
        ours, theirs = p50(one), p50(lambda: slow(1, 20))
    typer.echo(f"one message of 20 pieces, one core   int8 {ours:6.2f} ms   torch {theirs:6.2f} ms")
    with cores(2):
        our_rate, their_rate = rate(many), rate(lambda: _torch_batches(slow, sorted(lengths)))
    typer.echo(
        f"1,000 messages, two cores            int8 {our_rate:5.0f} /s   torch {their_rate:5.0f} /s"
    )


def run() -> None:
    """Print the measurement."""
    single, double = load_encoder(), load_encoder(threads=2)
    texts = messages()
    lengths = [len(text.split()) + 2 if text.isascii() else len(text) + 2 for text in texts]
    report(lambda: single.encode([MESSAGE]), lambda: double.encode(texts), lengths)


if __name__ == "__main__":
    run()
