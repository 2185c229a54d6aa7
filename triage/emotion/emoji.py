"""Emoji and emoticons that the emotion model cannot read, or hardly hears beside words."""

import re

# The emoji that the model reads best among the angry ones; it stands for all of them.
ANGRY = "😡"
_ANGRY_EMOJI = re.compile("[😡😠🤬👿💢👎🖕🤮]")
# Skin tones and the variation selector do not change what an emoji says.
_VARIANTS = re.compile("[\U0001f3fb-\U0001f3ff\ufe0f]")
_EMOTICONS = {":-(": ":(", ":‑(": ":(", ":-/": ":/", ":'-(": ":'(", "ಠ_ಠ": ANGRY, "ಠ益ಠ": ANGRY}


def readable(text: str) -> str:
    """Return `text` without skin tones, and with emoticons in the spelling that the model knows."""
    text = _VARIANTS.sub("", text)
    for written, known in _EMOTICONS.items():
        text = text.replace(written, known)
    return text


def has_angry_emoji(text: str) -> bool:
    """Return whether `text` has an emoji of anger or contempt, in any skin tone."""
    return _ANGRY_EMOJI.search(text) is not None
