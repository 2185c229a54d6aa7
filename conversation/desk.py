"""The human side of a conversation: claim, reply, offer, resolve, hand back."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import TypeVar

from anyio.to_thread import run_sync
from sqlalchemy import Connection, Engine

from accounts.account import Account
from conversation import repository
from conversation.errors import ConversationClosed, MessageConflict, SurveyRefused
from conversation.events import CONTROL, DESK, QUEUE, Event, EventKind, Events, conversation_topic
from conversation.message_text import clean_text
from conversation.repository import Conversation
from language.catalogue import say
from store.enums import CaseState, ConversationState, OfferState, ReturnTo, Sender
from triage.cases import corrections, offers, queue, surveys
from triage.cases.case import Case, check_claimed_by
from triage.cases.offers import Offer
from triage.compensation.remedies import Remedies
from triage.errors import CaseUnknown
from triage.message import Message
from triage.rules.repository import RuleRepository

Result = TypeVar("Result")


@dataclass
class Desk:
    """What agents and supervisors do with cases.

    Each method runs in one transaction, then publishes that the conversation has changed.
    """

    engine: Engine
    rules: RuleRepository
    events: Events
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    @property
    def remedies(self) -> Remedies:
        """The remedies in force."""
        return self.rules.remedies

    async def claim(self, case_id: int, account: Account) -> Case:
        """Claim a waiting case. Raises CaseUnknown, CaseTaken, CaseResolved."""

        def transaction(connection: Connection) -> tuple[Case, str]:
            case = queue.claim(connection, case_id, account.id, self.clock())
            conversation = repository.find(connection, case.conversation)
            if conversation.state != ConversationState.PERSON:
                repository.set_state(connection, conversation, ConversationState.PERSON)
                self._notify(connection, conversation, "case.claimed", agent=account.name)
            return case, conversation.id

        return await self._change(transaction)

    async def reply(self, case_id: int, account: Account, message_id: str, text: str) -> Message:
        """Write to the customer, once for each message id.

        Raises:
            CaseError: `account` has not claimed the case.
            MessageRefused: The text cannot be a message.
            MessageConflict: The id was used for another message.
        """

        def transaction(connection: Connection) -> tuple[Message, str]:
            case, conversation = self._claimed(connection, case_id, account)
            clean = clean_text(text)
            known = repository.find_message(connection, conversation.id, message_id)
            if known is not None:
                if known.text != clean or known.sender != Sender.AGENT:
                    raise MessageConflict("This message id was used before, with another text.")
                return known, conversation.id
            message = self._write(connection, conversation, account, clean, message_id)
            queue.first_reply(connection, case.id, message.at)
            return message, conversation.id

        return await self._change(transaction)

    async def offer(
        self,
        case_id: int,
        account: Account,
        remedy: str,
        amount: Decimal | None,
        currency: str | None,
        reason: str,
        request_id: str | None = None,
    ) -> Offer:
        """Offer a remedy to the customer, or ask for approval, once for each request id.

        Raises:
            OfferError: The offer cannot be made.
            CaseError: `account` has not claimed the case.
        """

        def transaction(connection: Connection) -> tuple[Offer, str]:
            case, conversation = self._claimed(connection, case_id, account)
            known = offers.made_before(connection, request_id, case.id, remedy, amount, reason)
            if known is not None:
                return known, conversation.id
            made = offers.make(
                connection,
                self.remedies,
                case,
                account,
                remedy=remedy,
                amount=amount,
                currency=currency,
                reason=reason,
                now=self.clock(),
                request_id=request_id,
            )
            if made.state == OfferState.OFFERED:
                self._send_offer(connection, conversation, account, made)
            return made, conversation.id

        return await self._change(transaction)

    async def correct(
        self, case_id: int, account: Account, fact: str, value: str | None, reason: str
    ) -> Case:
        """Correct a fact of a case and update its suggestion.

        Raises:
            CorrectionRefused: The fact cannot be corrected, or not to this value.
            CaseError: `account` has not claimed the case.
        """

        def transaction(connection: Connection) -> tuple[Case, str]:
            case = corrections.correct(
                connection,
                self.remedies,
                case_id,
                account.id,
                fact=fact,
                value=value,
                reason=reason,
                now=self.clock(),
            )
            return case, case.conversation

        return await self._change(transaction)

    async def approve(self, offer_id: int, account: Account, reason: str) -> Offer:
        """Approve an offer and send it to the customer. Raises OfferError."""

        def transaction(connection: Connection) -> tuple[Offer, str]:
            approved = offers.approve(
                connection, self.remedies, offer_id, account, reason=reason, now=self.clock()
            )
            case = queue.case(connection, approved.case)
            conversation = repository.find(connection, case.conversation)
            self._send_offer(connection, conversation, account, approved)
            return approved, conversation.id

        return await self._change(transaction)

    async def refuse(self, offer_id: int, account: Account, reason: str) -> Offer:
        """Refuse an offer; the customer is not told. Raises OfferError."""

        def transaction(connection: Connection) -> tuple[Offer, str]:
            refused = offers.refuse(connection, offer_id, account, reason=reason, now=self.clock())
            return refused, queue.case(connection, refused.case).conversation

        return await self._change(transaction)

    async def give_back(self, case_id: int, account: Account, to: ReturnTo) -> Case:
        """Return a case to the queue or the customer to the assistant. Raises CaseError."""

        def transaction(connection: Connection) -> tuple[Case, str]:
            _, conversation = self._claimed(connection, case_id, account)
            case = queue.release(connection, case_id, account.id, to, self.clock())
            if to == ReturnTo.QUEUE:
                repository.set_state(connection, conversation, ConversationState.WAITING)
                position = queue.position(connection, case_id)
                self._notify(connection, conversation, "case.returned_to_queue", position=position)
            else:
                self._notify(connection, conversation, "case.returned_to_assistant")
                repository.set_state(
                    connection, conversation, ConversationState.ASSISTANT, new_episode=True
                )
            return case, conversation.id

        return await self._change(transaction)

    async def resolve(
        self, case_id: int, account: Account, root_cause: str, note: str | None
    ) -> Case:
        """Close a case with its root cause. Raises CaseError."""

        def transaction(connection: Connection) -> tuple[Case, str]:
            _, conversation = self._claimed(connection, case_id, account)
            case = queue.resolve(
                connection,
                case_id,
                account.id,
                root_cause=root_cause,
                note=note,
                remedies=self.remedies,
                now=self.clock(),
            )
            self._notify(connection, conversation, "case.resolved")
            repository.set_state(
                connection, conversation, ConversationState.ASSISTANT, new_episode=True
            )
            return case, conversation.id

        return await self._change(transaction)

    async def rate(self, conversation: str, case_id: int, score: int, comment: str) -> None:
        """Store the customer's rating of a resolved case. Raises SurveyRefused."""

        def transaction(connection: Connection) -> tuple[None, str]:
            refused = SurveyRefused("Only a resolved case of this conversation can be rated.")
            try:
                case = queue.case(connection, case_id)
            except CaseUnknown as unknown:
                raise refused from unknown
            if case.conversation != conversation or case.state != CaseState.RESOLVED:
                raise refused
            surveys.rate(connection, case_id, score, comment, self.clock())
            return None, conversation

        await self._change(transaction)

    async def close(self, conversation: str, *, withdraw: bool = False) -> None:
        """End a conversation for good, on the customer's wish.

        Args:
            conversation: The id of the conversation.
            withdraw: Whether the customer withdraws a case that nobody has claimed.

        Raises:
            ConversationClosed: A case is unresolved.
        """

        def transaction(connection: Connection) -> tuple[None, str]:
            if withdraw:
                queue.withdraw(connection, conversation, self.clock())
            if queue.unresolved(connection, conversation) is not None:
                raise ConversationClosed(
                    "A person is looking after this: it stays open until then."
                )
            repository.close(connection, conversation)
            return None, conversation

        await self._change(transaction)

    async def _change(self, transaction: Callable[[Connection], tuple[Result, str]]) -> Result:
        """Run `transaction`, then publish that the conversation that it returns has changed."""

        def commit() -> tuple[Result, str]:
            self.rules.refresh()
            with self.engine.begin() as connection:
                return transaction(connection)

        result, conversation = await run_sync(commit)
        for topic in (conversation_topic(conversation), DESK, CONTROL):
            self.events.publish(topic, Event(EventKind.CHANGED))
        self.events.publish(QUEUE, Event(EventKind.MOVED))
        return result

    def _claimed(
        self, connection: Connection, case_id: int, account: Account
    ) -> tuple[Case, Conversation]:
        """Return a case that `account` has claimed, with its conversation. Raises CaseError."""
        case = queue.case(connection, case_id)
        conversation = repository.find(connection, case.conversation)
        check_claimed_by(case, account.id)
        return case, conversation

    def _notify(
        self, connection: Connection, conversation: Conversation, key: str, **values: object
    ) -> None:
        """Add a notice of the product itself to the conversation."""
        text = say(key, conversation.language, **values)
        repository.add(connection, conversation, Sender.SYSTEM, text, self.clock(), key=key)

    def _write(
        self,
        connection: Connection,
        conversation: Conversation,
        account: Account,
        text: str,
        message_id: str | None = None,
    ) -> Message:
        return repository.add(
            connection,
            conversation,
            Sender.AGENT,
            text,
            self.clock(),
            message_id=message_id,
            author_id=account.id,
        )

    def _send_offer(
        self, connection: Connection, conversation: Conversation, account: Account, offer: Offer
    ) -> None:
        language = conversation.language or "en"
        label = self.remedies.labels[offer.remedy][language]
        amount = "" if offer.amount is None else f" ({offer.currency} {offer.amount})"
        text = say("case.offer", language, remedy=f"{label}{amount}")
        self._write(connection, conversation, account, text)
        queue.first_reply(connection, offer.case, self.clock())
