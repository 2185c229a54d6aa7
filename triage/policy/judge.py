"""A whole conversation judged at once: would it be handed over, and at which turn?"""

from collections.abc import Sequence
from dataclasses import dataclass

from store.enums import Action
from triage.emotion.context_window import Said
from triage.emotion.model import EmotionModel
from triage.features.facts import Turn, extract_facts
from triage.policy.policy import Policy


@dataclass(frozen=True)
class Judgement:
    """`turn` counts the customer's turns from 1; None when nobody needs to take over.

    `decision` is hand_over when there is such a turn, else the decision at the last turn.
    """

    decision: Action
    turn: int | None


def judge(conversation: Sequence[Said], model: EmotionModel, policy: Policy) -> Judgement:
    """Return the judgement of one conversation.

    As in a live chat, a customer's turn is decided once it was replied to: the facts of a turn
    are of all messages before the customer's next one.
    """
    places = [place for place, said in enumerate(conversation) if said.sender == "customer"]
    texts = [conversation[place].text for place in places]
    readings = iter(model.read_many(texts, [conversation[:place] for place in places]))
    turns: list[Turn] = []
    decision: Action = Action.CONTINUE
    customer_turns = 0
    for seq, said in enumerate(conversation, start=1):
        is_customer = said.sender == "customer"
        reading = next(readings) if is_customer else None
        answered = True if said.sender == "assistant" and said.answered is None else said.answered
        turns.append(
            Turn(
                seq,
                said.sender,
                said.text,
                language=reading.language if reading else None,
                reading=reading,
                answered=answered,
            )
        )
        customer_turns += is_customer
        next_is_reply = seq < len(conversation) and conversation[seq].sender != "customer"
        if customer_turns == 0 or next_is_reply:
            continue
        decision = policy.decide(extract_facts(turns)).action
        if decision == "hand_over":
            return Judgement(decision, customer_turns)
    return Judgement(decision, None)
