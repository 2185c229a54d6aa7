"""Every table of the database. What a column may hold is checked by the database as well."""

from enum import StrEnum

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    Enum,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from store.enums import (
    Action,
    CaseState,
    ConversationState,
    OfferState,
    Role,
    RuleFile,
    Sender,
    Verdict,
)
from store.types import Instant, Money

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _one_of(column: str, values: type[StrEnum]) -> Enum:
    """Return the type of a column that holds a member of a closed set, checked by the database."""
    return Enum(
        values,
        name=column,
        length=16,
        native_enum=False,
        create_constraint=True,
        values_callable=lambda members: [member.value for member in members],
    )


accounts = Table(
    "accounts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("email", String(254), nullable=False, unique=True),
    Column("name", String(120), nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("role", _one_of("role", Role), nullable=False),
    Column("created_at", Instant, nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    Column("csrf", String(64), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
)

conversations = Table(
    "conversations",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("token_hash", String(64), nullable=False),
    Column("language", String(2)),
    Column("identity", JSON),
    # assistant: the bot answers · waiting: a case is open, nobody has claimed it
    # person: an agent speaks, the bot is silent · closed: nothing more may be said
    Column("state", _one_of("state", ConversationState), nullable=False),
    # An episode ends when its case is resolved; the facts of one episode never count in the next.
    Column("episode", Integer, nullable=False, server_default=text("1")),
    Column("last_seq", Integer, nullable=False, server_default=text("0")),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
)

messages = Table(
    "messages",
    metadata,
    Column("conversation_id", ForeignKey("conversations.id"), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("id", String(36), nullable=False),
    Column("episode", Integer, nullable=False),
    Column("sender", _one_of("sender", Sender), nullable=False),
    Column("text", Text, nullable=False),
    # Which message of the assistant or the product it is ("handover.safety"), whatever its wording;
    # none: written by a person, or by a version that did not keep keys yet.
    Column("key", String(64)),
    Column("sources", JSON, nullable=False),
    Column("choices", JSON, nullable=False),
    Column("at", Instant, nullable=False),
    # A reply names the customer message that it answers.
    Column("in_reply_to", Integer),
    Column("author_id", ForeignKey("accounts.id")),
    # What the triage knows of the message; never sent to the customer's side.
    Column("language", String(2)),
    Column("reading", JSON(none_as_null=True)),
    # The words that make the message negative: [{text, start, end, weight}].
    Column("attributions", JSON(none_as_null=True)),
    Column("intent", String(80)),
    Column("answered", Boolean),
    Column("order", JSON),
    Column("trouble", String(32)),
    # How many cases of the same customer there had been when the message was judged.
    Column("earlier_cases", Integer),
    # Set on a customer message when its turn is committed; none: the turn was interrupted.
    Column("handled_at", Instant),
    # {case, position} as the customer was told: the same message sent again gets the same answer.
    Column("handover", JSON),
    UniqueConstraint("conversation_id", "id"),
)

decisions = Table(
    "decisions",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
    Column("conversation_id", String(36), nullable=False),
    Column("episode", Integer, nullable=False, server_default=text("1")),
    Column("seq", Integer, nullable=False),
    Column("action", _one_of("action", Action), nullable=False),
    Column("priority", Integer),
    Column("rules", JSON, nullable=False),
    Column("reasons", JSON, nullable=False),
    Column("facts", JSON, nullable=False),
    # The decision's input, from which `facts` are extracted; see triage.audit.decision_inputs.
    Column("input", JSON(none_as_null=True)),
    # The code that `facts` were extracted with; null: a version that did not store it.
    Column("features_version", String(16)),
    # Null: decided by a version that did not store them yet.
    Column("senior", Boolean),
    Column("wording", String(16)),
    # Only in rows with version 1 of the seal, which covers them.
    Column("evidence", JSON(none_as_null=True)),
    Column("circumstances", JSON(none_as_null=True)),
    Column("policy_hash", String(64), nullable=False),
    Column("model_hash", String(64), nullable=False),
    Column("previous_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    # Which columns the hash covers; see triage.audit.hash_chain.
    Column("seal_version", Integer, nullable=False, server_default=text("1")),
    ForeignKeyConstraint(["conversation_id", "seq"], ["messages.conversation_id", "messages.seq"]),
    Index(None, "conversation_id", "seq"),
)

verdicts = Table(
    "verdicts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("decision_id", ForeignKey("decisions.id"), nullable=False, index=True),
    Column("verdict", _one_of("verdict", Verdict), nullable=False),
    Column("note", Text, nullable=False),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    Column("at", Instant, nullable=False),
)

cases = Table(
    "cases",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("conversation_id", ForeignKey("conversations.id"), nullable=False),
    Column("episode", Integer, nullable=False),
    # The customer's e-mail address in lower case; none: the customer is not known.
    Column("customer", Text, index=True),
    Column("decision_id", ForeignKey("decisions.id"), nullable=False),
    Column("state", _one_of("state", CaseState), nullable=False),
    Column("priority", Integer, nullable=False),
    Column("senior", Boolean, nullable=False),
    Column("reasons", JSON, nullable=False),
    Column("suggestion", JSON, nullable=False),
    Column("agent_id", ForeignKey("accounts.id")),
    Column("opened_seq", Integer, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("reply_due", Instant, nullable=False),
    Column("resolve_due", Instant, nullable=False),
    Column("claimed_at", Instant),
    Column("first_reply_at", Instant),
    Column("resolved_at", Instant),
    Column("root_cause", String(32)),
    Column("note", Text),
    CheckConstraint("priority BETWEEN 1 AND 4", name="priority"),
    Index(
        "uq_cases_unresolved",
        "conversation_id",
        unique=True,
        sqlite_where=text("state <> 'resolved'"),
        postgresql_where=text("state <> 'resolved'"),
    ),
    Index(None, "state", "priority", "reply_due"),
)

fact_corrections = Table(
    "fact_corrections",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("case_id", ForeignKey("cases.id"), nullable=False, index=True),
    Column("fact", String(40), nullable=False),
    Column("value", JSON, nullable=False),
    # What the triage saw holds again.
    Column("taken_back", Boolean, nullable=False),
    Column("reason", Text, nullable=False),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    Column("at", Instant, nullable=False),
)

offers = Table(
    "offers",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("case_id", ForeignKey("cases.id"), nullable=False, index=True),
    # As the client named it: the same request again gets the same offer.
    Column("request_id", String(36), unique=True),
    Column("remedy", String(40), nullable=False),
    Column("amount", Money),
    Column("currency", String(3)),
    Column("reason", Text, nullable=False),
    # What the triage suggested at that moment, kept beside what was given.
    Column("suggestion", JSON, nullable=False),
    Column("state", _one_of("state", OfferState), nullable=False),
    Column("offered_by", ForeignKey("accounts.id"), nullable=False),
    Column("decided_by", ForeignKey("accounts.id")),
    Column("decision_reason", Text),
    Column("made_at", Instant, nullable=False),
    Column("decided_at", Instant),
    Column("expires_at", Instant, nullable=False),
)

surveys = Table(
    "surveys",
    metadata,
    Column("case_id", ForeignKey("cases.id"), primary_key=True),
    Column("score", Integer, nullable=False),
    Column("comment", Text, nullable=False),
    Column("at", Instant, nullable=False),
    CheckConstraint("score BETWEEN 1 AND 5", name="score"),
)

rule_versions = Table(
    "rule_versions",
    metadata,
    # Which file of rules.
    Column("kind", _one_of("kind", RuleFile), primary_key=True),
    # From 1, without gaps: of two who save at once only one gets the next number.
    Column("number", Integer, primary_key=True, autoincrement=False),
    # The whole file, and the hash of what it means: decisions name it.
    Column("text", Text, nullable=False),
    Column("hash", String(64), nullable=False, index=True),
    Column("saved_at", Instant, nullable=False),
    # None: the file was changed outside the pages.
    Column("account_id", ForeignKey("accounts.id")),
    Column("note", Text, nullable=False),
)

article_versions = Table(
    "article_versions",
    metadata,
    Column("language", String(2), primary_key=True),
    Column("slug", String(200), primary_key=True),
    # From 1, without gaps: of two who save at once only one gets the next number.
    Column("number", Integer, primary_key=True),
    # The whole file; empty: it was removed.
    Column("text", Text, nullable=False),
    Column("saved_at", Instant, nullable=False),
    # None: the file was changed outside the pages.
    Column("account_id", ForeignKey("accounts.id")),
    Column("note", Text, nullable=False),
    CheckConstraint("language IN ('en', 'zh')", name="language"),
)
