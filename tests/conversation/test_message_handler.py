"""The message handler in process: ids, order, failures, and people who step in meanwhile."""

import asyncio
import threading
import uuid
from datetime import timedelta

import pytest

from accounts.account import Account
from assistant.intents import LEAVE_QUEUE
from assistant.reply import Answer, AssistantUnavailable, Reply
from assistant.scripted import Gate, Script, answered, missed
from conversation import message_handler, repository
from conversation.errors import ConversationClosed, ConversationUnknown, MessageConflict
from conversation.events import CONTROL, DESK, QUEUE, conversation_topic
from conversation.message_handler import INTERRUPTED_AFTER
from conversation.status import conversation_status
from store.engine import reading
from store.enums import CaseState, ConversationState, Sender
from tests.conversation.conftest import WANTS_PERSON, Service
from tests.reproduction import decided_again
from tests.triage.talk import order
from triage.audit import log


def senders(service: Service, conversation: str) -> list[str]:
    return [message.sender for message in service.messages(conversation)]


def rules_of(service: Service, case_id: int) -> set[str]:
    return {reason["rule"] for reason in service.case(case_id).reasons}


def unavailable(_text: str, _language: str) -> Answer:
    raise AssistantUnavailable("no answer within 5 s")


def broken(_text: str, _language: str) -> Answer:
    raise RuntimeError("a fault in the client")


async def test_a_question_is_answered_and_decided(service: Service) -> None:
    conversation = service.begin()
    outcome = await service.say(conversation, "How long does delivery take?")
    assert outcome.message.seq == 1
    assert [reply.sender for reply in outcome.replies] == ["assistant"]
    assert outcome.replies[0].in_reply_to == 1
    assert outcome.handover is None
    with reading(service.engine) as connection:
        (entry,) = log.entries(connection)
    assert (entry.conversation, entry.action) == (conversation, "continue")


async def test_the_assistant_is_asked_in_the_language_of_the_message(service: Service) -> None:
    conversation = service.begin("en")
    await service.say(conversation, "请问送货要多久？")
    (question,) = service.assistant.questions
    assert (question.text, question.language) == ("请问送货要多久？", "zh")
    assert service.chat(conversation).language == "zh"


async def test_the_same_id_gets_the_same_outcome_and_asks_nobody_again(service: Service) -> None:
    conversation, message_id = service.begin(), str(uuid.uuid4())
    first = await service.say(conversation, WANTS_PERSON, message_id)
    again = await service.say(conversation, WANTS_PERSON, message_id)
    assert again.as_json() == first.as_json()
    assert len(service.assistant.questions) == 1
    assert senders(service, conversation).count("customer") == 1


async def test_the_same_id_sent_twice_at_once_is_handled_once(service: Service) -> None:
    conversation, message_id = service.begin(), str(uuid.uuid4())
    outcomes = await asyncio.gather(
        *(service.say(conversation, "hello", message_id) for _ in range(3))
    )
    assert len({str(outcome.as_json()) for outcome in outcomes}) == 1
    assert len(service.assistant.questions) == 1


async def test_an_id_that_was_used_for_another_text_is_refused(service: Service) -> None:
    conversation, message_id = service.begin(), str(uuid.uuid4())
    await service.say(conversation, "hello", message_id)
    with pytest.raises(MessageConflict):
        await service.say(conversation, "goodbye", message_id)
    assert senders(service, conversation) == ["customer", "assistant"]


async def test_an_unknown_and_a_closed_conversation_take_nothing(service: Service) -> None:
    with pytest.raises(ConversationUnknown):
        await service.say(str(uuid.uuid4()), "hello")
    conversation = service.begin()
    await service.desk.close(conversation)
    with pytest.raises(ConversationClosed):
        await service.say(conversation, "hello")


async def test_messages_of_one_conversation_are_answered_one_after_the_other(
    service: Service,
) -> None:
    conversation = service.begin()
    texts = ["Do you sell lamps?", "Which cards do you take?", "When do you open?"]
    await asyncio.gather(*(service.say(conversation, text) for text in texts))
    assert senders(service, conversation) == ["customer", "assistant"] * 3
    assert [question.text for question in service.assistant.questions] == texts


async def test_a_slow_conversation_delays_no_other(service: Service) -> None:
    slow, quick = service.begin(), service.begin()
    gate = service.assistant.gate = Gate()
    waiting = asyncio.create_task(service.say(slow, "hello"))
    await asyncio.wait_for(gate.reached.wait(), 10)
    service.assistant.gate = None
    assert (await service.say(quick, "hello")).replies
    assert not waiting.done()
    gate.opened.set()
    assert (await waiting).replies


async def test_a_turn_goes_on_when_the_customer_hangs_up(service: Service) -> None:
    conversation, message_id = service.begin(), str(uuid.uuid4())
    gate = service.assistant.gate = Gate()
    request = asyncio.create_task(service.say(conversation, "hello", message_id))
    await asyncio.wait_for(gate.reached.wait(), 10)
    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await request
    gate.opened.set()
    again = await service.say(conversation, "hello", message_id)
    assert [reply.sender for reply in again.replies] == ["assistant"]
    assert len(service.assistant.questions) == 1


@pytest.mark.parametrize("script", [unavailable, broken])
async def test_without_the_assistant_a_person_is_called(service: Service, script: Script) -> None:
    service.assistant.script = script
    conversation = service.begin()
    outcome = await service.say(conversation, "How long does delivery take?")
    assert outcome.handover == {"case": 1, "position": 1}
    assert [reply.sender for reply in outcome.replies] == ["system"]
    assert rules_of(service, 1) == {"assistant_down"}
    assert service.chat(conversation).state == ConversationState.WAITING


async def test_without_the_assistant_a_chinese_customer_is_told_in_chinese(
    service: Service,
) -> None:
    service.assistant.script = unavailable
    outcome = await service.say(service.begin(None), "请问送货要多久？")
    assert "同事" in outcome.replies[-1].text


async def test_an_assistant_that_misses_three_times_calls_a_person(service: Service) -> None:
    service.assistant.script = lambda _text, _language: missed()
    conversation = service.begin()
    outcomes = [await service.say(conversation, f"question {number}") for number in range(3)]
    assert [outcome.handover is None for outcome in outcomes] == [True, True, False]
    assert "missed_three_times" in rules_of(service, 1)


async def test_without_the_emotion_model_the_question_is_answered_and_a_person_called(
    service: Service,
) -> None:
    def fail(_text: str) -> None:
        raise RuntimeError("no model")

    service.emotion.on_read = fail
    conversation = service.begin()
    outcome = await service.say(conversation, "How long does delivery take?")
    assert [reply.sender for reply in outcome.replies] == ["assistant", "system"]
    assert rules_of(service, 1) == {"emotion_down"}
    message = service.messages(conversation)[0]
    assert (message.reading, message.trouble) == (None, "emotion_down")


async def test_a_slow_emotion_model_is_not_waited_for(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(message_handler, "EMOTION_DEADLINE_SECONDS", 0.05)
    released = threading.Event()
    service.emotion.on_read = lambda _text: assert_released(released)
    conversation = service.begin()
    outcome = await service.say(conversation, "hello")
    released.set()
    assert outcome.replies
    assert service.messages(conversation)[0].trouble == "emotion_down"


def assert_released(event: threading.Event) -> None:
    assert event.wait(10)


async def test_emotion_alone_calls_nobody_and_is_kept_with_the_message(service: Service) -> None:
    conversation = service.begin()
    outcome = await service.say(conversation, "I am disappointed. How do I return a lamp?")
    assert outcome.handover is None
    reading_of_message = service.messages(conversation)[0].reading
    assert reading_of_message is not None
    assert reading_of_message.negative == 0.8
    assert "negative" not in str(outcome.as_json())


async def test_the_assistant_is_silent_once_a_person_has_claimed_the_case(
    service: Service, anna: Account
) -> None:
    conversation, case_id = await service.hand_over()
    await service.desk.claim(case_id, anna)
    asked = len(service.assistant.questions)
    outcome = await service.say(conversation, "Are you there?")
    assert outcome.replies == ()
    assert outcome.handover == {"case": case_id, "position": 0}
    assert len(service.assistant.questions) == asked


@pytest.mark.parametrize(
    ("text", "rule", "priority"),
    [
        ("I will see you in court, my lawyer is informed", "threat", 2),
        ("律师函马上寄给你们", "threat", 2),
        ("the lamp has caught fire", "danger", 1),
        ("灯着火了", "danger", 1),
    ],
)
async def test_a_case_becomes_more_urgent_after_it_was_claimed(
    service: Service, anna: Account, text: str, rule: str, priority: int
) -> None:
    conversation, case_id = await service.hand_over()
    before = await service.desk.claim(case_id, anna)
    outcome = await service.say(conversation, text)
    assert outcome.replies == ()
    after = service.case(case_id)
    assert (after.priority, after.senior) == (priority, True)
    assert rule in {reason["rule"] for reason in after.reasons}
    assert (after.state, after.agent) == (CaseState.OPEN, anna.id)
    assert service.chat(conversation).state == ConversationState.PERSON
    assert after.resolve_due <= before.resolve_due


async def test_a_claimed_case_stays_as_it_is_when_the_customer_stays_calm(
    service: Service, anna: Account
) -> None:
    conversation, case_id = await service.hand_over()
    before = await service.desk.claim(case_id, anna)
    await service.say(conversation, "I see, thank you. The order number is HP-10234.")
    assert service.case(case_id) == before


async def test_an_agent_who_claims_while_the_assistant_thinks_silences_it(
    service: Service, anna: Account
) -> None:
    conversation, case_id = await service.hand_over()
    gate = service.assistant.gate = Gate()
    request = asyncio.create_task(service.say(conversation, "How long does delivery take?"))
    await asyncio.wait_for(gate.reached.wait(), 10)
    await service.desk.claim(case_id, anna)
    gate.opened.set()
    outcome = await request
    assert outcome.replies == ()
    assert outcome.handover == {"case": case_id, "position": 0}


async def test_a_message_that_crosses_the_end_of_its_case_is_answered_in_the_new_episode(
    service: Service, anna: Account
) -> None:
    conversation, case_id = await service.hand_over()
    gate = service.assistant.gate = Gate()
    request = asyncio.create_task(service.say(conversation, "How long does delivery take?"))
    await asyncio.wait_for(gate.reached.wait(), 10)
    await service.desk.claim(case_id, anna)
    await service.desk.resolve(case_id, anna, "other", None)
    gate.opened.set()
    outcome = await request
    assert [reply.sender for reply in outcome.replies] == ["assistant"]
    message = next(m for m in service.messages(conversation) if "delivery" in m.text)
    assert message.episode == service.chat(conversation).episode == 2


async def test_the_dialogue_goes_on_while_a_customer_waits(service: Service) -> None:
    conversation, _ = await service.hand_over()
    await service.say(conversation, "How long does delivery take?")
    first, second = service.assistant.questions
    assert first.sender == second.sender == f"{conversation}:1"
    assert (first.offered.context, second.offered.context) == ((), ("waiting",))


async def test_a_customer_who_needs_nobody_any_more_leaves_the_queue(service: Service) -> None:
    conversation, case_id = await service.hand_over()
    leaves = Answer((Reply("All right.", key="left_queue"),), LEAVE_QUEUE, 1.0)
    service.assistant.script = lambda _text, _language: leaves
    outcome = await service.say(conversation, "Yes, take me out of the queue")
    assert outcome.handover is None
    assert [reply.text for reply in outcome.replies] == ["All right."]
    assert service.case(case_id).state == "resolved"
    with service.engine.begin() as connection:
        chat = repository.find(connection, conversation)
        status = conversation_status(connection, conversation, service.clock())
    assert (chat.state, chat.episode) == ("assistant", 2)
    # Nobody asks how a case was handled that nobody handled.
    assert (status.handover, status.survey) == (None, None)
    service.assistant.script = lambda _text, _language: answered()
    assert (await service.say(conversation, "How long does delivery take?")).handover is None


async def test_nobody_leaves_a_queue_without_waiting_in_it(service: Service) -> None:
    leaves = Answer((Reply("All right.", key="left_queue"),), LEAVE_QUEUE, 1.0)
    service.assistant.script = lambda _text, _language: leaves
    conversation = service.begin()
    await service.say(conversation, "Yes, take me out of the queue")
    with service.engine.begin() as connection:
        assert repository.find(connection, conversation).episode == 1


async def test_what_a_waiting_customer_adds_reaches_the_suggestion(service: Service) -> None:
    conversation, case_id = await service.hand_over()
    assert service.case(case_id).suggestion["rules"] == []
    late = order(days_late=6)
    service.assistant.script = lambda _text, _language: answered("It is late.", order=late)
    await service.say(conversation, "It is about order HP-10234")
    suggestion = service.case(case_id).suggestion
    assert "late_delivery" in suggestion["rules"]
    assert suggestion["currency"] == "GBP"


async def test_interrupted_messages_are_handed_over(service: Service) -> None:
    conversation = service.begin()
    with service.engine.begin() as connection:
        chat = repository.find(connection, conversation)
        repository.add(connection, chat, Sender.CUSTOMER, "Where is it?", service.clock())
    assert await service.handler.recover() == 0
    service.clock.advance(INTERRUPTED_AFTER + timedelta(seconds=1))
    assert await service.handler.recover() == 1
    assert senders(service, conversation) == ["customer", "system"]
    assert rules_of(service, 1) == {"interrupted"}
    assert service.assistant.questions == []
    assert await service.handler.recover() == 0


async def test_everybody_concerned_hears_of_a_message(service: Service) -> None:
    conversation = service.begin()
    await service.say(conversation, "hello")
    topics = {topic for topic, _ in service.events.published}
    assert topics == {conversation_topic(conversation), DESK, CONTROL}


async def test_who_waits_hears_that_the_queue_has_moved(service: Service) -> None:
    await service.hand_over()
    assert (QUEUE, "moved") in service.events.published


async def test_what_was_decided_is_decided_the_same_again(service: Service) -> None:
    conversation = service.begin()
    for text in ("Where is my parcel?", "I am disappointed: nothing has come", WANTS_PERSON):
        await service.say(conversation, text)
    assert decided_again(service.engine).exact == 3
