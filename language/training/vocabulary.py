"""Extension of an English WordPiece vocabulary by Chinese characters and emoji."""

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
from language.training.data.corpus import Pair

_HAN_CHARACTER = re.compile(f"[{HAN}]")
EMOJI = "[\u2600-\u27bf\U0001f1e6-\U0001f1ff\U0001f300-\U0001faff]"
_FACES = [chr(code) for code in (*range(0x1F600, 0x1F650), *range(0x1F910, 0x1F930))]


def _common_characters() -> list[str]:
    """Return the 3,755 commonest simplified characters: level 1 of the standard GB 2312."""
    rows = (bytes((high, low)) for high in range(0xB0, 0xD8) for low in range(0xA1, 0xFF))
    return [row.decode("gb2312") for row in rows if row <= b"\xd7\xf9"]


def new_tokens(texts: Iterable[str]) -> list[str]:
    """Return characters and emoji: those twice in `texts`, the common ones and the faces."""
    counts: Counter[str] = Counter()
    emoji = re.compile(EMOJI)
    for text in texts:
        counts.update(_HAN_CHARACTER.findall(text))
        counts.update(emoji.findall(text))
    seen = [token for token, count in counts.most_common() if count >= 2]
    return list(dict.fromkeys([*seen, *_common_characters(), *_FACES]))


def extend(tokenizer: Tokenizer, tokens: Iterable[str]) -> Tokenizer:
    """Return a copy of a BERT `tokenizer` with `tokens` appended to its vocabulary.

    Emoji are split from the words that they touch. Truncation and padding are switched off.
    """
    spec = json.loads(tokenizer.to_str())
    vocabulary: dict[str, int] = spec["model"]["vocab"]
    for token in tokens:
        vocabulary.setdefault(token, len(vocabulary))
    spec["pre_tokenizer"] = {
        "type": "Sequence",
        "pretokenizers": [
            spec["pre_tokenizer"],
            {"type": "Split", "pattern": {"Regex": EMOJI}, "behavior": "Isolated", "invert": False},
        ],
    }
    spec["truncation"] = spec["padding"] = None
    return Tokenizer.from_str(json.dumps(spec, ensure_ascii=False))


def trainable_rows(tokenizer: Tokenizer, known: int) -> list[int]:
    """Return the token ids to train: those from `known` on, and Chinese ones among the old."""
    return [
        index
        for token, index in tokenizer.get_vocab().items()
        if index >= known or not token.isascii()
    ]


def initial_rows(
    tokenizer: Tokenizer, known: NDArray[np.float32], pairs: list[Pair]
) -> NDArray[np.float32]:
    """Return embeddings for the whole vocabulary, (tokens, dimension), starting with `known`.

    A Chinese character starts at the mean of the English tokens in the translations of its
    sentences, weighted by positive pointwise mutual information; an emoji at the mean of the tokens
    of its Unicode name; the rest at the mean of all characters. Rows are scaled to the mean length
    of the known ones.
    """
    size = tokenizer.get_vocab_size()
    rows = np.zeros((size, known.shape[1]), np.float32)
    rows[: len(known)] = known
    centre = known.mean(axis=0)
    meaning = _translation_weights(tokenizer, size, pairs) @ (rows - centre)
    for token, index in tokenizer.get_vocab().items():
        if index >= len(known) and not _HAN_CHARACTER.match(token):
            ids = tokenizer.encode(unicodedata.name(token).lower(), add_special_tokens=False).ids
            meaning[index] = rows[ids].mean(axis=0) - centre
    length = np.linalg.norm(known - centre, axis=1).mean()
    norms = np.linalg.norm(meaning, axis=1, keepdims=True)
    scaled = np.divide(meaning * length, norms, out=np.zeros_like(meaning), where=norms > 0)
    new = centre + scaled[len(known) :]
    rows[len(known) :] = np.where(norms[len(known) :] > 0, new, new.mean(axis=0))
    return rows


def _translation_weights(tokenizer: Tokenizer, size: int, pairs: list[Pair]) -> csr_matrix:
    """Return the tokens' positive pointwise mutual information in translations, (size, size)."""
    chinese = _incidence(tokenizer, size, [pair.chinese for pair in pairs])
    english = _incidence(tokenizer, size, [pair.english for pair in pairs])
    joint = (chinese.T @ english).tocoo()
    chinese_counts, english_counts = chinese.sum(axis=0).A1, english.sum(axis=0).A1
    expected = chinese_counts[joint.row] * english_counts[joint.col] / max(len(pairs), 1)
    weights = joint.data * np.maximum(np.log(joint.data / expected), 0)
    return csr_matrix((weights, (joint.row, joint.col)), (size, size), dtype=np.float32)


def _incidence(tokenizer: Tokenizer, size: int, sentences: list[str]) -> csr_matrix:
    """Return which sentence (row) holds which token (column)."""
    encodings = tokenizer.encode_batch_fast(sentences, add_special_tokens=False)
    cells = [(row, token) for row, encoding in enumerate(encodings) for token in set(encoding.ids)]
    rows, columns = np.array(cells, np.int64).reshape(-1, 2).T
    return csr_matrix((np.ones(len(rows)), (rows, columns)), (len(sentences), size))
