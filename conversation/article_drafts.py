"""What a case can teach the knowledge base."""

from sqlalchemy import Connection

from conversation import repository
from knowledge_base.authoring.editor import Draft
from language.detect import Language
from language.segment import without_identifiers
from triage.cases import queue

LONGEST_TITLE = 80


def draft_of_case(connection: Connection, case: int) -> Draft:
    """The question of a case that got no answer, and what people answered, as a draft to edit.

    Where every question was answered, it is the first. Order numbers and addresses, which are one
    customer's own, are left out. Raises CaseUnknown.
    """
    known = queue.case(connection, case)
    said = repository.read(connection, known.conversation, episode=known.episode)
    missed = {message.in_reply_to for message in said if message.answered is False}
    asked = [message for message in said if message.sender == "customer"]
    question = next((message for message in asked if message.seq in missed), asked[0])
    answers = [without_identifiers(one.text) for one in said if one.sender == "agent"]
    title = without_identifiers(question.text)[:LONGEST_TITLE]
    language: Language = "zh" if question.language == "zh" else "en"
    return Draft(language, "", title, body="\n\n".join(answers))
