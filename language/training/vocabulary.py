"""Gives an English WordPiece vocabulary the Chinese characters and emoji that it lacks."""

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from tokenizers import Tokenizer

from language.segment import HAN
from language.training.corpus import Pair

_HAN_CHARACTER = re.compile(f"[{HAN}]")
EMOJI = "[\u2600-\u27bf\U0001f1e6-\U0001f1ff\U0001f300-\U0001faff]"
_FACES = [chr(code) for code in (*range(0x1F600, 0x1F650), *range(0x1F910, 0x1F930))]


def _common_characters() -> list[str]:
    """The 3,755 most used simplified characters: level 1 of the national standard GB 2312."""
    rows = (bytes((high, low)) for high in range(0xB0, 0xD8) for low in range(0xA1, 0xFF))
    return [row.decode("gb2312") for row in rows if row <= b"\xd7\xf9"]


def wanted_pieces(texts: Iterable[str]) -> list[str]:
    """Characters and emoji to know: those twice in `texts`, the common ones, the faces."""
    counts: Counter[str] = Counter()
    emoji = re.compile(EMOJI)
    for text in texts:
        counts.update(_HAN_CHARACTER.findall(text))
        counts.update(emoji.findall(text))
    seen = [piece for piece, count in counts.most_common() if count >= 2]
    return list(dict.fromkeys([*seen, *_common_characters(), *_FACES]))


def extend(tokenizer: Tokenizer, pieces: Iterable[str]) -> Tokenizer:
    """A copy of a BERT `tokenizer` with `pieces` appended to its vocabulary.

    Emoji are cut from the words that they touch. Truncation and padding are switched off.
    """
    spec = json.loads(tokenizer.to_str())
    vocabulary: dict[str, int] = spec["model"]["vocab"]
    for piece in pieces:
        vocabulary.setdefault(piece, len(vocabulary))
    spec["pre_tokenizer"] = {
        "type": "Sequence",
        "pretokenizers": [
            spec["pre_tokenizer"],
            {"type": "Split", "pattern": {"Regex": EMOJI}, "behavior": "Isolated", "invert": False},
        ],
    }
    spec["truncation"] = spec["padding"] = None
    return Tokenizer.from_str(json.dumps(spec, ensure_ascii=False))


def foreign_rows(tokenizer: Tokenizer, known: int) -> list[int]:
    """Ids of the rows to train: those appended after `known`, and Chinese ones among the old."""
    return [
        index
        for piece, index in tokenizer.get_vocab().items()
        if index >= known or not piece.isascii()
    ]


def initial_rows(
    tokenizer: Tokenizer, known: NDArray[np.float32], pairs: list[Pair]
) -> NDArray[np.float32]:
    """Embeddings for the whole vocabulary, (pieces, dimension), the first rows being `known`.

    A Chinese character starts at the mean of the English pieces in the translations of its
    sentences, weighted by positive pointwise mutual information; an emoji at the mean of the
    pieces of its Unicode name; the rest at the mean of all characters. Rows are scaled to the
    mean length of the known ones.
    """
    size = tokenizer.get_vocab_size()
    rows = np.zeros((size, known.shape[1]), np.float32)
    rows[: len(known)] = known
    centre = known.mean(axis=0)
    meaning = _translation_weights(tokenizer, size, pairs) @ (rows - centre)
    for piece, index in tokenizer.get_vocab().items():
        if index >= len(known) and not _HAN_CHARACTER.match(piece):
            ids = tokenizer.encode(unicodedata.name(piece).lower(), add_special_tokens=False).ids
            meaning[index] = rows[ids].mean(axis=0) - centre
    length = np.linalg.norm(known - centre, axis=1).mean()
    norms = np.linalg.norm(meaning, axis=1, keepdims=True)
    scaled = np.divide(meaning * length, norms, out=np.zeros_like(meaning), where=norms > 0)
    fresh = centre + scaled[len(known) :]
    rows[len(known) :] = np.where(norms[len(known) :] > 0, fresh, fresh.mean(axis=0))
    return rows


def _translation_weights(tokenizer: Tokenizer, size: int, pairs: list[Pair]) -> csr_matrix:
    """Positive pointwise mutual information of pieces in translated sentences, (size, size)."""
    foreign = _incidence(tokenizer, size, [pair.chinese for pair in pairs])
    english = _incidence(tokenizer, size, [pair.english for pair in pairs])
    together = (foreign.T @ english).tocoo()
    here, there = foreign.sum(axis=0).A1, english.sum(axis=0).A1
    expected = here[together.row] * there[together.col] / max(len(pairs), 1)
    weights = together.data * np.maximum(np.log(together.data / expected), 0)
    return csr_matrix((weights, (together.row, together.col)), (size, size), dtype=np.float32)


def _incidence(tokenizer: Tokenizer, size: int, sentences: list[str]) -> csr_matrix:
    encoded = tokenizer.encode_batch_fast(sentences, add_special_tokens=False)
    cells = [(row, piece) for row, ids in enumerate(encoded) for piece in set(ids.ids)]
    rows, columns = np.array(cells, np.int64).reshape(-1, 2).T
    return csr_matrix((np.ones(len(rows)), (rows, columns)), (len(sentences), size))
