"""Fairness: suggestions do not depend on tone, language or the name of the customer.

From the messages to the amount, with the model that ships.
"""

import pytest

from store.enums import Sender
from tests.triage.talk import order
from triage.compensation.remedies import load_remedies
from triage.emotion.model import EmotionModel, load_emotion_model
from triage.features.facts import extract_facts
from triage.message import Message

NAMES = ("Emily Carter", "王秀英", "Fatima al-Sayed", "Olumide Adeyemi")
TONES = {
    "en": {
        "calm": "Hello, my parcel has not come yet. {name}",
        "warm": "Hi, hope you are well! My parcel has not come yet. Thank you so much! {name}",
        "sad": "I am so sad and disappointed, my parcel has not come yet. {name}",
        "furious": "THIS IS OUTRAGEOUS, my parcel has not come yet, I am furious!!! {name}",
        "icy": "How delightful. My parcel has not come yet. Quite remarkable. {name}",
    },
    "zh": {
        "calm": "你好，我的包裹还没有到。{name}",
        "warm": "您好，辛苦啦！我的包裹还没有到，非常感谢！{name}",
        "sad": "我真的很难过很失望，我的包裹还没有到。{name}",
        "furious": "太离谱了，我的包裹还没有到，气死我了！！！{name}",
        "icy": "真是好样的，我的包裹还没有到，佩服佩服。{name}",
    },
}


@pytest.fixture(scope="module")
def model() -> EmotionModel:
    return load_emotion_model()


@pytest.mark.parametrize("snapshot", [order(days_late=4), order(problem="damaged"), order()])
def test_amounts_do_not_depend_on_tone_language_or_name(
    model: EmotionModel, snapshot: dict[str, object]
) -> None:
    remedies, found, moods = load_remedies(), set(), []
    for language, tones in TONES.items():
        for words in tones.values():
            for name in NAMES:
                text = words.format(name=name)
                reading = model.read(text, [Message(1, Sender.ASSISTANT, "Hello!")])
                facts = extract_facts(
                    [
                        Message(1, Sender.CUSTOMER, text, language=language, reading=reading),
                        Message(2, Sender.ASSISTANT, "I have looked it up.", order=snapshot),
                    ]
                )
                suggestion = remedies.suggest(facts).as_json()
                amounts = [(step["remedy"], step["amount"]) for step in suggestion["steps"]]
                found.add((str(amounts), suggestion["entitlement"], suggestion["goodwill"]))
                moods.append(reading.negative)
    assert len(found) == 1
    # The tones were heard: what they change is urgency and words, not money.
    assert min(moods) < 0.4
    assert max(moods) > 0.9
