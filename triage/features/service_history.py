"""Facts of the service given: what stayed unanswered, and what is known of the order."""

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from store.enums import OrderProblem
from triage.features.episode import (
    Episode,
    Evidence,
    MessageFeatures,
)
from triage.features.fact import NO_EVIDENCE, Fact, FactKind, Found, Value

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


def _customer_turns(episode: Episode) -> Found:
    return len(episode.customer), NO_EVIDENCE


def _language(episode: Episode) -> Found:
    known = [message.raw.language for message in episode.customer if message.raw.language]
    return (known[-1] if known else ""), NO_EVIDENCE


def _is_miss(message: MessageFeatures) -> bool:
    return message.raw.answered is False or "miss" in message.marks


def _misses(episode: Episode) -> Found:
    missed = [message for message in episode.assistant if _is_miss(message)]
    return len(missed), tuple(map(MessageFeatures.as_evidence, missed))


def _misses_in_a_row(episode: Episode) -> Found:
    run: list[MessageFeatures] = []
    for message in episode.assistant:
        if _is_miss(message):
            run.append(message)
        elif message.raw.answered:
            run = []
    return len(run), tuple(map(MessageFeatures.as_evidence, run))


def _repeated_questions(episode: Episode) -> Found:
    return len(episode.repeated_questions), tuple(
        map(MessageFeatures.as_evidence, episode.repeated_questions)
    )


def _repeated_answers(episode: Episode) -> Found:
    return len(episode.repeated_answers), tuple(
        map(MessageFeatures.as_evidence, episode.repeated_answers)
    )


def _failures(episode: Episode) -> dict[int, Evidence]:
    """What shows that an exchange failed, by the exchange's place."""
    failed: dict[int, Evidence] = {}
    for place, exchange in enumerate(episode.exchanges):
        if place > 0 and (stuck := _stuck(episode, exchange.customer)):
            failed[place - 1] = stuck
        for reply in exchange.replies:
            if _is_miss(reply) or reply in episode.repeated_answers:
                failed.setdefault(place, reply.as_evidence())
    return failed


def _stuck(episode: Episode, message: MessageFeatures) -> Evidence | None:
    for group in STUCK_WORDS:
        for evidence in message.says(group):
            return evidence
    if message.raw.intent == "not_helpful" or message in episode.repeated_questions:
        return message.as_evidence()
    return None


def _failed_exchanges(episode: Episode) -> Found:
    failed = _failures(episode)
    return len(failed), tuple(failed.values())


def _failed_now(episode: Episode) -> Found:
    failed, latest = _failures(episode), len(episode.exchanges) - 1
    evidence = tuple(failed[place] for place in (latest - 1, latest) if place in failed)
    return bool(evidence), evidence


def _waiting_minutes(episode: Episode) -> Found:
    due = next((message for message in episode.customer[:-1] if message.raw.handover), None)
    latest = episode.customer[-1] if episode.customer else None
    if due is None or latest is None:
        return 0, NO_EVIDENCE
    return int((latest.raw.at - due.raw.at).total_seconds() // 60), (due.as_evidence(),)


def _earlier_cases(episode: Episode) -> Found:
    counts = (message.raw.earlier_cases or 0 for message in episode.customer)
    return max(counts, default=0), NO_EVIDENCE


def _contacts(episode: Episode) -> Found:
    earlier, _ = _earlier_cases(episode)
    told = [words for message in episode.customer for words in message.says("contacted")]
    return max(int(earlier or 0), int(bool(told))), tuple(told)


def _promise_broken(episode: Episode) -> Found:
    for message, order in _snapshots(episode):
        if int(order.get("days_late") or 0) > LATE_DAYS:
            return True, (message.as_evidence(),)
    told = [words for message in episode.customer for words in message.says("promise_broken")]
    return bool(told), tuple(told)


def _trouble(episode: Episode) -> Found:
    for message in reversed(episode.messages):
        if message.raw.trouble:
            return str(message.raw.trouble), (message.as_evidence(),)
    return "", NO_EVIDENCE


def _snapshots(episode: Episode) -> Iterator[tuple[MessageFeatures, Mapping[str, Any]]]:
    for message in reversed(episode.messages):
        if message.raw.order:
            yield message, message.raw.order


def _order(key: str, read: Callable[[Any], Value], absent: Value) -> Callable[[Episode], Found]:
    def find(episode: Episode) -> Found:
        for message, order in _snapshots(episode):
            value = absent if order.get(key) is None else read(order[key])
            return value, (message.as_evidence(),) if value else NO_EVIDENCE
        return absent, NO_EVIDENCE

    return find


def _money(value: Any) -> Decimal | None:
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and amount >= 0 else None


def _order_known(episode: Episode) -> Found:
    for message, _ in _snapshots(episode):
        return True, (message.as_evidence(),)
    return False, NO_EVIDENCE


def _recorded_problem(episode: Episode) -> Found:
    for message, order in _snapshots(episode):
        late = int(order.get("days_late") or 0) > LATE_DAYS
        problem = order.get("problem") or ("late" if late else "")
        return str(problem), (message.as_evidence(),) if problem else NO_EVIDENCE
    return "", NO_EVIDENCE


def _problem(episode: Episode) -> Found:
    recorded = _recorded_problem(episode)
    if recorded[0]:
        return recorded
    known, _ = _order_known(episode)
    for problem in PROBLEMS:
        # The order's own record knows better than anybody whether it is late.
        if known and problem == OrderProblem.LATE:
            continue
        for message in episode.customer:
            if said := message.says(f"problem_{problem}"):
                return problem.value, said
    return "", NO_EVIDENCE


def _problem_confirmed(episode: Episode) -> Found:
    recorded, evidence = _recorded_problem(episode)
    return bool(recorded), evidence


def _fact_of_order(name: str, kind: FactKind, doc: str, key: str) -> Fact:
    readers: dict[FactKind, tuple[Callable[[Any], Value], Value]] = {
        FactKind.TEXT: (str, ""),
        FactKind.COUNT: (int, 0),
        FactKind.BOOL: (bool, False),
        FactKind.MONEY: (_money, None),
    }
    return Fact(name, kind, doc, _order(key, *readers[kind]))


SERVICE_HISTORY_FACTS = (
    Fact(
        "customer_turns",
        FactKind.COUNT,
        "Messages of the customer in this episode.",
        _customer_turns,
    ),
    Fact("language", FactKind.TEXT, "The customer's language: en, zh, or empty.", _language),
    Fact("misses", FactKind.COUNT, "Times that the assistant had no answer.", _misses),
    Fact(
        "misses_in_a_row",
        FactKind.COUNT,
        "Misses since the assistant's last answer.",
        _misses_in_a_row,
    ),
    Fact(
        "repeated_questions",
        FactKind.COUNT,
        "Times that the customer repeated an earlier question.",
        _repeated_questions,
    ),
    Fact(
        "repeated_answers",
        FactKind.COUNT,
        "Times that the assistant repeated an earlier answer.",
        _repeated_answers,
    ),
    Fact(
        "failed_exchanges",
        FactKind.COUNT,
        "Questions that got no answer, a repeated answer, or one that did not help.",
        _failed_exchanges,
    ),
    Fact(
        "failed_now",
        FactKind.BOOL,
        "The latest exchange, or the one before it, failed.",
        _failed_now,
    ),
    Fact(
        "waiting_minutes",
        FactKind.COUNT,
        "Minutes from the handover to the customer's latest message.",
        _waiting_minutes,
    ),
    Fact(
        "earlier_cases",
        FactKind.COUNT,
        "Cases of the same customer before this episode, by conversation or e-mail address.",
        _earlier_cases,
    ),
    Fact(
        "contacts",
        FactKind.COUNT,
        "Earlier contacts: earlier cases, or one that the customer mentions.",
        _contacts,
    ),
    Fact(
        "promise_broken",
        FactKind.BOOL,
        "A promise was not kept: the order is late, or the customer says so.",
        _promise_broken,
    ),
    Fact(
        "trouble",
        FactKind.TEXT,
        "What failed on our side: assistant_down, knowledge_down, backoffice_down, emotion_down,"
        " interrupted, or empty.",
        _trouble,
    ),
    Fact("order_known", FactKind.BOOL, "The customer's order was looked up.", _order_known),
    _fact_of_order("order_number", FactKind.TEXT, "The order's number.", "number"),
    _fact_of_order(
        "order_status",
        FactKind.TEXT,
        "The order's status: processing, packed, dispatched, delivered, cancelled or lost.",
        "status",
    ),
    _fact_of_order(
        "order_value", FactKind.MONEY, "What the order cost, without delivery.", "value"
    ),
    _fact_of_order("delivery_paid", FactKind.MONEY, "What was paid for delivery.", "delivery_paid"),
    _fact_of_order("currency", FactKind.TEXT, "The order's currency (ISO 4217).", "currency"),
    _fact_of_order(
        "days_late", FactKind.COUNT, "Working days past the promised date.", "days_late"
    ),
    _fact_of_order(
        "made_to_measure", FactKind.BOOL, "The order was made to measure.", "made_to_measure"
    ),
    Fact(
        "problem",
        FactKind.TEXT,
        "What went wrong: late, lost, damaged, wrong, missing, double_charge, or empty.",
        _problem,
    ),
    Fact(
        "problem_confirmed",
        FactKind.BOOL,
        "The order itself shows the problem; otherwise only the customer reports it.",
        _problem_confirmed,
    ),
)
