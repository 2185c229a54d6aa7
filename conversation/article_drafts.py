"""Article drafts made from resolved cases."""

from sqlalchemy import Connection

from conversation import repository
from knowledge_base.authoring.editor import Draft
from language.detect import Language
from language.segment import without_identifiers
from store.enums import Sender
from triage.cases import queue

LONGEST_TITLE = 80


def draft_of_case(connection: Connection, case: int) -> Draft:
    """Return a draft with a case's first unanswered question as title and agents' answers as body.

    When every question was answered, the first question is the title. Personal identifiers, such
    as order numbers and addresses, are left out.

    Raises:
        CaseUnknown: There is no such case.
    """
    found = queue.case(connection, case)
    messages = repository.read(connection, found.conversation, episode=found.episode)
    unanswered = {message.in_reply_to for message in messages if message.answered is False}
    questions = [message for message in messages if message.sender == Sender.CUSTOMER]
    question = next((message for message in questions if message.seq in unanswered), questions[0])
    answers = [
        without_identifiers(message.text) for message in messages if message.sender == Sender.AGENT
    ]
    title = without_identifiers(question.text)[:LONGEST_TITLE]
    language: Language = "zh" if question.language == "zh" else "en"
    return Draft(language, "", title, body="\n\n".join(answers))
