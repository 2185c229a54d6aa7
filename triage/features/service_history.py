"""Service-history facts: what the assistant could not answer, earlier contacts and the order."""

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from store.enums import OrderProblem, Sender
from triage.features.episode import Episode, Evidence, MessageFeatures
from triage.features.fact import NO_EVIDENCE, Extracted, Fact, FactKind, Value

# Groups of the lexicon by which a customer says that the previous exchange did not help.
UNRESOLVED_WORDS = ("unhelpful", "again", "unsolved")
# The shop promises delivery with at most so many working days of delay.
LATE_DAYS = 2
# The exchanges that `failed_lately` looks at: a long conversation does not add up its failures.
LATELY = 5
# The first problem in this order counts when a customer speaks of several.
PROBLEMS = (
    OrderProblem.LOST,
    OrderProblem.DOUBLE_CHARGE,
    OrderProblem.DAMAGED,
    OrderProblem.WRONG,
    OrderProblem.MISSING,
    OrderProblem.LATE,
)


def _customer_turns(episode: Episode) -> Extracted:
    return len(episode.customer), NO_EVIDENCE


def _language(episode: Episode) -> Extracted:
    known = [message.raw.language for message in episode.customer if message.raw.language]
    return (known[-1] if known else ""), NO_EVIDENCE


def _misses(episode: Episode) -> Extracted:
    missed = [message for message in episode.assistant if message.is_miss]
    return len(missed), tuple(map(MessageFeatures.as_evidence, missed))


def _misses_in_a_row(episode: Episode) -> Extracted:
    run: list[MessageFeatures] = []
    for message in episode.assistant:
        if message.is_miss:
            run.append(message)
        elif message.raw.answered:
            run = []
    return len(run), tuple(map(MessageFeatures.as_evidence, run))


def _repeated_questions(episode: Episode) -> Extracted:
    return len(episode.repeated_questions), tuple(
        map(MessageFeatures.as_evidence, episode.repeated_questions)
    )


def _repeated_answers(episode: Episode) -> Extracted:
    return len(episode.repeated_answers), tuple(
        map(MessageFeatures.as_evidence, episode.repeated_answers)
    )


def _failures(episode: Episode) -> dict[int, Evidence]:
    """Return the evidence of each failed exchange, by its index in `episode.exchanges`."""
    failed: dict[int, Evidence] = {}
    for index, exchange in enumerate(episode.exchanges):
        if index > 0 and (unresolved := _unresolved(episode, exchange.customer)):
            failed[index - 1] = unresolved
        for reply in exchange.replies:
            if reply.is_miss or reply in episode.repeated_answers:
                failed.setdefault(index, reply.as_evidence())
    return failed


def _unresolved(episode: Episode, message: MessageFeatures) -> Evidence | None:
    """Return the evidence that the exchange before `message` did not help, if there is any."""
    for group in UNRESOLVED_WORDS:
        for evidence in message.evidence_of(group):
            return evidence
    if message.raw.intent == "not_helpful" or message in episode.repeated_questions:
        return message.as_evidence()
    return None


def _failed_exchanges(episode: Episode) -> Extracted:
    failed = _failures(episode)
    return len(failed), tuple(failed.values())


def _failed_lately(episode: Episode) -> Extracted:
    first = len(episode.exchanges) - LATELY
    failed = tuple(words for index, words in _failures(episode).items() if index >= first)
    return len(failed), failed


def _failed_now(episode: Episode) -> Extracted:
    failed, latest = _failures(episode), len(episode.exchanges) - 1
    evidence = tuple(failed[index] for index in (latest - 1, latest) if index in failed)
    return bool(evidence), evidence


def _waiting_minutes(episode: Episode) -> Extracted:
    handed_over = next((message for message in episode.customer[:-1] if message.raw.handover), None)
    latest = episode.customer[-1] if episode.customer else None
    if handed_over is None or latest is None:
        return 0, NO_EVIDENCE
    people = [message.raw.at for message in episode.messages if message.raw.sender == Sender.AGENT]
    waited = latest.raw.at - max([handed_over.raw.at, *people])
    return max(0, int(waited.total_seconds() // 60)), (handed_over.as_evidence(),)


def _earlier_cases(episode: Episode) -> Extracted:
    counts = (message.raw.earlier_cases or 0 for message in episode.customer)
    return max(counts, default=0), NO_EVIDENCE


def _contacts(episode: Episode) -> Extracted:
    earlier, _ = _earlier_cases(episode)
    mentioned = _customer_evidence(episode, "contacted")
    return max(int(earlier or 0), int(bool(mentioned))), mentioned


def _promise_broken(episode: Episode) -> Extracted:
    for message, order in _order_snapshots(episode):
        if int(order.get("days_late") or 0) > LATE_DAYS:
            return True, (message.as_evidence(),)
    reported = _customer_evidence(episode, "promise_broken")
    return bool(reported), reported


def _customer_evidence(episode: Episode, group: str) -> tuple[Evidence, ...]:
    return tuple(
        evidence for message in episode.customer for evidence in message.evidence_of(group)
    )


def _trouble(episode: Episode) -> Extracted:
    for message in reversed(episode.messages):
        if message.raw.trouble:
            return str(message.raw.trouble), (message.as_evidence(),)
    return "", NO_EVIDENCE


def _order_snapshots(episode: Episode) -> Iterator[tuple[MessageFeatures, Mapping[str, Any]]]:
    """Yield the messages with a snapshot of an order, the latest first."""
    for message in reversed(episode.messages):
        if message.raw.order:
            yield message, message.raw.order


def _order_field(
    key: str, convert: Callable[[Any], Value], default: Value
) -> Callable[[Episode], Extracted]:
    def extract(episode: Episode) -> Extracted:
        for message, order in _order_snapshots(episode):
            value = default if order.get(key) is None else convert(order[key])
            return value, (message.as_evidence(),) if value else NO_EVIDENCE
        return default, NO_EVIDENCE

    return extract


def _money(value: Any) -> Decimal | None:
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and amount >= 0 else None


def _order_known(episode: Episode) -> Extracted:
    for message, _ in _order_snapshots(episode):
        return True, (message.as_evidence(),)
    return False, NO_EVIDENCE


def _recorded_problem(episode: Episode) -> Extracted:
    for message, order in _order_snapshots(episode):
        late = int(order.get("days_late") or 0) > LATE_DAYS
        problem = order.get("problem") or ("late" if late else "")
        return str(problem), (message.as_evidence(),) if problem else NO_EVIDENCE
    return "", NO_EVIDENCE


def _problem(episode: Episode) -> Extracted:
    recorded = _recorded_problem(episode)
    if recorded[0]:
        return recorded
    known, _ = _order_known(episode)
    for problem in PROBLEMS:
        # Where the order is known, its own data decide whether it is late.
        if known and problem == OrderProblem.LATE:
            continue
        for message in episode.customer:
            if evidence := message.evidence_of(f"problem_{problem}"):
                return problem.value, evidence
    return "", NO_EVIDENCE


def _problem_confirmed(episode: Episode) -> Extracted:
    recorded, evidence = _recorded_problem(episode)
    return bool(recorded), evidence


def _order_fact(name: str, kind: FactKind, doc: str, key: str) -> Fact:
    converters: dict[FactKind, tuple[Callable[[Any], Value], Value]] = {
        FactKind.TEXT: (str, ""),
        FactKind.COUNT: (int, 0),
        FactKind.BOOL: (bool, False),
        FactKind.MONEY: (_money, None),
    }
    return Fact(name, kind, doc, _order_field(key, *converters[kind]))


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
        "failed_lately",
        FactKind.COUNT,
        f"Such questions among the last {LATELY}.",
        _failed_lately,
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
        "Minutes from the handover, or a person's last message, to the customer's latest message.",
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
    _order_fact("order_number", FactKind.TEXT, "The order's number.", "number"),
    _order_fact(
        "order_status",
        FactKind.TEXT,
        "The order's status: processing, packed, dispatched, delivered, cancelled or lost.",
        "status",
    ),
    _order_fact("order_value", FactKind.MONEY, "What the order cost, without delivery.", "value"),
    _order_fact("delivery_paid", FactKind.MONEY, "What was paid for delivery.", "delivery_paid"),
    _order_fact("currency", FactKind.TEXT, "The order's currency (ISO 4217).", "currency"),
    _order_fact("days_late", FactKind.COUNT, "Working days past the promised date.", "days_late"),
    _order_fact(
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
