"""Were stored messages changed after a decision was made on them?"""

from collections.abc import Iterator

from sqlalchemy import Connection

from conversation import repository
from triage.audit.hash_chain import Fault
from triage.audit.stored_facts import all_inputs


def changed_messages(connection: Connection) -> Iterator[Fault]:
    """Yield a fault for each decision whose messages are not stored as it saw them.

    The log's seal covers what a decision saw; this compares it with the conversations.
    """
    for conversation, inputs in all_inputs(connection):
        stored = {
            message.seq: (message.sender, message.text)
            for message in repository.read(connection, conversation)
        }
        for decision, decision_input in inputs.items():
            for message in decision_input.messages:
                if stored.get(message.seq) != (message.sender, message.text):
                    yield Fault(decision, f"message {message.seq} was changed after it")
