"""Validation of the policy file: all faults with their lines and rules."""

from pathlib import Path

import pytest

from triage.errors import PolicyError, TriageError
from triage.policy.policy import POLICY, load_policy

DEADLINES = """
deadlines:
  1: {reply: 5, resolve: 60}
  2: {reply: 5, resolve: 60}
  3: {reply: 5, resolve: 60}
  4: {reply: 5, resolve: 60}
"""
RULE = """
rules:
  - id: wish
    when: wants_person
    then: {action: hand_over, priority: 3}
    because: [wants_person]
    text: {en: A wish., zh: 想找人。}
"""
GOOD = DEADLINES + RULE


def faults(text: str) -> list[str]:
    with pytest.raises(PolicyError) as caught:
        load_policy(text)
    assert str(caught.value).splitlines() == [str(fault) for fault in caught.value.faults]
    return [str(fault) for fault in caught.value.faults]


def test_a_valid_policy_is_loaded_from_text_and_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "policy.yml"
    file.write_text(GOOD, encoding="utf-8")
    assert load_policy(file).hash == load_policy(GOOD).hash


def test_the_hash_ignores_comments_and_layout() -> None:
    commented = GOOD.replace("  - id: wish", "  # a comment\n  - id: 'wish'")
    assert load_policy(commented).hash == load_policy(GOOD).hash
    assert load_policy(GOOD.replace("priority: 3", "priority: 2")).hash != load_policy(GOOD).hash
    assert load_policy().hash == load_policy(POLICY.read_text(encoding="utf-8")).hash


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("when: wants_person", "when: wants_persons", "line 10, wish: no fact is called"),
        ("when: wants_person", "when: wants_person &&", "line 10, wish: bad condition"),
        ("when: wants_person", "when: misses", "line 10, wish: a condition is true or false"),
        ("when: wants_person", "when: misses && danger", "line 10, wish: bad condition"),
        ("when: wants_person", "when: danger && misses > 'a'", "line 10, wish: bad condition"),
        ("when: wants_person", "when: open('/etc/passwd')", "line 10, wish: "),
        ("when: wants_person", "when: 10 / misses > 2", "line 10, wish: bad condition"),
        ("when: wants_person", "when: true.foo", "line 10, wish: "),
        ("when: wants_person", "when:", "line 10, wish: `when` is missing"),
        ("action: hand_over", "action: shout", "line 11, wish: `then.action` is one of"),
        ("priority: 3", "priority: 5", "line 11, wish: `then.priority` is at most 4, not 5"),
        ("priority: 3", "priority: true", "line 11, wish: `then.priority` needs a whole number"),
        (", priority: 3", "", "line 11, wish: `then.priority` is missing"),
        ("action: hand_over", "action: watch", "line 11, wish: only a handover has a priority"),
        ("priority: 3", "priority: 3, senior: 1", "line 11, wish: `then.senior` is true or"),
        ("priority: 3", "priority: 3, wording: rude", "line 11, wish: `then.wording` is one"),
        ("because: [wants_person]", "because: [wish]", "line 12, wish: no fact is called 'wish'"),
        ("because: [wants_person]", "because: []", "line 12, wish: `because` has too few"),
        (", zh: 想找人。", "", "line 13, wish: `text.zh` is missing"),
        ("en: A wish.", "en: ''", "line 13, wish: `text.en` is empty"),
        ("text:", "texts:", "line 13, wish: unknown key 'texts'"),
        ("text:", "1.5: 3\n    text:", "line 13, wish: unknown key '1.5'"),
        ("id: wish", "id: A wish", "line 9, A wish: an id has small letters"),
        ("  4: {reply: 5, resolve: 60}\n", "", "deadlines: `4` is missing"),
        ("4: {reply: 5,", "4: {reply: -5,", "line 6, deadlines: `4.reply` is at least 0"),
        ("4: {reply: 5,", "4: {reply: 99,", "line 6, deadlines: a case cannot be resolved"),
        ("rules:", "rule:", "unknown key 'rule'"),
        ("deadlines:", "deadlines: [", "line"),
    ],
)
def test_a_fault_is_reported_with_its_rule_and_line(old: str, new: str, fault: str) -> None:
    assert old in GOOD
    found = faults(GOOD.replace(old, new))
    assert any(line.startswith(fault) or fault in line for line in found), found


def test_all_faults_are_reported_at_once() -> None:
    twice = GOOD + RULE.replace("\nrules:\n", "").replace("wants_person", "wants_people")
    assert faults(twice) == [
        "line 14, wish: two rules have this id",
        "line 15, wish: no fact is called 'wants_people'",
        "line 17, wish: no fact is called 'wants_people'",
    ]


@pytest.mark.parametrize(
    "text",
    ["", "[]", "just words", "rules: 3", "a: 1\na: 2", "\x00", "{", "rules:\n  - 3", "[" * 20_000],
)
def test_text_that_is_not_a_policy_is_refused(text: str) -> None:
    assert faults(text)


def test_an_unreadable_file_is_reported_as_a_fault(tmp_path: Path) -> None:
    with pytest.raises(TriageError, match="cannot be read"):
        load_policy(tmp_path / "nowhere.yml")
    broken = tmp_path / "broken.yml"
    broken.write_bytes(b"rules: \xff\xfe")
    with pytest.raises(TriageError, match="cannot be read"):
        load_policy(broken)
