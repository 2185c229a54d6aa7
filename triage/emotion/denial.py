"""Feelings that a customer denies: the emotion model hears "angry" in "I am not angry".

Before the model reads a message, a denied bad feeling is replaced by a neutral word. What else the
message says still counts: "I'm not angry, I'm done with you".
"""

import re

_FEELING = (
    r"(?:angry|mad|cross|upset|annoyed|irritated|bothered|offended|furious|disappointed|unhappy|"
    r"dissatisfied|displeased|frustrated|worried|fussed|bad|terrible|awful|horrible|complaining|"
    r"moaning|a complaint|a problem|an issue|any trouble)"
)
_ENGLISH = re.compile(
    r"(?:\b(?:not|no longer|never)|(?<=\w)n['’]t)\s+(?:(?:going to be|to be|being|feeling)\s+)?"
    r"(?:(?:at all|really|actually|even|that|too|so|in any way|in the least|here)\s+){0,2}"
    rf"{_FEELING}\b(?:\s+(?:at all|in the least|any ?more))?",
    re.IGNORECASE,
)
_CHINESE = re.compile(
    r"(?:一点儿?|丝毫|完全|根本|真的?|倒|也|都|可|并|又){0,4}"
    r"(?:不是|不会|不算|不觉得|没觉得|没有|没在|并不|不|没)(?:很|太|怎么|特别|那么|什么|觉得|感到)?"
    r"(?:生(?:你们?|您)的?气|生气|气愤|恼火|发火|失望|难过|伤心|不满意?|不高兴|不开心|不爽|怪(?:你们?|您)的?意思|"
    r"怪(?:你们?|您|谁)|责怪|介意|麻烦|差劲?|坏|糟糕?|可抱怨的?|抱怨)"
)
# Before or after a denial these show that it is a reproach: "how can I not be angry", 能不生气吗.
_ENGLISH_REPROACH = re.compile(
    r"\b(?:how|why|who|would|should|could|can|if)\b[^.,;!?]*$", re.IGNORECASE
)
_CHINESE_REPROACH = re.compile(
    r"(?:怎么|怎能|能|谁|难道|换|敢|哪|要是|如果|除非|别以为)[^，。！？；]*$"
)
_DOUBTED = re.compile(r"^(?:吗|嘛|么|才怪|是假的|就怪|那是假|都不行|也难|是什么|是啥)|^\s*\?")
# How far away a reproach may be, in characters: the time must not grow with the text's square.
_NEARBY = 60
_FINE_ENGLISH, _FINE_CHINESE = "fine", "还好"


def without_denied_feelings(text: str) -> str:
    """Return `text` with "fine" or 还好 in place of each bad feeling that is denied in it."""
    text = _ENGLISH.sub(_english, text)
    return _CHINESE.sub(_chinese, text)


def _english(found: re.Match[str]) -> str:
    if _is_doubted(found, _ENGLISH_REPROACH):
        return found[0]
    # Of "isn't bad" remains "is fine".
    is_contracted = found.start() > 0 and found.string[found.start() - 1].isalnum()
    return f" {_FINE_ENGLISH}" if is_contracted else _FINE_ENGLISH


def _chinese(found: re.Match[str]) -> str:
    return found[0] if _is_doubted(found, _CHINESE_REPROACH) else _FINE_CHINESE


def _is_doubted(found: re.Match[str], reproach: re.Pattern[str]) -> bool:
    before = found.string[max(0, found.start() - _NEARBY) : found.start()]
    after = found.string[found.end() : found.end() + _NEARBY]
    return bool(reproach.search(before) or _DOUBTED.match(after))
