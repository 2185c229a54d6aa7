"""Store the input of every decision, derive it for decisions that were made before

Also: the words that make a message negative get a column of their own.
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

decisions = sa.table(
    "decisions",
    sa.column("id", sa.Integer),
    sa.column("conversation_id", sa.String),
    sa.column("seq", sa.Integer),
    sa.column("circumstances", sa.JSON),
    sa.column("episode", sa.Integer),
    sa.column("input", sa.JSON),
)
messages = sa.table(
    "messages",
    *(sa.column(name) for name in ("conversation_id", "seq", "episode", "sender", "text", "at")),
    *(sa.column(name) for name in ("language", "intent", "answered", "trouble", "in_reply_to")),
    sa.column("earlier_cases", sa.Integer),
    sa.column("reading", sa.JSON(none_as_null=True)),
    sa.column("attributions", sa.JSON(none_as_null=True)),
    sa.column("order", sa.JSON),
    sa.column("handover", sa.JSON),
)

# What is known of a customer message only once its turn has ended.
FOUND_OUT = ("language", "reading", "intent", "trouble", "handover", "earlier_cases")
IN_INPUT = ("seq", "sender", "text", "at", "answered", "order", *FOUND_OUT)


def upgrade() -> None:
    """Apply the change."""
    # Plain ADD COLUMN: SQLite cannot rebuild a table that others refer to while it checks them.
    one = sa.text("1")
    for column in (
        sa.Column("episode", sa.Integer(), nullable=False, server_default=one),
        sa.Column("input", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("features_version", sa.String(length=16), nullable=True),
        sa.Column("seal_version", sa.Integer(), nullable=False, server_default=one),
    ):
        op.add_column("decisions", column)
    op.add_column("messages", sa.Column("attributions", sa.JSON(none_as_null=True), nullable=True))
    connection = op.get_bind()
    _move_attributions(connection)
    ids = connection.scalars(sa.select(decisions.c.conversation_id).distinct()).all()
    for conversation in ids:
        _derive_inputs(connection, conversation)


def downgrade() -> None:
    """Take the change back."""
    for name in ("seal_version", "features_version", "input", "episode"):
        op.drop_column("decisions", name)
    op.drop_column("messages", "attributions")


def _move_attributions(connection: sa.Connection) -> None:
    """Take the words out of the readings."""
    key = messages.c.conversation_id, messages.c.seq
    read = connection.execute(sa.select(*key, messages.c.reading)).all()
    for conversation, seq, reading in read:
        if not reading or "words" not in reading:
            continue
        words = reading.pop("words")
        own = messages.c.conversation_id == conversation, messages.c.seq == seq
        connection.execute(
            sa.update(messages).where(*own).values(reading=reading, attributions=words or None)
        )


def _derive_inputs(connection: sa.Connection, conversation: str) -> None:
    own = messages.c.conversation_id == conversation
    said = [
        dict(row._mapping)
        for row in connection.execute(sa.select(messages).where(own).order_by(messages.c.seq))
    ]
    made = connection.execute(
        sa.select(decisions)
        .where(decisions.c.conversation_id == conversation)
        .order_by(decisions.c.id)
    ).all()
    known: dict[int, dict[int, dict]] = {}
    for decision in made:
        episode = next(message["episode"] for message in said if message["seq"] == decision.seq)
        stood, proposed = _as_it_stood(said, decision, episode)
        before = known.get(episode, {})
        new = {"version": 1}
        new["messages"] = [one for seq, one in stood.items() if before.get(seq) != one]
        new["proposed"] = proposed
        if removed := sorted(before.keys() - stood.keys()):
            new["removed"] = removed
        if decision.circumstances is None:
            new["reconstructed"] = True
        known[episode] = stood
        connection.execute(
            sa.update(decisions)
            .where(decisions.c.id == decision.id)
            .values(episode=episode, input=new)
        )


def _as_it_stood(
    said: list[dict], decision: sa.Row, episode: int
) -> tuple[dict[int, dict], list[dict]]:
    """Return the messages by seq and the assistant's proposed replies, as the decision saw them.

    Decisions of the first version did not store their circumstances: there the messages up to the
    decision's own are taken, and the replies that were sent.
    """
    seen = decision.circumstances
    if seen is None:
        there = [one for one in said if one["episode"] == episode and one["seq"] <= decision.seq]
        unfinished = []
        replies = [
            one
            for one in said
            if one["in_reply_to"] == decision.seq and one["sender"] == "assistant"
        ]
    else:
        there = [
            one
            for first, last in seen["said"]
            for one in said
            if first <= one["seq"] <= last
        ]
        unfinished, replies = seen["unfinished"], seen["proposed"]
    stood = {}
    for message in there:
        message = {name: message[name] for name in IN_INPUT}
        if message["seq"] == decision.seq:
            message["handover"] = None
        if message["seq"] in unfinished:
            message |= dict.fromkeys(FOUND_OUT)
        stood[message["seq"]] = _as_json(message)
    at = next(one["at"] for one in said if one["seq"] == decision.seq)
    proposed = [
        _as_json(
            {
                "seq": there[-1]["seq"] + number,
                "sender": "assistant",
                "at": at,
                **{name: reply[name] for name in ("text", "answered", "order", "trouble")},
            }
        )
        for number, reply in enumerate(replies, 1)
    ]
    return stood, proposed


def _as_json(message: dict) -> dict:
    values = {name: value for name, value in message.items() if value is not None}
    at = values["at"]
    if isinstance(at, str):
        at = datetime.fromisoformat(at)
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    return values | {"at": at.isoformat().replace("+00:00", "Z")}
