"""The slips of hurried fingers, for copies of messages to learn from."""

import re

from language.training.chance import generator

_MARKS = re.compile(r"[,.;:!?'’，。；：！？、~…]")
_SHORTEST_WORD = 4
_LETTERS_PER_SLIP = 25


def mistyped(text: str, seed: int) -> str:
    """`text` with a slip about every 25 letters: swapped, lost or doubled; half lose their marks.

    Only Latin words of four letters or more are touched; Chinese text loses its marks at most. The
    same seed gives the same slips.
    """
    chance = generator(seed)
    letters = list(text)
    places = [
        place
        for word in re.finditer(rf"[A-Za-z]{{{_SHORTEST_WORD},}}", text)
        for place in range(word.start() + 1, word.end() - 1)
    ]
    for place in chance.sample(places, min(len(places), len(text) // _LETTERS_PER_SLIP)):
        slip = chance.choice(("swap", "lose", "double"))
        if slip == "swap":
            letters[place : place + 2] = letters[place + 1], letters[place]
        else:
            letters[place] = "" if slip == "lose" else letters[place] * 2
    slipped = "".join(letters)
    return _MARKS.sub(" ", slipped) if chance.random() < 0.5 else slipped
