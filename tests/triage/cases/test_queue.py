"""Cases are opened once, worked in order, claimed by one person, and closed with a cause."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import Engine

from store.enums import CaseState, ReturnTo
from tests.triage.conftest import NOW, POLICY, REMEDIES, OpenCase, People, wish
from tests.triage.talk import assistant, customer, facts, order
from triage.cases import queue
from triage.cases.case import Case
from triage.errors import (
    CaseNotClaimed,
    CaseNotYours,
    CaseResolved,
    CaseTaken,
    CaseUnknown,
    RootCauseUnknown,
    TriageError,
)
from triage.features.facts import NO_FACTS, Facts

DANGER = facts(customer("the lamp caught fire"), assistant())
UPSET = facts(customer("I want a manager!", 0.9), assistant())


def opened_again(engine: Engine, first: Case, known: Facts) -> Case:
    decision = POLICY.evaluate(known)
    with engine.begin() as connection:
        return queue.open_case(
            connection,
            conversation=first.conversation,
            episode=1,
            decision=decision,
            suggestion=REMEDIES.suggest(known),
            deadlines=POLICY.deadlines(decision.priority or 4, NOW),
            opened_seq=1,
            decision_id=first.decision,
            now=NOW,
        )


def test_a_case_keeps_why_it_is_here_and_what_to_offer(open_case: OpenCase) -> None:
    case = open_case("one", wish(order(days_late=4)))
    told = case.as_json("zh")
    assert told == {
        "id": case.id,
        "conversation": "one",
        "state": "waiting",
        "priority": 3,
        "reasons": [
            {
                "rule": "wants_person",
                "text": "客户要求人工服务。",
                "evidence": [{"seq": 1, "quote": "want to talk to a person", "score": 1.0}],
            }
        ],
        "suggestion": told["suggestion"],
        "agent": None,
        "opened_at": "2026-11-22T09:30:00Z",
        "reply_due": "2026-11-22T10:30:00Z",
        "resolve_due": "2026-11-23T12:30:00Z",
    }
    suggestion = told["suggestion"]
    assert (suggestion["remedy"], suggestion["amount"]) == ("refund_delivery", "3.95")
    assert suggestion["explanation"].startswith("应得")
    assert case.as_json("en")["suggestion"]["explanation"].startswith("Entitlement")


def test_a_conversation_has_one_unresolved_case(
    engine: Engine, open_case: OpenCase, people: People
) -> None:
    first = open_case()
    known = wish()
    assert opened_again(engine, first, known) == first
    with engine.begin() as connection:
        assert queue.unresolved(connection, first.conversation) == first
        queue.claim(connection, first.id, people.anna.id, NOW)
        queue.resolve(connection, first.id, people.anna.id, "other", None, REMEDIES, NOW)
        assert queue.unresolved(connection, first.conversation) is None
    assert opened_again(engine, first, known).id != first.id


def test_only_a_handover_opens_a_case(engine: Engine) -> None:
    calm = facts(customer("hello there"))
    with engine.begin() as connection, pytest.raises(ValueError, match="handover"):
        queue.open_case(
            connection,
            conversation="none",
            episode=1,
            decision=POLICY.evaluate(calm),
            suggestion=REMEDIES.suggest(calm),
            deadlines=(NOW, NOW),
            opened_seq=1,
            decision_id=1,
            now=NOW,
        )


def test_the_order_is_priority_then_the_nearest_deadline(
    engine: Engine, open_case: OpenCase
) -> None:
    late = open_case("late", wish(), NOW + timedelta(minutes=5))
    early = open_case("early", wish(), NOW)
    upset = open_case("upset", UPSET, NOW + timedelta(hours=1))
    danger = open_case("danger", DANGER, NOW + timedelta(hours=2))
    expected = [danger.id, upset.id, early.id, late.id]
    with engine.begin() as connection:
        assert [case.id for case in queue.cases(connection, CaseState.WAITING)] == expected
        assert [queue.position(connection, case) for case in expected] == [1, 2, 3, 4]


def test_a_case_handed_back_after_a_first_reply_waits_by_its_second_deadline(
    engine: Engine, open_case: OpenCase, people: People
) -> None:
    answered, other = open_case("answered", wish(), NOW), open_case("other", wish(), NOW)
    with engine.begin() as connection:
        queue.claim(connection, answered.id, people.anna.id, NOW)
        queue.first_reply(connection, answered.id, NOW)
        queue.release(connection, answered.id, people.anna.id, ReturnTo.QUEUE, NOW)
        expected = [other.id, answered.id]
        assert [case.id for case in queue.cases(connection, CaseState.WAITING)] == expected
        assert [queue.position(connection, case) for case in expected] == [1, 2]


def test_a_claimed_case_does_not_wait_any_more(
    engine: Engine, open_case: OpenCase, people: People
) -> None:
    first, second = open_case("one"), open_case("two")
    with engine.begin() as connection:
        claimed = queue.claim(connection, first.id, people.anna.id, NOW)
        assert (claimed.state, claimed.agent, claimed.claimed_at) == ("open", people.anna.id, NOW)
        assert queue.position(connection, first.id) == 0
        assert queue.position(connection, second.id) == 1
        assert [case.id for case in queue.cases(connection, CaseState.OPEN)] == [first.id]
        assert queue.claim(connection, first.id, people.anna.id, NOW) == claimed
        with pytest.raises(CaseTaken):
            queue.claim(connection, first.id, people.bo.id, NOW)


def test_of_many_who_claim_at_once_one_succeeds(
    engine: Engine, open_case: OpenCase, people: People
) -> None:
    for round_ in range(5):
        case = open_case(f"race {round_}")
        together = Barrier(4)

        def claim(
            agent: int, case_id: int = case.id, together: Barrier = together
        ) -> int | type[TriageError]:
            together.wait()
            try:
                with engine.begin() as connection:
                    return queue.claim(connection, case_id, agent, NOW).agent or 0
            except CaseTaken as error:
                return type(error)

        agents = [people.anna.id, people.bo.id, people.sam.id, people.tess.id]
        with ThreadPoolExecutor(4) as pool:
            results = list(pool.map(claim, agents))
        winners = [result for result in results if result in agents]
        assert len(winners) == 1
        assert results.count(CaseTaken) == 3
        with engine.begin() as connection:
            assert queue.case(connection, case.id).agent == winners[0]


def test_a_case_goes_back_to_the_queue_with_its_deadlines(
    engine: Engine, open_case: OpenCase, people: People
) -> None:
    case = open_case()
    with engine.begin() as connection:
        queue.claim(connection, case.id, people.anna.id, NOW)
        back = queue.release(connection, case.id, people.anna.id, ReturnTo.QUEUE, NOW)
        assert back == case
        assert queue.claim(connection, case.id, people.bo.id, NOW).agent == people.bo.id


def test_a_case_goes_back_to_the_assistant_without_a_cause(
    engine: Engine, open_case: OpenCase, people: People
) -> None:
    case = open_case()
    with engine.begin() as connection:
        queue.claim(connection, case.id, people.anna.id, NOW)
        ended = queue.release(connection, case.id, people.anna.id, ReturnTo.ASSISTANT, NOW)
        assert (ended.state, ended.root_cause, ended.resolved_at) == ("resolved", None, NOW)


def test_a_case_is_closed_with_a_root_cause_of_the_list(
    engine: Engine, open_case: OpenCase, people: People
) -> None:
    case = open_case()
    anna = people.anna.id
    with engine.begin() as connection:
        with pytest.raises(CaseNotClaimed):
            queue.resolve(connection, case.id, anna, "carrier_late", None, REMEDIES, NOW)
        queue.claim(connection, case.id, anna, NOW)
        with pytest.raises(RootCauseUnknown):
            queue.resolve(connection, case.id, anna, "bad luck", None, REMEDIES, NOW)
        with pytest.raises(CaseNotYours):
            queue.resolve(connection, case.id, people.bo.id, "other", None, REMEDIES, NOW)
        closed = queue.resolve(connection, case.id, anna, "carrier_late", "sorry", REMEDIES, NOW)
        assert (closed.state, closed.root_cause, closed.note) == (
            "resolved",
            "carrier_late",
            "sorry",
        )
        with pytest.raises(CaseResolved):
            queue.resolve(connection, case.id, anna, "other", None, REMEDIES, NOW)
        with pytest.raises(CaseResolved):
            queue.claim(connection, case.id, anna, NOW)


def test_only_the_first_reply_counts(engine: Engine, open_case: OpenCase, people: People) -> None:
    case, other = open_case("one"), open_case("two", wish(), NOW + timedelta(minutes=1))
    with engine.begin() as connection:
        queue.first_reply(connection, case.id, NOW)
        queue.first_reply(connection, case.id, NOW + timedelta(hours=1))
        assert queue.case(connection, case.id).first_reply_at == NOW
        # Its next deadline is the resolution, so that the other one is nearer now.
        assert [one.id for one in queue.cases(connection)] == [other.id, case.id]


def test_an_unknown_case_is_named(engine: Engine, people: People) -> None:
    with engine.begin() as connection:
        with pytest.raises(CaseUnknown, match="7"):
            queue.case(connection, 7)
        with pytest.raises(CaseUnknown, match="7"):
            queue.claim(connection, 7, people.anna.id, NOW)
        with pytest.raises(CaseUnknown, match="7"):
            queue.position(connection, 7)
        with pytest.raises(CaseUnknown, match="7"):
            queue.release(connection, 7, people.anna.id, ReturnTo.QUEUE, NOW)


def test_a_more_urgent_word_hastens_a_case_that_waits(engine: Engine, open_case: OpenCase) -> None:
    first = open_case("one", UPSET)
    again = opened_again(engine, first, DANGER)
    assert again.id == first.id
    assert again.priority == 1 < first.priority
    assert again.senior
    assert again.reply_due < first.reply_due
    rules = [reason["rule"] for reason in again.reasons]
    assert rules[0] == "danger"
    assert {reason["rule"] for reason in first.reasons} < set(rules)


def test_a_more_urgent_word_leaves_one_reason_on_the_course(
    engine: Engine, open_case: OpenCase
) -> None:
    wrong = {"escalation": 0.9, "customer_turns": 3, "displeased_now": True, "needs_person": 0.9}
    souring = {**wrong, "negative_recent": 0.8, "started_calm": True}
    calm = facts(customer("Hm."), assistant())
    first = open_case("one", replace(calm, values={**calm.values, **souring}))
    angry = {**wrong, "negative_recent": 0.8, "anger_now": 0.9}
    again = opened_again(engine, first, Facts({**NO_FACTS.values, **angry}, {}))
    assert again.priority < first.priority
    assert sum("is_escalation" in reason for reason in first.reasons) == 1
    assert sum("is_escalation" in reason for reason in again.reasons) == 1


def test_a_calmer_word_changes_nothing(engine: Engine, open_case: OpenCase) -> None:
    first = open_case("one", DANGER)
    assert opened_again(engine, first, UPSET) == first


def test_earlier_cases_of_a_customer_are_found_by_conversation_and_address(
    engine: Engine, open_case: OpenCase
) -> None:
    first = open_case("first", identity={"email": "Li.Wei@Shop.example"})
    other = open_case("other", identity={"email": "anna@shop.example"})
    unknown = open_case("unknown")
    with engine.begin() as connection:
        assert queue.earlier(connection, "new", 1, "li.wei@shop.EXAMPLE") == 1
        assert queue.earlier(connection, "new", 1, None) == 0
        assert queue.earlier(connection, first.conversation, 1, "li.wei@shop.example") == 0
        assert queue.earlier(connection, first.conversation, 2, "li.wei@shop.example") == 1
        assert queue.earlier(connection, unknown.conversation, 2, None) == 1
        assert queue.earlier(connection, other.conversation, 1, "li.wei@shop.example") == 1


def test_the_latest_case_of_a_conversation_and_the_counts_by_state(
    engine: Engine, open_case: OpenCase, people: People
) -> None:
    first, second = open_case("one"), open_case("two")
    with engine.begin() as connection:
        assert queue.latest(connection, "nobody") is None
        assert queue.latest(connection, first.conversation) == first
        queue.claim(connection, second.id, people.anna.id, NOW)
        assert queue.counts(connection) == {CaseState.WAITING: 1, CaseState.OPEN: 1}
        ended = queue.resolve(connection, second.id, people.anna.id, "other", None, REMEDIES, NOW)
        assert queue.resolved(connection, 10) == [ended]
        assert queue.cases_with_ids(connection, [first.id]) == {first.id: first}
