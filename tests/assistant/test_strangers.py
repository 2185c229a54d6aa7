"""Two strangers talk for twenty turns each, and nothing wrong is told or done."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from assistant.orders.demo_shop import DemoShop
from assistant.reply import Answer
from store.enums import Sender
from tests.assistant.conftest import Chat
from triage.features.facts import extract_facts
from triage.message import Message

pytestmark = [pytest.mark.rasa, pytest.mark.asyncio(loop_scope="session")]

STRANGERS = yaml.safe_load(Path(__file__).with_name("strangers.yml").read_text(encoding="utf-8"))


def faults(turn: dict[str, Any], answer: Answer, shop: DemoShop) -> list[str]:
    """What is not as the turn has it."""
    told = "\n".join(reply.text for reply in answer.replies)
    quoted = {source.article for reply in answer.replies for source in reply.sources}
    buttons = {choice.title for reply in answer.replies for choice in reply.choices}
    found = [f"does not tell {words!r}" for words in turn.get("tells", ()) if words not in told]
    found += [f"tells {words!r}" for words in turn.get("silent", ()) if words in told]
    if "quotes" in turn and not quoted & set(turn["quotes"]):
        found.append(f"quotes {quoted}")
    if not set(turn.get("chooses", ())) <= buttons:
        found.append(f"offers {buttons}")
    if turn.get("asks", "") not in answer.replies[-1].text:
        found.append(f"does not ask for the {turn['asks']}")
    for order, kinds in turn.get("done", {}).items():
        if [request.kind for request in shop.requests(order)] != kinds:
            found.append(f"did something with {order}")
    return [f"{turn['says']}: {fault}; said: {told}" for fault in found]


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_twenty_turns_without_a_wrong_answer_or_a_dead_end(
    chat: Chat, shop: DemoShop, language: str
) -> None:
    assert len(STRANGERS[language]) == 20
    found = []
    for turn in STRANGERS[language]:
        speaking = replace(chat, language=turn.get("language", language))
        answer = await speaking.say(turn["says"])
        found += faults(turn, answer, shop)
    assert not found, "\n".join(found)
    # The last of each asks for a person, which the triage grants whatever the bot says.
    last = Message(1, Sender.CUSTOMER, turn["says"], intent=answer.intent)
    assert extract_facts([last])["wants_person"]
