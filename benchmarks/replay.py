"""Ten thousand conversations under another policy, beside gathering their facts anew.

The conversations are made up of real service messages in both languages, with the emotion model's
own readings and the articles' own answers; about six messages of the customer in each. Every
measurement runs in a process of its own, so that its memory is its own.
"""

import csv
import multiprocessing
import random
import resource
import tempfile
import time
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import typer
from sqlalchemy import Connection, insert

from assistant.reply import Reply
from conversation.circumstances import circumstances
from conversation.emotion_reading import Read
from conversation.hindsight import reread
from conversation.judgement import judge
from conversation.repository import Message
from knowledge_base.article import load_articles
from knowledge_base.search.passages import passages
from store.engine import migrate, open_engine, reading
from store.enums import Sender
from store.tables import conversations, decisions, messages
from triage.analytics.backtest import backtest
from triage.analytics.history import episodes
from triage.audit.hash_chain import FIRST, seal
from triage.audit.stored_facts import words_of
from triage.compensation.remedies import load_remedies
from triage.emotion.model import load_emotion_model
from triage.policy.policy import POLICY, Policy, load_policy

SIZES = (2_500, 10_000)
REGATHERED = 500
TURNS = (4, 8)
MISSED = 0.15
BEGAN = datetime(2026, 11, 1, tzinfo=UTC)
_MESSAGES = Path(__file__).parents[1] / "triage/training/data/service_messages.tsv"
_AT_ONCE = 200

say = typer.echo


def run() -> None:
    """Make the conversations, replay them, print times and memory."""
    say("conversations  decisions  changed  what                            seconds  peak MB")
    with tempfile.TemporaryDirectory() as folder:
        for size in SIZES:
            path = Path(folder) / f"{size}.db"
            _alone(make, path, size)
            _print(size, "only reading what is stored", _alone(_read_only, path))
            _print(size, "another policy", _alone(_other_policy, path))
        _alone(make, path := Path(folder) / "few.db", REGATHERED)
        _print(REGATHERED, "another policy", _alone(_other_policy, path))
        _print(REGATHERED, "all messages read anew, 2 cores", _alone(_other_model, path))


def _print(size: int, what: str, found: tuple[int, int, float, float]) -> None:
    made, changed, seconds, megabytes = found
    say(f"{size:13,}  {made:9,}  {changed:7,}  {what:30}  {seconds:7.1f}  {megabytes:7.0f}")


def _alone(work: Callable[..., Any], *arguments: Any) -> Any:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(work, *arguments).result()


def _read_only(path: Path) -> tuple[int, int, float, float]:
    begin = time.perf_counter()
    with reading(open_engine(f"sqlite:///{path}")) as connection:
        made = sum(len(episode) for episode in episodes(connection))
    return made, 0, time.perf_counter() - begin, _peak()


def _other_policy(path: Path) -> tuple[int, int, float, float]:
    return _replayed(path, episodes)


def _other_model(path: Path) -> tuple[int, int, float, float]:
    model = load_emotion_model(threads=2)
    return _replayed(path, lambda connection: reread(connection, model))


def _replayed(path: Path, past: Callable[[Connection], Any]) -> tuple[int, int, float, float]:
    policy, remedies = stricter(), load_remedies()
    begin = time.perf_counter()
    with reading(open_engine(f"sqlite:///{path}")) as connection:
        found = backtest(past(connection), policy, remedies)
    counts = found.counts
    return counts["decisions"], counts["changed"], time.perf_counter() - begin, _peak()


def stricter() -> Policy:
    """The shipped policy, but that a customer who is displeased a second time gets a person."""
    before = "when: displeased_now && displeased_turns >= 2\n    then: {action: offer_person}"
    after = before.replace("{action: offer_person}", "{action: hand_over, priority: 3}")
    text = POLICY.read_text(encoding="utf-8")
    if before not in text:
        raise SystemExit("the shipped policy has no rule `displeased_again` to make stricter")
    return load_policy(text.replace(before, after))


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def make(path: Path, count: int) -> None:
    """Write `count` made-up conversations with the decisions on them."""
    engine = open_engine(f"sqlite:///{path}")
    migrate(engine)
    maker = _Maker(count)
    with engine.begin() as connection:
        for start in range(0, count, _AT_ONCE):
            maker.write(connection, min(_AT_ONCE, count - start))


class _Maker:
    """Makes up conversations; the same each time."""

    def __init__(self, count: int) -> None:
        self._random = random.Random(7)
        self._policy, self._model = load_policy(), load_emotion_model(threads=2)
        self._texts = {language: _customers(language) for language in ("en", "zh")}
        self._answers = {language: _answers(language) for language in ("en", "zh")}
        self._before, self._number = FIRST, 0
        self._step = timedelta(days=30) / count
        self._begins = BEGAN

    def write(self, connection: Connection, count: int) -> None:
        talks = [self._talk() for _ in range(count)]
        texts = [text for _, texts in talks for text in texts]
        # As if each opened a conversation: after one another they would take minutes to read.
        readings = iter(self._model.read_many(texts, [()] * len(texts)))
        for language, texts in talks:
            self._begins += self._step
            name = str(uuid.UUID(int=self._random.getrandbits(128)))
            said: list[Message] = []
            made = [
                self._turn(name, language, said, Read(next(readings), ()).as_json(), text)
                for text in texts
            ]
            connection.execute(insert(conversations).values(_conversation(name, said)))
            connection.execute(insert(messages), [_row(message) for message in said])
            connection.execute(insert(decisions), [self._sealed(row) for row in made])

    def _talk(self) -> tuple[str, list[str]]:
        language = self._random.choice(("en", "zh"))
        return language, self._random.sample(self._texts[language], self._random.randint(*TURNS))

    def _turn(
        self, name: str, language: str, said: list[Message], read: dict[str, Any], text: str
    ) -> dict[str, Any]:
        now, seq = self._begins + timedelta(minutes=len(said)), len(said) + 1
        message = Message(name, seq, f"{name}-{seq}"[-36:], 1, Sender.CUSTOMER, text, now)
        message = _with(message, language=language, reading=read)
        missed = self._random.random() < MISSED
        answer = Reply(self._random.choice(self._answers[language]), answered=not missed)
        said.append(message)
        facts, decision = judge(self._policy, said, [answer])
        seen = circumstances(message, said, [answer]).as_json()
        said[-1] = _with(message, handled_at=now)
        if decision.action != "hand_over":
            reply = Message(
                name, seq + 1, f"{name}-{seq + 1}"[-36:], 1, Sender.ASSISTANT, answer.text, now
            )
            said.append(_with(reply, answered=answer.answered, in_reply_to=seq))
        return {
            "at": now,
            "conversation_id": name,
            "seq": seq,
            **decision.as_json(),
            "facts": facts.as_json(),
            "evidence": words_of(facts),
            "circumstances": seen,
            "policy_hash": self._policy.hash,
            "model_hash": self._model.fingerprint,
        }

    def _sealed(self, row: dict[str, Any]) -> dict[str, Any]:
        row["previous_hash"] = self._before
        self._before, self._number = seal(row), self._number + 1
        return {"id": self._number, "hash": self._before, **row}


def _customers(language: str) -> list[str]:
    with _MESSAGES.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [row["text"] for row in rows if row["language"] == language]


def _answers(language: str) -> list[str]:
    own = (article for article in load_articles() if article.language == language)
    return [passage.text for article in own for passage in passages(article)]


def _with(message: Message, **columns: Any) -> Message:
    return replace(message, **columns)


def _conversation(name: str, said: Sequence[Message]) -> dict[str, Any]:
    return {
        "id": name,
        "token_hash": "-",
        "language": said[0].language,
        "state": "assistant",
        "last_seq": len(said),
        "created_at": said[0].at,
        "updated_at": said[-1].at,
    }


def _row(message: Message) -> dict[str, Any]:
    row = {column.name: getattr(message, column.name, None) for column in messages.columns}
    return row | {"conversation_id": message.conversation}


if __name__ == "__main__":
    run()
