"""Facts of the service given: what stayed unanswered, and what is known of the order."""

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from store.enums import OrderProblem
from triage.features.episode import (
    Evidence,
    Message,
    Talk,
)
from triage.features.fact import NOTHING, Fact, Found, Kind, Value

# Words by which a customer says that the exchange before did not bring them further.
STUCK_WORDS = ("unhelpful", "again", "unsolved")
# More working days late than this, and the promise was broken (the shop's own promise).
LATE_DAYS = 2
# The first problem in this order counts when a customer speaks of several.
PROBLEMS = (
    OrderProblem.LOST,
    OrderProblem.DOUBLE_CHARGE,
    OrderProblem.DAMAGED,
    OrderProblem.WRONG,
    OrderProblem.MISSING,
    OrderProblem.LATE,
)


def _shown(message: Message, score: float = 1.0) -> Evidence:
    return Evidence(message.turn.seq, message.quote, score)


def _customer_turns(talk: Talk) -> Found:
    return len(talk.customer), NOTHING


def _language(talk: Talk) -> Found:
    known = [message.turn.language for message in talk.customer if message.turn.language]
    return (known[-1] if known else ""), NOTHING


def _is_miss(message: Message) -> bool:
    return message.turn.answered is False or "miss" in message.marks


def _misses(talk: Talk) -> Found:
    missed = [message for message in talk.assistant if _is_miss(message)]
    return len(missed), tuple(map(_shown, missed))


def _misses_in_a_row(talk: Talk) -> Found:
    run: list[Message] = []
    for message in talk.assistant:
        if _is_miss(message):
            run.append(message)
        elif message.turn.answered:
            run = []
    return len(run), tuple(map(_shown, run))


def _repeated_questions(talk: Talk) -> Found:
    return len(talk.repeated_questions), tuple(map(_shown, talk.repeated_questions))


def _repeated_answers(talk: Talk) -> Found:
    return len(talk.repeated_answers), tuple(map(_shown, talk.repeated_answers))


def _failures(talk: Talk) -> dict[int, Evidence]:
    """What shows that an exchange failed, by the exchange's place."""
    failed: dict[int, Evidence] = {}
    for place, exchange in enumerate(talk.exchanges):
        if place > 0 and (stuck := _stuck(talk, exchange.customer)):
            failed[place - 1] = stuck
        for reply in exchange.replies:
            if _is_miss(reply) or reply in talk.repeated_answers:
                failed.setdefault(place, _shown(reply))
    return failed


def _stuck(talk: Talk, message: Message) -> Evidence | None:
    for group in STUCK_WORDS:
        for evidence in message.says(group):
            return evidence
    if message.turn.intent == "not_helpful" or message in talk.repeated_questions:
        return _shown(message)
    return None


def _failed_exchanges(talk: Talk) -> Found:
    failed = _failures(talk)
    return len(failed), tuple(failed.values())


def _failed_now(talk: Talk) -> Found:
    failed, latest = _failures(talk), len(talk.exchanges) - 1
    evidence = tuple(failed[place] for place in (latest - 1, latest) if place in failed)
    return bool(evidence), evidence


def _waiting_minutes(talk: Talk) -> Found:
    due = next((message for message in talk.customer[:-1] if message.turn.waits), None)
    latest = talk.customer[-1] if talk.customer else None
    if due is None or latest is None or due.turn.at is None or latest.turn.at is None:
        return 0, NOTHING
    return int((latest.turn.at - due.turn.at).total_seconds() // 60), (_shown(due),)


def _earlier_cases(talk: Talk) -> Found:
    return max((message.turn.earlier_cases for message in talk.customer), default=0), NOTHING


def _contacts(talk: Talk) -> Found:
    earlier, _ = _earlier_cases(talk)
    told = [one for message in talk.customer for one in message.says("contacted")]
    return max(int(earlier or 0), int(bool(told))), tuple(told)


def _promise_broken(talk: Talk) -> Found:
    for message, order in _snapshots(talk):
        if int(order.get("days_late") or 0) > LATE_DAYS:
            return True, (_shown(message),)
    told = [one for message in talk.customer for one in message.says("promise_broken")]
    return bool(told), tuple(told)


def _trouble(talk: Talk) -> Found:
    for message in reversed(talk.messages):
        if message.turn.trouble:
            return message.turn.trouble, (_shown(message),)
    return "", NOTHING


def _snapshots(talk: Talk) -> Iterator[tuple[Message, Mapping[str, Any]]]:
    for message in reversed(talk.messages):
        if message.turn.order:
            yield message, message.turn.order


def _order(key: str, read: Callable[[Any], Value], absent: Value) -> Callable[[Talk], Found]:
    def find(talk: Talk) -> Found:
        for message, order in _snapshots(talk):
            value = absent if order.get(key) is None else read(order[key])
            return value, (_shown(message),) if value else NOTHING
        return absent, NOTHING

    return find


def _money(value: Any) -> Decimal | None:
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and amount >= 0 else None


def _order_known(talk: Talk) -> Found:
    for message, _ in _snapshots(talk):
        return True, (_shown(message),)
    return False, NOTHING


def _recorded_problem(talk: Talk) -> Found:
    for message, order in _snapshots(talk):
        late = int(order.get("days_late") or 0) > LATE_DAYS
        problem = order.get("problem") or ("late" if late else "")
        return str(problem), (_shown(message),) if problem else NOTHING
    return "", NOTHING


def _problem(talk: Talk) -> Found:
    recorded = _recorded_problem(talk)
    if recorded[0]:
        return recorded
    known, _ = _order_known(talk)
    for problem in PROBLEMS:
        # The order's own record knows better than anybody whether it is late.
        if known and problem == OrderProblem.LATE:
            continue
        for message in talk.customer:
            if said := message.says(f"problem_{problem}"):
                return problem.value, said
    return "", NOTHING


def _problem_confirmed(talk: Talk) -> Found:
    recorded, evidence = _recorded_problem(talk)
    return bool(recorded), evidence


def _fact_of_order(name: str, kind: Kind, doc: str, key: str) -> Fact:
    readers: dict[Kind, tuple[Callable[[Any], Value], Value]] = {
        "text": (str, ""),
        "count": (int, 0),
        "bool": (bool, False),
        "money": (_money, None),
    }
    return Fact(name, kind, doc, _order(key, *readers[kind]))


SERVICE_HISTORY_FACTS = (
    Fact("customer_turns", "count", "Messages of the customer in this episode.", _customer_turns),
    Fact("language", "text", "The customer's language: en, zh, or empty.", _language),
    Fact("misses", "count", "Times that the assistant had no answer.", _misses),
    Fact("misses_in_a_row", "count", "Misses since the assistant's last answer.", _misses_in_a_row),
    Fact(
        "repeated_questions",
        "count",
        "Times that the customer asked again what they had asked before.",
        _repeated_questions,
    ),
    Fact(
        "repeated_answers",
        "count",
        "Times that the assistant said again what it had said before.",
        _repeated_answers,
    ),
    Fact(
        "failed_exchanges",
        "count",
        "Questions that got no answer, the same answer again, or one that did not help.",
        _failed_exchanges,
    ),
    Fact("failed_now", "bool", "The latest exchange, or the one before it, failed.", _failed_now),
    Fact(
        "waiting_minutes",
        "count",
        "Minutes from when a person was due to the customer's latest message.",
        _waiting_minutes,
    ),
    Fact(
        "earlier_cases",
        "count",
        "Cases of the same customer before this episode, by conversation or e-mail address.",
        _earlier_cases,
    ),
    Fact(
        "contacts",
        "count",
        "Contacts before this one: earlier cases, or one that the customer speaks of.",
        _contacts,
    ),
    Fact(
        "promise_broken",
        "bool",
        "A promise was not kept: the order is late on record, or the customer says so.",
        _promise_broken,
    ),
    Fact(
        "trouble",
        "text",
        "What is out of order: assistant_down, knowledge_down, backoffice_down, emotion_down,"
        " interrupted, or empty.",
        _trouble,
    ),
    Fact("order_known", "bool", "The customer's order was looked up.", _order_known),
    _fact_of_order("order_number", "text", "The order's number.", "number"),
    _fact_of_order(
        "order_status",
        "text",
        "The order's status: processing, packed, dispatched, delivered, cancelled or lost.",
        "status",
    ),
    _fact_of_order("order_value", "money", "What the order cost, without delivery.", "value"),
    _fact_of_order("delivery_paid", "money", "What was paid for delivery.", "delivery_paid"),
    _fact_of_order("currency", "text", "The order's currency (ISO 4217).", "currency"),
    _fact_of_order("days_late", "count", "Working days past the promised date.", "days_late"),
    _fact_of_order("made_to_measure", "bool", "The order was made to measure.", "made_to_measure"),
    Fact(
        "problem",
        "text",
        "What went wrong: late, lost, damaged, wrong, missing, double_charge, or empty.",
        _problem,
    ),
    Fact(
        "problem_confirmed",
        "bool",
        "The order's record shows that problem; else it is what the customer says.",
        _problem_confirmed,
    ),
)
