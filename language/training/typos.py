"""The slips of hurried fingers, for copies of messages to learn from."""

import re
from random import Random

from language.segment import HAN
from language.training.chance import generator

_MARKS = re.compile(r"[,.;:!?'’，。；：！？、~…]")
_LETTER_WITHIN = re.compile(r"(?<=[A-Za-z])[A-Za-z](?=[A-Za-z])")
_HAN = re.compile(f"[{HAN}]")
_SHORTEST_WORD = 4
# How many letters, or Chinese characters, there are to a slip: from a careful hand to a hurried.
_LETTERS_PER_SLIP = (8, 40)
_CHARACTERS_PER_SLIP = (8, 25)
# Characters that are typed for each other, since they sound alike.
_ALIKE = (
    "的得地", "在再", "因应", "己已以", "帐账", "做作坐", "那哪", "他她它", "是事试", "到道倒",
    "吗嘛", "呢泥", "气汽", "客刻课", "服福", "退腿", "单担", "货或", "发法", "没每", "问文",
    "提题", "要药", "等灯", "第弟递", "次刺", "快块", "钱前", "真珍", "还换", "态太", "诉述",
    "员原", "复付", "回会", "满慢", "理里", "解姐",
)  # fmt: skip


def mistyped(text: str, seed: int) -> str:
    """`text` with few or many slips, as the seed will have it; half lose their marks.

    Letters within Latin words of four or more are swapped, lost or doubled; Chinese characters
    become others that sound alike, or are lost or doubled. The same seed gives the same slips.
    """
    chance = generator(seed)
    letters = list(text)
    _slip_letters(letters, text, chance)
    _slip_characters(letters, text, chance)
    slipped = "".join(letters)
    return _MARKS.sub(" ", slipped) if chance.random() < 0.5 else slipped


def _chosen(places: list[int], rates: tuple[int, int], chance: Random) -> list[int]:
    return chance.sample(places, len(places) // chance.randint(*rates))


def _slip_letters(letters: list[str], text: str, chance: Random) -> None:
    places = [
        word.start() + letter.start()
        for word in re.finditer(rf"[A-Za-z]{{{_SHORTEST_WORD},}}", text)
        for letter in _LETTER_WITHIN.finditer(word[0])
    ]
    for place in _chosen(places, _LETTERS_PER_SLIP, chance):
        slip = chance.choice(("swap", "lose", "double"))
        if slip == "swap":
            letters[place : place + 2] = letters[place + 1], letters[place]
        else:
            letters[place] = "" if slip == "lose" else letters[place] * 2


def _slip_characters(letters: list[str], text: str, chance: Random) -> None:
    places = [found.start() for found in _HAN.finditer(text)]
    alike = [place for place in places if _sounding_like(text[place])]
    for place in _chosen(alike, _CHARACTERS_PER_SLIP, chance):
        letters[place] = chance.choice(_sounding_like(text[place]))
    for place in _chosen(places, _CHARACTERS_PER_SLIP, chance)[:2]:
        letters[place] = chance.choice(("", letters[place] * 2))


def _sounding_like(character: str) -> str:
    group = next((group for group in _ALIKE if character in group), "")
    return group.replace(character, "")
