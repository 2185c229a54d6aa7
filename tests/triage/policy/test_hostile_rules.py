"""Invalid, huge, costly or hostile rule files are refused with a message."""

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.triage.policy.test_policy_file import GOOD, faults
from tests.triage.policy.test_policy_file import RULE as ONE
from triage.compensation.remedies import REMEDIES, load_remedies
from triage.errors import RulesError
from triage.policy.policy import POLICY, load_policy
from triage.rule_file import LONGEST, LONGEST_TEXT

Load = Callable[[str], object]


def condition(text: str) -> str:
    return GOOD.replace("when: wants_person", f"when: |-\n      {text}")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[1].all(danger, true)", "cannot call 'all'"),
        ("[1] . exists ( danger, danger > 1 )", "cannot call 'exists'"),
        ("[1, 2].map(danger, [1, 2].map(threat, 1)) == []", "cannot call 'map'"),
        ("[1].filter(danger, true) == []", "cannot call 'filter'"),
        ("[1].exists_one(danger, true)", "cannot call 'exists_one'"),
        ("[1].all// a comment\n      (danger, true)", "no backslash, comment"),
        ("'\\'' == problem || [1].all(danger, true) || '\\'' == problem", "no backslash"),
        ("''' ' ''' == problem || [1].all(danger, true)", "triple quote"),
        ("has(danger.a)", "cannot call 'has'"),
        ("problem.matches('(a+)+$')", "cannot call 'matches'"),
        ("problem.matches('((a{1,1000}){1,1000}){1,1000}')", "cannot call 'matches'"),
        ("timestamp('2020-01-01T00:00:00Z') < timestamp(problem)", "cannot call 'timestamp'"),
        ("danger || " * 150 + "danger", "at most 1,000 characters"),
        ("misses == " + "9" * 500, "bad condition"),
        ("misses + 9223372036854775807 > 0", "bad condition"),
        ("(" * 21 + "danger" + ")" * 21, "at most 20 deep"),
        ("[" * 400 + "]" * 400 + " == []", "at most 20 deep"),
        ("danger ? " * 100 + "danger" + " : danger" * 10, "bad condition"),
        ("'a' * 100000 == problem", "bad condition"),
        ("misses", "is true or false, this one is 0"),
        ("wants_person == 'yes' || missing_fact", "no fact is called 'missing_fact'"),
        ("exec('rm -rf /')", "cannot call 'exec'"),
    ],
)
def test_a_costly_or_invalid_condition_is_refused(text: str, fault: str) -> None:
    found = faults(condition(text))
    assert fault in found[0]
    assert "wish" in found[0]


@pytest.mark.parametrize(
    "text",
    [
        "double(misses) >= 2.5 && size(problem) > 3",
        "problem in ['late', 'lost'] || problem.startsWith('dam')",
        "!" * 900 + "danger",
        "danger || (misses > 1 ? threat : wants_person)",
        "problem == 'all(x)'",
    ],
)
def test_an_ordinary_condition_is_accepted(text: str) -> None:
    assert load_policy(condition(text)).rules[0].id == "wish"


BOMB = "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (BOMB + GOOD, "line 1: anchors and aliases"),
        (GOOD.replace("rules:", "rules: &rules"), "line 8: anchors and aliases"),
        (GOOD.replace("danger", "x") + "x: !!python/object:os.system {}\n", "tags (!)"),
        (GOOD.replace("A wish.", "!!binary aGk="), "line 13: tags (!)"),
        (GOOD + "x: " + "[" * 13 + "]" * 13, "line 14: too many levels"),
        ("[" * 50_000, "line 1: too many levels"),
        ("{a: " * 20_000, "line 1: too many levels"),
        (GOOD + "#" * LONGEST, "longer than 100,000 characters"),
        (GOOD.replace("A wish.", "wish " * LONGEST_TEXT), "line 13: a text is longer than 2,000"),
        (GOOD.replace("reply: 5,", "reply: " + "9" * 1_900 + ","), "`1.reply` is at most 527,040"),
        (
            GOOD.replace("reply: 5,", "reply: 0x" + "f" * 1_900 + ","),
            "`1.reply` is at most 527,040",
        ),
        (GOOD.replace("reply: 5,", "reply: 1e999999,"), "`1.reply` needs a number"),
        (GOOD.replace("reply: 5,", "reply: 2026-02-30,"), "`1.reply` needs a number"),
        (
            GOOD.replace("[wants_person]", "[[wants_person]]"),
            "line 12, wish: `because` needs a text",
        ),
        (GOOD.replace("[wants_person]", "[{a: b}]"), "line 12, wish: `because` needs a text"),
        (GOOD.replace("A wish.", "[1]"), "line 13, wish: `text.en` needs a text, not [1]"),
        (GOOD.replace("text:", "? [a, b]\n    :"), "wish: unknown key"),
        (GOOD.replace("wants_person\n", "${HOME}\n"), "line 10, wish: bad condition"),
        (GOOD + ONE.replace("\nrules:\n", ""), "line 14, wish: two rules have this id"),
        ("a: 1\n---\nb: 2", "line 2: cannot be read: but found another document"),
        ("a: \ud800", "line 1: "),
        (GOOD.replace("A wish.", '"\\ud800"'), "line 13: a text has half a character"),
        (GOOD.replace("text:", '"\\udfff": 1\n    text:'), "line 13: a text has half a character"),
    ],
)
def test_a_hostile_or_malformed_file_is_refused(text: str, fault: str) -> None:
    found = faults(text)
    assert any(fault in line for line in found), found
    assert max(map(len, found)) < 300


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("gives: resend", "gives: [resend]", "`gives` needs a text, not ['resend']"),
        ("instead: [refund_full]", "instead: 3", "`instead` needs a list, not 3"),
        ("instead: [refund_full]", "instead: [{a: b}]", "`instead` needs a text, not {"),
        ("amount: order_value", "amount: [order_value]", "`amount` needs a text, not ["),
        ("expires_days: 14", "expires_days: 1e300", "`expires_days` is at most 3,650"),
        ("{days: 90}", "{days: 99999999}", "`days` is at most 3,650"),
        ("most: 2000", "most: 1E+999999", "`GBP.most` needs a number"),
    ],
)
def test_remedies_with_values_of_a_wrong_type_or_range_are_refused(
    old: str, new: str, fault: str
) -> None:
    text = REMEDIES.read_text("utf-8")
    assert old in text
    with pytest.raises(RulesError) as caught:
        load_remedies(text.replace(old, new, 1))
    assert fault in str(caught.value)


def test_the_costliest_allowed_file_is_loaded() -> None:
    costly = " || ".join(f"misses > {number}" for number in range(60))
    rules = "".join(
        ONE.replace("\nrules:\n", "").replace("id: wish", f"id: wish_{number}")
        for number in range(60)
    ).replace("when: wants_person", f"when: {costly}")
    assert LONGEST * 0.6 < len(GOOD + rules) < LONGEST
    assert len(load_policy(GOOD + rules).rules) == 61


@pytest.mark.slow
@pytest.mark.parametrize(("path", "load"), [(POLICY, load_policy), (REMEDIES, load_remedies)])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(data=st.data())
def test_any_change_of_a_line_gives_a_policy_or_a_fault(
    path: object, load: Load, data: st.DataObject
) -> None:
    lines = (POLICY if path == POLICY else REMEDIES).read_text("utf-8").splitlines()
    place = data.draw(st.integers(0, len(lines) - 1))
    start = data.draw(st.integers(0, len(lines[place])))
    strange = data.draw(
        st.sampled_from(
            [
                "[",
                "{",
                "]",
                ":",
                "- ",
                "? ",
                "!x",
                "*",
                "\t",
                "null",
                "~",
                "3",
                "'",
                '"',
                "|",
                "%",
                "\u2028",
                "\x07",
                "<<: {a: 1}",
                "[1, {}]",
            ]
        )
    )
    lines[place] = lines[place][:start] + strange + lines[place][start:]
    try:
        load("\n".join(lines))
    except RulesError as error:
        refused = error
    else:
        return
    assert refused.faults
    assert all(1 <= fault.line <= len(lines) + 1 for fault in refused.faults)
