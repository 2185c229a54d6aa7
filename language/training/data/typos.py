"""Data augmentation with typing errors."""

import re
from random import Random

from language.segment import HAN
from language.training.data.sampling import seeded_random

_PUNCTUATION = re.compile(r"[,.;:!?'’，。；：！？、~…]")
_INNER_LETTER = re.compile(r"(?<=[A-Za-z])[A-Za-z](?=[A-Za-z])")
_HAN = re.compile(f"[{HAN}]")
_MIN_WORD_LENGTH = 4
# The range of letters, or Chinese characters, per error: the fewer, the more errors.
_LETTERS_PER_TYPO = (8, 40)
_CHARACTERS_PER_TYPO = (8, 25)
# Groups of homophones, which are typed for each other.
_HOMOPHONES = (
    "的得地", "在再", "因应", "己已以", "帐账", "做作坐", "那哪", "他她它", "是事试", "到道倒",
    "吗嘛", "呢泥", "气汽", "客刻课", "服福", "退腿", "单担", "货或", "发法", "没每", "问文",
    "提题", "要药", "等灯", "第弟递", "次刺", "快块", "钱前", "真珍", "还换", "态太", "诉述",
    "员原", "复付", "回会", "满慢", "理里", "解姐",
)  # fmt: skip


def add_typos(text: str, seed: int) -> str:
    """Return `text` with few or many typing errors, and in half of the cases no punctuation.

    Inner letters of Latin words of four or more letters are swapped, lost or doubled. Chinese
    characters are replaced by homophones, lost or doubled. The same seed gives the same errors.
    """
    random = seeded_random(seed)
    characters = list(text)
    _add_latin_typos(characters, text, random)
    _add_chinese_typos(characters, text, random)
    mistyped = "".join(characters)
    return _PUNCTUATION.sub(" ", mistyped) if random.random() < 0.5 else mistyped


def _sample(positions: list[int], rates: tuple[int, int], random: Random) -> list[int]:
    return random.sample(positions, len(positions) // random.randint(*rates))


def _add_latin_typos(characters: list[str], text: str, random: Random) -> None:
    positions = [
        word.start() + letter.start()
        for word in re.finditer(rf"[A-Za-z]{{{_MIN_WORD_LENGTH},}}", text)
        for letter in _INNER_LETTER.finditer(word[0])
    ]
    for position in _sample(positions, _LETTERS_PER_TYPO, random):
        typo = random.choice(("swap", "lose", "double"))
        if typo == "swap":
            characters[position : position + 2] = characters[position + 1], characters[position]
        else:
            characters[position] = "" if typo == "lose" else characters[position] * 2


def _add_chinese_typos(characters: list[str], text: str, random: Random) -> None:
    positions = [match.start() for match in _HAN.finditer(text)]
    replaceable = [position for position in positions if _homophones(text[position])]
    for position in _sample(replaceable, _CHARACTERS_PER_TYPO, random):
        characters[position] = random.choice(_homophones(text[position]))
    for position in _sample(positions, _CHARACTERS_PER_TYPO, random)[:2]:
        characters[position] = random.choice(("", characters[position] * 2))


def _homophones(character: str) -> str:
    group = next((group for group in _HOMOPHONES if character in group), "")
    return group.replace(character, "")
