"""The human side of a chat: claim, reply, offer, resolve, hand back."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Literal, Protocol, TypeVar

from anyio.to_thread import run_sync
from sqlalchemy import Connection, Engine, delete, insert, select

from conversation import repository
from conversation.errors import ConversationClosed, MessageConflict, SurveyRefused
from conversation.events import CONTROL, DESK, QUEUE, Event, Events, conversation_topic
from conversation.message_text import clean_text
from conversation.repository import Conversation, Message
from language.catalogue import say
from store.enums import ConversationState, Role, Sender
from store.tables import cases, surveys
from triage.cases import corrections, offers, queue
from triage.cases.offers import Offer
from triage.cases.queue import Case
from triage.compensation.remedies import Remedies
from triage.rules.repository import RuleRepository

Result = TypeVar("Result")


class Person(Protocol):
    """An agent or a supervisor."""

    @property
    def id(self) -> int:
        """The account's id."""

    @property
    def name(self) -> str:
        """What the customer reads."""

    @property
    def role(self) -> Role:
        """What the person may do."""


@dataclass
class Desk:
    """What agents and supervisors do; everyone concerned hears of it."""

    engine: Engine
    rules: RuleRepository
    events: Events
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    @property
    def remedies(self) -> Remedies:
        """The remedies in force."""
        return self.rules.remedies

    async def claim(self, case_id: int, person: Person) -> Case:
        """Take a waiting case. Raises CaseUnknown, CaseTaken, CaseResolved."""

        def work(connection: Connection) -> tuple[Case, str]:
            case = queue.claim(connection, case_id, person.id, self.clock())
            chat = repository.find(connection, case.conversation)
            if chat.state != "person":
                repository.set_state(connection, chat, ConversationState.PERSON)
                self._announce(connection, chat, "case.claimed", agent=person.name)
            return case, chat.id

        return await self._change(work)

    async def reply(self, case_id: int, person: Person, message_id: str, text: str) -> Message:
        """Write to the customer, once for each id. Raises CaseNotYours, MessageRefused …"""

        def work(connection: Connection) -> tuple[Message, str]:
            case, chat = self._mine(connection, case_id, person)
            clean = clean_text(text)
            known = repository.find_message(connection, chat.id, message_id)
            if known is not None:
                if known.text != clean or known.sender != "agent":
                    raise MessageConflict("This message id was used before, with another text.")
                return known, chat.id
            message = self._write(connection, chat, person, clean, message_id)
            queue.first_reply(connection, case.id, message.at)
            return message, chat.id

        return await self._change(work)

    async def offer(
        self,
        case_id: int,
        person: Person,
        remedy: str,
        amount: Decimal | None,
        currency: str | None,
        reason: str,
        request_id: str | None = None,
    ) -> Offer:
        """Offer a remedy to the customer, or ask for approval, once for each request id.

        Raises OfferError, CaseNotYours.
        """

        def work(connection: Connection) -> tuple[Offer, str]:
            case, chat = self._mine(connection, case_id, person)
            known = offers.made_before(connection, request_id, case.id, remedy, amount, reason)
            if known is not None:
                return known, chat.id
            made = offers.make(
                connection,
                self.remedies,
                case,
                person,
                remedy=remedy,
                amount=amount,
                currency=currency,
                reason=reason,
                now=self.clock(),
                request_id=request_id,
            )
            if made.state == "offered":
                self._write(connection, chat, person, self._offer_text(made, chat))
                queue.first_reply(connection, case.id, self.clock())
            return made, chat.id

        return await self._change(work)

    async def correct(
        self, case_id: int, person: Person, fact: str, value: str | None, reason: str
    ) -> Case:
        """Correct a fact of a case; the suggestion follows. Raises CorrectionRefused, CaseError."""

        def work(connection: Connection) -> tuple[Case, str]:
            case = corrections.correct(
                connection,
                self.remedies,
                case_id,
                person.id,
                fact=fact,
                value=value,
                reason=reason,
                now=self.clock(),
            )
            return case, case.conversation

        return await self._change(work)

    async def approve(self, offer_id: int, person: Person, reason: str) -> Offer:
        """Approve an offer; the customer hears of it now. Raises OfferError."""

        def work(connection: Connection) -> tuple[Offer, str]:
            approved = offers.approve(
                connection, self.remedies, offer_id, person, reason=reason, now=self.clock()
            )
            case = queue.case(connection, approved.case)
            chat = repository.find(connection, case.conversation)
            self._write(connection, chat, person, self._offer_text(approved, chat))
            queue.first_reply(connection, case.id, self.clock())
            return approved, chat.id

        return await self._change(work)

    async def refuse(self, offer_id: int, person: Person, reason: str) -> Offer:
        """Refuse an offer; the customer never hears of it. Raises OfferError."""

        def work(connection: Connection) -> tuple[Offer, str]:
            refused = offers.refuse(connection, offer_id, person, reason=reason, now=self.clock())
            return refused, queue.case(connection, refused.case).conversation

        return await self._change(work)

    async def give_back(
        self, case_id: int, person: Person, to: Literal["queue", "assistant"]
    ) -> Case:
        """Return a case to the queue or the customer to the assistant. Raises CaseError."""

        def work(connection: Connection) -> tuple[Case, str]:
            _, chat = self._mine(connection, case_id, person)
            case = queue.release(connection, case_id, person.id, to, self.clock())
            if to == "queue":
                repository.set_state(connection, chat, ConversationState.WAITING)
                position = queue.position(connection, case_id)
                self._announce(connection, chat, "case.returned_to_queue", position=position)
            else:
                self._announce(connection, chat, "case.returned_to_assistant")
                repository.set_state(
                    connection, chat, ConversationState.ASSISTANT, new_episode=True
                )
            return case, chat.id

        return await self._change(work)

    async def resolve(
        self, case_id: int, person: Person, root_cause: str, note: str | None
    ) -> Case:
        """Close a case with its root cause; the customer is asked how it went. Raises CaseError."""

        def work(connection: Connection) -> tuple[Case, str]:
            _, chat = self._mine(connection, case_id, person)
            case = queue.resolve(
                connection,
                case_id,
                person.id,
                root_cause=root_cause,
                note=note,
                remedies=self.remedies,
                now=self.clock(),
            )
            self._announce(connection, chat, "case.resolved")
            repository.set_state(connection, chat, ConversationState.ASSISTANT, new_episode=True)
            return case, chat.id

        return await self._change(work)

    async def rate(self, conversation: str, case_id: int, score: int, comment: str) -> None:
        """Keep the customer's rating of a resolved case. Raises SurveyRefused."""

        def work(connection: Connection) -> tuple[None, str]:
            row = connection.execute(select(cases).where(cases.c.id == case_id)).first()
            if row is None or row.conversation_id != conversation or row.state != "resolved":
                raise SurveyRefused("Only a resolved case of this conversation can be rated.")
            connection.execute(delete(surveys).where(surveys.c.case_id == case_id))
            connection.execute(
                insert(surveys).values(
                    case_id=case_id, score=score, comment=comment, at=self.clock()
                )
            )
            return None, conversation

        await self._change(work)

    async def close(self, conversation: str) -> None:
        """End a conversation for good. Raises ConversationClosed while a person is due."""

        def work(connection: Connection) -> tuple[None, str]:
            if queue.unresolved(connection, conversation) is not None:
                raise ConversationClosed(
                    "A person is looking after this: it stays open until then."
                )
            repository.close(connection, conversation)
            return None, conversation

        await self._change(work)

    async def _change(self, work: Callable[[Connection], tuple[Result, str]]) -> Result:
        """Do `work` in one transaction, then tell everyone whom its conversation concerns."""

        def transact() -> tuple[Result, str]:
            self.rules.refresh()
            with self.engine.begin() as connection:
                return work(connection)

        result, conversation = await run_sync(transact)
        for topic in (conversation_topic(conversation), DESK, CONTROL):
            self.events.publish(topic, Event("changed"))
        self.events.publish(QUEUE, Event("moved"))
        return result

    def _mine(
        self, connection: Connection, case_id: int, person: Person
    ) -> tuple[Case, Conversation]:
        case = queue.case(connection, case_id)
        chat = repository.find(connection, case.conversation)
        queue.check_claimed_by(case, person.id)
        return case, chat

    def _announce(
        self, connection: Connection, chat: Conversation, key: str, **values: object
    ) -> None:
        text = say(key, chat.language, **values)
        repository.add(connection, chat, Sender.SYSTEM, text, self.clock(), key=key)

    def _write(
        self,
        connection: Connection,
        chat: Conversation,
        person: Person,
        text: str,
        message_id: str | None = None,
    ) -> Message:
        return repository.add(
            connection,
            chat,
            Sender.AGENT,
            text,
            self.clock(),
            message_id=message_id,
            author_id=person.id,
        )

    def _offer_text(self, offer: Offer, chat: Conversation) -> str:
        language = chat.language or "en"
        label = self.remedies.labels[offer.remedy][language]
        amount = "" if offer.amount is None else f" ({offer.currency} {offer.amount})"
        return say("case.offer", language, remedy=f"{label}{amount}")
