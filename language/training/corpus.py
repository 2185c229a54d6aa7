"""What the bilingual encoder learns from, read from the public data sets and our own pairs."""

import csv
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import yaml

from language.errors import CorpusError
from language.normalise import normalise
from language.training.chance import generator

SHOP_PAIRS = Path(__file__).with_name("shop_pairs.tsv")
HELD_OUT = 1000
_PASSAGES = 2500
_SHOP_REPEATS = 3
# A mark of an entity: [HP-10234](order_number).
_MARK = re.compile(r"\[([^\]]+)\](?:\([^)]*\)|\{[^}]*\})")
_SECTION = re.compile(r"^(?:---|## )", re.MULTILINE)
_MARKUP = re.compile(r"\[([^\]]+)\]\([^)]*\)|[*`#]")


@dataclass(frozen=True)
class Pair:
    """An English sentence and its Chinese translation, both normalised."""

    english: str
    chinese: str


@dataclass(frozen=True)
class Corpus:
    """Pairs to learn from, pairs held back for measuring, and further text of each language."""

    train: list[Pair]
    held_out: list[Pair]
    english: list[str]
    chinese: list[str]


def read_pairs(path: Path) -> list[Pair]:
    """Pairs of a tab-separated file: English, Chinese, and anything after.

    Raises CorpusError when the file is missing.
    """
    if not path.is_file():
        raise CorpusError(f"no sentence pairs at {path}")
    rows = (line.split("\t") for line in path.read_text(encoding="utf-8").splitlines())
    return [Pair(normalise(row[0]), normalise(row[1])) for row in rows if len(row) >= 2]


def hold_out(pairs: list[Pair], count: int, seed: int) -> tuple[list[Pair], list[Pair]]:
    """(train, held out): no sentence of a held-out pair, in either language, is trained on.

    Held-out sentences are each other's only translation, so that retrieval has one right answer.
    """
    english, chinese = _counts(p.english for p in pairs), _counts(p.chinese for p in pairs)
    single = [p for p in pairs if english[p.english] == chinese[p.chinese] == 1]
    held_out = generator(seed).sample(single, min(count, len(single) // 2))
    held = set(held_out)
    return [pair for pair in dict.fromkeys(pairs) if pair not in held], held_out


def passages(pairs: list[Pair], count: int, seed: int) -> list[Pair]:
    """`count` longer pairs, each of two to six random ones in a row, since articles are longer."""
    shuffle = generator(seed)
    chosen = [shuffle.sample(pairs, shuffle.randint(2, 6)) for _ in range(count)]
    return [Pair(" ".join(p.english for p in c), "".join(p.chinese for p in c)) for c in chosen]


def read_examples(path: Path) -> list[tuple[str, str]]:
    """(text, intent) of a file of examples as Rasa reads them, without the marks of entities."""
    return [
        (_MARK.sub(r"\1", line.removeprefix("- ")), block["intent"])
        for block in yaml.safe_load(path.read_text(encoding="utf-8"))["nlu"]
        for line in block["examples"].splitlines()
    ]


def read_themes(data: Path, examples: Path) -> list[tuple[str, str]]:
    """(text, theme) of the assistant's own `examples`, twice, and of CLINC150 and BANKING77.

    A theme is an intent of one set: "own/greet". What is out of scope is no theme.
    """
    own = [row for path in sorted(examples.glob("*.yml")) for row in read_examples(path)]
    clinc = _clinc(data / "intents/clinc150/data_full.json")
    bank = _csv_rows(data / "intents/banking77/train.csv")
    named = [
        *((text, f"own/{intent}") for text, intent in own * 2 if intent != "out_of_scope"),
        *((text, f"clinc/{intent}") for text, intent in clinc),
        *((row["text"], f"bank/{row['category']}") for row in bank),
    ]
    return [(normalise(text), theme) for text, theme in named]


def article_pairs(articles: Path) -> list[Pair]:
    """Headings and sections of our own articles, which are translations of each other."""
    found: list[Pair] = []
    for english in sorted((articles / "en").glob("*.md")):
        parts = [_parts(articles / language / english.name) for language in ("en", "zh")]
        if len(parts[0]) == len(parts[1]):
            found += [Pair(*both) for both in zip(*parts, strict=True)]
    return found


def _parts(path: Path) -> list[str]:
    """The sections of an article, each heading by itself and before its section; none if absent."""
    if not path.is_file():
        return []
    _, _, *sections = _SECTION.split(path.read_text(encoding="utf-8"))
    headings = [section.partition("\n")[0] for section in sections]
    return [normalise(_MARKUP.sub(r"\1", part)) for part in [*headings, *sections] if part.strip()]


def _counts(sentences: Iterable[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for sentence in sentences:
        counts[sentence] = counts.get(sentence, 0) + 1
    return counts


def _tsv_column(path: Path, column: int) -> list[str]:
    if not path.is_file():
        return []
    lines = path.read_text(encoding="utf-8").splitlines()
    return [normalise(row[column]) for row in (ln.split("\t") for ln in lines) if len(row) > column]


def _csv_rows(path: Path) -> list[dict[str, str]]:
    if not path.is_file():
        return []
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def _csv_column(path: Path, column: str) -> list[str]:
    return [normalise(row[column]) for row in _csv_rows(path)]


def _clinc(path: Path) -> list[tuple[str, str]]:
    if not path.is_file():
        return []
    return [(text, name) for text, name in json.loads(path.read_text(encoding="utf-8"))["train"]]


def _english(data: Path, seed: int) -> list[str]:
    sources = [
        ([text for text, _ in _clinc(data / "intents/clinc150/data_full.json")], 6000),
        (_csv_column(data / "intents/banking77/train.csv", "text"), 5000),
        (_tsv_column(data / "emotion-en/train.tsv", 0), 7000),
    ]
    shuffle = generator(seed)
    return [s for rows, most in sources for s in shuffle.sample(rows, min(most, len(rows)))]


def _chinese(data: Path, articles: Path) -> list[str]:
    posts = [
        text
        for name in ("usual_train.tsv", "virus_train.tsv")
        for text in _tsv_column(data / "emotion-zh" / name, 1)
    ]
    people = _csv_column(data / "code-switch/ZH/emotionlabeled_train.csv", "text")
    pages = sorted((articles / "zh").glob("*.md"))
    shop = [normalise(path.read_text(encoding="utf-8")) for path in pages]
    return posts + people + shop


def read_corpus(data: Path, articles: Path, seed: int = 7) -> Corpus:
    """Everything under `data` (its README names the sets) and our own `articles`.

    Only Tatoeba's pairs are required; the other sets add variety when they are present.
    Raises CorpusError when the pairs are missing.
    """
    pairs = read_pairs(data / "parallel-en-zh/tatoeba_eng_cmn.tsv")
    train, held_out = hold_out(pairs, HELD_OUT, seed)
    shop = [*read_pairs(SHOP_PAIRS), *article_pairs(articles)]
    train += passages(train + shop, min(_PASSAGES, len(train)), seed) + shop * _SHOP_REPEATS
    emoticon = re.compile(r"^\W*$")
    english = [text for text in _english(data, seed) if not emoticon.match(text)]
    return Corpus(train, held_out, english, _chinese(data, articles))
