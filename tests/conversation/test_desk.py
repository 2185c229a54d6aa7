"""The desk in process: claims, replies, offers, approvals and endings over the real database."""

import asyncio
import uuid
from dataclasses import replace
from decimal import Decimal

import pytest

from accounts.account import Account
from conversation.errors import (
    ConversationClosed,
    MessageConflict,
    MessageRefused,
    SurveyRefused,
)
from conversation.events import CONTROL, DESK, QUEUE, conversation_topic
from store.enums import CaseState, ConversationState, OfferState, ReturnTo, Role
from tests.conversation.conftest import Service
from triage.cases.offers import Offer
from triage.errors import (
    AlreadyDecided,
    ApprovalPending,
    CaseNotYours,
    CaseResolved,
    CaseTaken,
    CaseUnknown,
    CorrectionRefused,
    NotAuthorised,
    OfferConflict,
    OwnApproval,
    RootCauseUnknown,
)


async def claimed(service: Service, person: Account) -> tuple[str, int]:
    """Return a conversation with a person, and its case."""
    conversation, case_id = await service.hand_over()
    await service.desk.claim(case_id, person)
    return conversation, case_id


async def offer(
    service: Service, case_id: int, person: Account, amount: str, request_id: str | None = None
) -> Offer:
    return await service.desk.offer(
        case_id, person, "goodwill_credit", Decimal(amount), "GBP", "Late twice", request_id
    )


def texts(service: Service, conversation: str) -> str:
    return "\n".join(message.text for message in service.messages(conversation))


async def test_a_claim_is_told_to_the_customer_by_name(service: Service, anna: Account) -> None:
    conversation, case_id = await claimed(service, anna)
    assert service.case(case_id).agent == anna.id
    assert service.chat(conversation).state == ConversationState.PERSON
    assert "Anna" in service.messages(conversation)[-1].text


async def test_of_ten_agents_who_claim_at_once_one_succeeds(
    service: Service, anna: Account, bo: Account
) -> None:
    conversation, case_id = await service.hand_over()
    claims = [service.desk.claim(case_id, person) for person in (anna, bo) * 5]
    results = await asyncio.gather(*claims, return_exceptions=True)
    winners = {result.agent for result in results if not isinstance(result, BaseException)}
    refused = [result for result in results if isinstance(result, BaseException)]
    assert winners == {service.case(case_id).agent}
    assert all(isinstance(error, CaseTaken) for error in refused)
    assert len(refused) >= 5
    notices = [m for m in service.messages(conversation) if "has joined" in m.text]
    assert len(notices) <= 1


async def test_a_reply_is_written_once_for_each_id(service: Service, anna: Account) -> None:
    conversation, case_id = await claimed(service, anna)
    message_id = str(uuid.uuid4())
    first = await service.desk.reply(case_id, anna, message_id, "Hello, this is Anna.")
    again = await service.desk.reply(case_id, anna, message_id, "Hello, this is Anna.")
    assert again == first
    assert texts(service, conversation).count("Hello, this is Anna.") == 1
    assert service.case(case_id).first_reply_at == service.clock()
    with pytest.raises(MessageConflict):
        await service.desk.reply(case_id, anna, message_id, "Something else.")
    with pytest.raises(MessageRefused):
        await service.desk.reply(case_id, anna, str(uuid.uuid4()), "  ")


async def test_only_the_agent_of_a_case_writes_in_it(
    service: Service, anna: Account, bo: Account
) -> None:
    _, case_id = await claimed(service, anna)
    with pytest.raises(CaseNotYours):
        await service.desk.reply(case_id, bo, str(uuid.uuid4()), "Hello")
    with pytest.raises(CaseUnknown):
        await service.desk.reply(999, bo, str(uuid.uuid4()), "Hello")


async def test_a_small_offer_reaches_the_customer_once(service: Service, anna: Account) -> None:
    conversation, case_id = await claimed(service, anna)
    request_id = str(uuid.uuid4())
    made = await offer(service, case_id, anna, "5.00", request_id)
    assert made.state == OfferState.OFFERED
    assert await offer(service, case_id, anna, "5.00", request_id) == made
    assert texts(service, conversation).count("GBP 5.00") == 1
    with pytest.raises(OfferConflict):
        await offer(service, case_id, anna, "6.00", request_id)


async def test_offers_without_an_id_of_their_own_are_all_made(
    service: Service, anna: Account
) -> None:
    conversation, case_id = await claimed(service, anna)
    offers = [await offer(service, case_id, anna, amount) for amount in ("1.00", "2.00", "3.00")]
    assert len({made.id for made in offers}) == 3
    assert texts(service, conversation).count("GBP") == 3


async def test_a_large_offer_reaches_the_customer_when_a_second_person_approves(
    service: Service, anna: Account, sam: Account
) -> None:
    conversation, case_id = await claimed(service, anna)
    made = await offer(service, case_id, anna, "45.00")
    assert made.state == OfferState.NEEDS_APPROVAL
    assert service.case(case_id).state == CaseState.APPROVAL
    assert "45" not in texts(service, conversation)
    approved = await service.desk.approve(made.id, sam, "Fair")
    assert approved.state == OfferState.OFFERED
    assert "GBP 45.00" in service.messages(conversation)[-1].text
    assert service.case(case_id).state == CaseState.OPEN
    with pytest.raises(AlreadyDecided):
        await service.desk.refuse(made.id, sam, "Too much")


async def test_nobody_approves_an_offer_of_their_own(service: Service, anna: Account) -> None:
    _, case_id = await claimed(service, anna)
    made = await offer(service, case_id, anna, "45.00")
    with pytest.raises(NotAuthorised):
        await service.desk.approve(made.id, anna, "Fair")
    promoted = replace(anna, role=Role.SUPERVISOR)
    with pytest.raises(OwnApproval):
        await service.desk.approve(made.id, promoted, "Fair")


async def test_of_two_decisions_on_an_offer_at_once_one_counts(
    service: Service, anna: Account, sam: Account
) -> None:
    conversation, case_id = await claimed(service, anna)
    made = await offer(service, case_id, anna, "45.00")
    results = await asyncio.gather(
        service.desk.approve(made.id, sam, "Fair"),
        service.desk.approve(made.id, sam, "Fair"),
        return_exceptions=True,
    )
    assert sorted(type(result).__name__ for result in results) == ["AlreadyDecided", "Offer"]
    assert texts(service, conversation).count("GBP 45.00") == 1


async def test_a_refused_offer_is_never_heard_of(
    service: Service, anna: Account, sam: Account
) -> None:
    conversation, case_id = await claimed(service, anna)
    made = await offer(service, case_id, anna, "45.00")
    with pytest.raises(ApprovalPending):
        await service.desk.resolve(case_id, anna, "other", None)
    assert (await service.desk.refuse(made.id, sam, "Too much")).state == OfferState.REFUSED
    assert "45" not in texts(service, conversation)


async def test_a_corrected_fact_changes_the_suggestion(service: Service, anna: Account) -> None:
    _, case_id = await claimed(service, anna)
    before = service.case(case_id).suggestion
    case = await service.desk.correct(case_id, anna, "problem", "damaged", "A photo shows it")
    assert case.suggestion != before
    back = await service.desk.correct(case_id, anna, "problem", None, "It was another order")
    assert back.suggestion == before
    with pytest.raises(CorrectionRefused):
        await service.desk.correct(case_id, anna, "negative_now", "1", "Very angry")


async def test_a_case_that_is_given_back_waits_with_its_place_in_the_queue(
    service: Service, anna: Account
) -> None:
    conversation, case_id = await claimed(service, anna)
    case = await service.desk.give_back(case_id, anna, ReturnTo.QUEUE)
    assert case.state == CaseState.WAITING
    assert service.chat(conversation).state == ConversationState.WAITING
    outcome = await service.say(conversation, "hello?")
    assert outcome.handover == {"case": case_id, "position": 1}


async def test_a_customer_who_is_returned_to_the_assistant_is_answered_again(
    service: Service, anna: Account
) -> None:
    conversation, case_id = await claimed(service, anna)
    await service.desk.give_back(case_id, anna, ReturnTo.ASSISTANT)
    chat = service.chat(conversation)
    assert (chat.state, chat.episode) == (ConversationState.ASSISTANT, 2)
    outcome = await service.say(conversation, "How do I return something?")
    assert outcome.handover is None
    assert [reply.sender for reply in outcome.replies] == ["assistant"]


@pytest.mark.parametrize("to", list(ReturnTo))
async def test_a_case_of_somebody_else_is_not_given_back(
    service: Service, anna: Account, bo: Account, to: ReturnTo
) -> None:
    _, case_id = await claimed(service, anna)
    with pytest.raises(CaseNotYours):
        await service.desk.give_back(case_id, bo, to)


async def test_a_resolved_case_is_closed_for_good_and_starts_a_new_episode(
    service: Service, anna: Account
) -> None:
    conversation, case_id = await claimed(service, anna)
    with pytest.raises(RootCauseUnknown):
        await service.desk.resolve(case_id, anna, "gremlins", None)
    case = await service.desk.resolve(case_id, anna, "other", "All is well")
    assert case.state == CaseState.RESOLVED
    assert service.chat(conversation).episode == 2
    with pytest.raises(CaseResolved):
        await service.desk.claim(case_id, anna)
    with pytest.raises(CaseResolved):
        await service.desk.reply(case_id, anna, str(uuid.uuid4()), "One more thing")
    _, next_case = await service.hand_over()
    assert next_case != case_id


async def test_only_a_resolved_case_of_the_same_conversation_is_rated(
    service: Service, anna: Account
) -> None:
    conversation, case_id = await claimed(service, anna)
    with pytest.raises(SurveyRefused):
        await service.desk.rate(conversation, case_id, 5, "")
    await service.desk.resolve(case_id, anna, "other", None)
    with pytest.raises(SurveyRefused):
        await service.desk.rate(service.begin(), case_id, 1, "")
    await service.desk.rate(conversation, case_id, 2, "Slow")
    await service.desk.rate(conversation, case_id, 4, "Better in hindsight")


async def test_a_conversation_stays_open_while_a_person_is_due(
    service: Service, anna: Account
) -> None:
    conversation, case_id = await claimed(service, anna)
    with pytest.raises(ConversationClosed):
        await service.desk.close(conversation)
    await service.desk.resolve(case_id, anna, "other", None)
    await service.desk.close(conversation)
    assert service.chat(conversation).state == ConversationState.CLOSED


async def test_who_ends_the_chat_may_withdraw_a_case_that_waits(service: Service) -> None:
    conversation, case_id = await service.hand_over()
    with pytest.raises(ConversationClosed):
        await service.desk.close(conversation)
    await service.desk.close(conversation, withdraw=True)
    assert service.chat(conversation).state == ConversationState.CLOSED
    assert service.case(case_id).state == CaseState.RESOLVED


async def test_a_claimed_case_cannot_be_withdrawn(service: Service, anna: Account) -> None:
    conversation, case_id = await claimed(service, anna)
    with pytest.raises(ConversationClosed):
        await service.desk.close(conversation, withdraw=True)
    assert service.case(case_id).state == CaseState.OPEN


async def test_everybody_concerned_hears_of_a_change(service: Service, anna: Account) -> None:
    conversation, case_id = await service.hand_over()
    service.events.published.clear()
    await service.desk.claim(case_id, anna)
    topics = {topic for topic, _ in service.events.published}
    assert topics == {conversation_topic(conversation), DESK, CONTROL, QUEUE}


async def test_a_refused_change_is_announced_to_nobody(
    service: Service, anna: Account, bo: Account
) -> None:
    _, case_id = await claimed(service, anna)
    service.events.published.clear()
    with pytest.raises(CaseTaken):
        await service.desk.claim(case_id, bo)
    assert service.events.published == []
