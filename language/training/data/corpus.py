"""The encoder's training data, read from the public data sets and the project's own pairs."""

import csv
import json
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import yaml

from language.errors import CorpusError
from language.normalise import normalise
from language.training.data.sampling import seeded_random

SHOP_PAIRS = Path(__file__).with_name("shop_pairs.tsv")
HELD_OUT = 1000
_PASSAGES = 2500
_SHOP_REPEATS = 3
# The annotation of an entity: [HP-10234](order_number).
_ENTITY = re.compile(r"\[([^\]]+)\](?:\([^)]*\)|\{[^}]*\})")
_SECTION = re.compile(r"^(?:---|## )", re.MULTILINE)
_MARKUP = re.compile(r"\[([^\]]+)\]\([^)]*\)|[*`#]")


@dataclass(frozen=True)
class Pair:
    """An English sentence and its Chinese translation, both normalised."""

    english: str
    chinese: str


@dataclass(frozen=True)
class Corpus:
    """Pairs for training, pairs held out for evaluation, and further text in each language."""

    train: list[Pair]
    held_out: list[Pair]
    english: list[str]
    chinese: list[str]


def read_pairs(path: Path) -> list[Pair]:
    """Return the pairs in a tab-separated file: English, Chinese, and any further columns.

    Raises:
        CorpusError: The file is missing.
    """
    if not path.is_file():
        raise CorpusError(f"no sentence pairs at {path}")
    rows = (line.split("\t") for line in path.read_text(encoding="utf-8").splitlines())
    return [Pair(normalise(row[0]), normalise(row[1])) for row in rows if len(row) >= 2]


def hold_out(pairs: list[Pair], count: int, seed: int) -> tuple[list[Pair], list[Pair]]:
    """Return pairs for training and held-out pairs, which share no sentence in either language.

    Held-out sentences are each other's only translation, so that retrieval has one right answer.
    """
    english = Counter(pair.english for pair in pairs)
    chinese = Counter(pair.chinese for pair in pairs)
    single = [pair for pair in pairs if english[pair.english] == chinese[pair.chinese] == 1]
    held_out = seeded_random(seed).sample(single, min(count, len(single) // 2))
    excluded = set(held_out)
    return [pair for pair in dict.fromkeys(pairs) if pair not in excluded], held_out


def passages(pairs: list[Pair], count: int, seed: int) -> list[Pair]:
    """Return `count` longer pairs, each of two to six random ones, because articles are longer."""
    random = seeded_random(seed)
    chosen = [random.sample(pairs, random.randint(2, 6)) for _ in range(count)]
    return [
        Pair(
            " ".join(pair.english for pair in group),
            "".join(pair.chinese for pair in group),
        )
        for group in chosen
    ]


def read_examples(path: Path) -> list[tuple[str, str]]:
    """Return (text, intent) of a Rasa file of examples, without the annotations of entities."""
    return [
        (_ENTITY.sub(r"\1", line.removeprefix("- ")), block["intent"])
        for block in yaml.safe_load(path.read_text(encoding="utf-8"))["nlu"]
        for line in block["examples"].splitlines()
    ]


def read_intents(data: Path, examples: Path) -> list[tuple[str, str]]:
    """Return (text, "set/intent") of the assistant's `examples`, CLINC150 and BANKING77.

    The assistant's own examples come twice. Those that are out of scope are left out.
    """
    own = [row for path in sorted(examples.glob("*.yml")) for row in read_examples(path)]
    clinc = _clinc(data / "intents/clinc150/data_full.json")
    bank = _csv_rows(data / "intents/banking77/train.csv")
    labelled = [
        *((text, f"own/{intent}") for text, intent in own * 2 if intent != "out_of_scope"),
        *((text, f"clinc/{intent}") for text, intent in clinc),
        *((row["text"], f"bank/{row['category']}") for row in bank),
    ]
    return [(normalise(text), intent) for text, intent in labelled]


def article_pairs(articles: Path) -> list[Pair]:
    """Return the headings and sections of the shop's articles with their translations."""
    pairs: list[Pair] = []
    for path in sorted((articles / "en").glob("*.md")):
        english, chinese = (_sections(articles / language / path.name) for language in ("en", "zh"))
        if len(english) == len(chinese):
            pairs += [Pair(*texts) for texts in zip(english, chinese, strict=True)]
    return pairs


def _sections(path: Path) -> list[str]:
    """Return the headings, then the sections with their headings; none if the file is missing."""
    if not path.is_file():
        return []
    _, _, *sections = _SECTION.split(path.read_text(encoding="utf-8"))
    headings = [section.partition("\n")[0] for section in sections]
    return [normalise(_MARKUP.sub(r"\1", part)) for part in [*headings, *sections] if part.strip()]


def _tsv_column(path: Path, column: int) -> list[str]:
    if not path.is_file():
        return []
    lines = path.read_text(encoding="utf-8").splitlines()
    return [
        normalise(row[column]) for row in (line.split("\t") for line in lines) if len(row) > column
    ]


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
    random = seeded_random(seed)
    return [text for rows, limit in sources for text in random.sample(rows, min(limit, len(rows)))]


def _chinese(data: Path, articles: Path) -> list[str]:
    posts = [
        text
        for name in ("usual_train.tsv", "virus_train.tsv")
        for text in _tsv_column(data / "emotion-zh" / name, 1)
    ]
    personas = _csv_column(data / "code-switch/ZH/emotionlabeled_train.csv", "text")
    pages = sorted((articles / "zh").glob("*.md"))
    shop = [normalise(path.read_text(encoding="utf-8")) for path in pages]
    return posts + personas + shop


def read_corpus(data: Path, articles: Path, seed: int = 7) -> Corpus:
    """Return everything under `data` (the model card names the sets) and in `articles`.

    Only Tatoeba's pairs are required; the other sets add variety when they are present.

    Raises:
        CorpusError: The pairs are missing.
    """
    pairs = read_pairs(data / "parallel-en-zh/tatoeba_eng_cmn.tsv")
    train, held_out = hold_out(pairs, HELD_OUT, seed)
    shop = [*read_pairs(SHOP_PAIRS), *article_pairs(articles)]
    train += passages(train + shop, min(_PASSAGES, len(train)), seed) + shop * _SHOP_REPEATS
    wordless = re.compile(r"^\W*$")
    english = [text for text in _english(data, seed) if not wordless.match(text)]
    return Corpus(train, held_out, english, _chinese(data, articles))
