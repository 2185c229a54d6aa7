"""Every member of every closed set that pages show has a label in both languages."""

from enum import StrEnum

import pytest

from api.pages.shared.labels import LABELS, label
from api.pages.shared.translation import translations
from store import enums

KINDS: dict[type[StrEnum], str] = {
    enums.Action: "action",
    enums.CaseState: "state",
    enums.OfferState: "offer",
    enums.OrderProblem: "problem",
    enums.OrderStatus: "order",
    enums.ReturnTo: "return",
    enums.Role: "role",
    enums.RuleFile: "rules",
    enums.Sender: "sender",
    enums.Trouble: "trouble",
    enums.Verdict: "verdict",
}
# Pages show the state of the case, not that of its conversation.
NOT_SHOWN = {enums.ConversationState}


def test_every_closed_set_is_known_to_the_labels() -> None:
    found = {
        value
        for value in vars(enums).values()
        if isinstance(value, type) and issubclass(value, StrEnum) and value is not StrEnum
    }
    assert found == KINDS.keys() | NOT_SHOWN


@pytest.mark.parametrize("closed_set", KINDS)
def test_every_member_has_a_label_in_both_languages(closed_set: type[StrEnum]) -> None:
    kind = KINDS[closed_set]
    for member in closed_set:
        assert member in LABELS[kind]
        chinese = label(translations("zh"), kind, member)
        assert chinese != label(translations("en"), kind, member)


def test_a_key_without_a_label_is_shown_as_it_is_written() -> None:
    assert label(translations("zh"), "action", "call_back") == "call back"
