"""What a dialogue is about at the moment: Rasa's slot `focus`, which follow-ups are read with.

It holds the orders whose number and e-mail address matched, the article that was quoted last, and
what was last said and done. It ends with the episode, since an episode is a dialogue of its own.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

SLOT = "focus"
"""The name of Rasa's slot."""

ORDER_TURNS = 8
"""So many of the customer's turns after an order was shown, "it" may still mean that order."""

ARTICLE_TURNS = 2
"""So many turns after an article was quoted, an elliptical question may still be about it."""

CONTEXT: Mapping[str, str] = {
    "order_arrival": "order",
    "order_delay": "order",
    "order_next": "order",
    "order_delivery_charge": "order",
    "order_refund": "order",
    "order_cancel_cost": "order",
    "order_charges": "order",
    "order_address": "order",
    "order_can_return": "order",
    "order_item_back": "order",
    "other_order": "order",
    "keep_it": "done",
    "why": "reply",
    "follow_up": "article",
    "no_person": "waiting",
    "how_long_wait": "waiting",
    "leave_queue": "waiting",
    "stay_in_queue": "waiting",
    "not_solved": "resolved",
}
"""The intents that a message can have in a context only, and what must be in focus for them.

`waiting` (for a person) and `resolved` (the case before this episode) are what the client tells.
"""


@dataclass(frozen=True)
class Focus:
    """What is in focus.

    Attributes:
        orders: The e-mail address of each order that was shown, by its number, the latest last.
        order: The number of the order that is meant at present.
        order_turn: The turn in which it was last shown.
        article: The slug of the article quoted last.
        article_turn: The turn in which it was quoted.
        question: The question that it was quoted for.
        key: The key of the assistant's latest reply.
        done: The task carried out last.
        done_turn: The turn in which it was carried out.
        attempt: The task begun or offered last.
        attempt_turn: The turn in which it was begun.
    """

    orders: Mapping[str, str] = field(default_factory=dict)
    order: str | None = None
    order_turn: int = 0
    article: str | None = None
    article_turn: int = 0
    question: str = ""
    key: str | None = None
    done: str | None = None
    done_turn: int = 0
    attempt: str | None = None
    attempt_turn: int = 0

    @classmethod
    def of(cls, slots: Mapping[str, Any]) -> "Focus":
        """Return the focus in Rasa's slots."""
        return cls(**(slots.get(SLOT) or {}))

    def as_json(self) -> dict[str, Any]:
        """Return the value of the slot."""
        return asdict(self)

    def after(
        self, payloads: Iterable[Mapping[str, Any]], question: str, email: str | None, turn: int
    ) -> "Focus":
        """Return the focus after the assistant's replies.

        Args:
            payloads: The replies to the message, as Rasa's custom payloads.
            question: The message.
            email: The address with which the order was found, if one was shown.
            turn: The number of the customer's messages so far.
        """
        focus = self
        for payload in payloads:
            key = payload.get("key")
            if not payload.get("aside"):
                focus = replace(focus, key=key)
            order, sources = payload.get("order"), payload.get("sources")
            if order and email:
                number = order["number"]
                known = {other: by for other, by in focus.orders.items() if other != number}
                known[number] = focus.orders.get(number, email)
                focus = replace(focus, orders=known, order=number, order_turn=turn)
            elif sources and payload.get("answered"):
                article = sources[0]["article"]
                focus = replace(focus, article=article, article_turn=turn, question=question)
            if (task := _only_task(payload.get("choices") or ())) is not None:
                focus = replace(focus, attempt=task, attempt_turn=turn)
            if key and key.startswith("done."):
                focus = replace(focus, done=key.removeprefix("done."), done_turn=turn)
        return focus

    def in_focus(self, kind: str, turn: int) -> bool:
        """Return whether something of this kind is in focus in the customer's turn `turn`."""
        return kind in self.kinds(turn)

    def kinds(self, turn: int) -> list[str]:
        """Return what is in focus in the customer's turn number `turn`: values of `CONTEXT`."""
        present = {
            "order": self.order and turn - self.order_turn <= ORDER_TURNS,
            "article": self.article and turn - self.article_turn <= ARTICLE_TURNS,
            "done": self.done and turn - self.done_turn <= ORDER_TURNS,
            "reply": self.key,
        }
        return [kind for kind, is_present in present.items() if is_present]


def _only_task(choices: Iterable[Mapping[str, Any]]) -> str | None:
    """Return the task that the choices of a reply offer, if they offer exactly one."""
    ids = [str(choice.get("id")) for choice in choices]
    tasks = [name.removeprefix("task.") for name in ids if name.startswith("task.")]
    return tasks[0] if len(tasks) == 1 else None
