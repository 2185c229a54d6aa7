"""The command `amends`: its files, its reports, and a sentence for what its user can put right."""

import json
import shutil
import sqlite3
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlite_utils import Database
from typer.testing import CliRunner, Result

from api.cli import analytics, app
from store.engine import migrate, open_engine, reading
from store.tables import metadata
from tests.product import ROOT, Product
from tests.triage.simulated import Book, Weather, days_of, judged_log, needed_from
from triage.analytics import thresholds
from triage.policy.policy import POLICY, load_policy


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AMENDS_DATA_DIR", str(tmp_path / "data"))
    return tmp_path / "data"


def amends(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def write(path: Path, *rows: object) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


SLOW_TO_IMPORT = {
    "fastapi",
    "numpy",
    "onnxruntime",
    "sanic",
    "scipy",
    "sqlalchemy",
    "tokenizers",
    "torch",
}


@pytest.mark.parametrize("arguments", [[], ["classify"], ["triage-calibrate"], ["log", "verify"]])
def test_help_loads_no_models_and_no_frameworks(arguments: list[str]) -> None:
    code = (
        "import sys; from api.cli import app; app(sys.argv[1:], standalone_mode=False);"
        "print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments, "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Usage" in done.stdout
    assert SLOW_TO_IMPORT & set(done.stderr.split()) == set()


def test_the_command_has_the_default_of_the_search_for_thresholds() -> None:
    assert analytics.MISSED_COSTS == thresholds.MISSED_COSTS


def test_classify_adds_the_emotions_to_each_line(tmp_path: Path) -> None:
    source = write(
        tmp_path / "in.jsonl",
        {"text": "I am furious, this is the third time nobody came!", "id": 7},
        {"text": "谢谢，已经解决了"},
        {"text": ""},
    )
    assert amends("classify", source, tmp_path / "out.jsonl").exit_code == 0
    angry, thankful, empty = lines(tmp_path / "out.jsonl")
    assert angry["id"] == 7
    assert angry["negative"] > 0.7 > 0.3 > thankful["negative"]
    assert (angry["language"], thankful["language"]) == ("en", "zh")
    assert all(0 <= value <= 1 for value in angry["emotions"].values())
    assert empty["emotions"].keys() == angry["emotions"].keys()


def test_a_missing_emotion_model_is_reported_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AMENDS_EMOTION_MODEL", str(tmp_path / "nowhere"))
    source = write(tmp_path / "in.jsonl", {"text": "late again"})
    done = amends("classify", source, tmp_path / "out.jsonl")
    assert done.exit_code == 1
    assert "no usable label map" in done.output
    assert "Traceback" not in done.output


def test_triage_adds_the_decision_and_the_turn_that_hands_over(tmp_path: Path) -> None:
    calm = [
        {"sender": "customer", "text": "How long does delivery take?"},
        {"sender": "assistant", "text": "3 to 5 working days.", "answered": True},
        {"sender": "customer", "text": "Thanks!"},
    ]
    person = [
        {"sender": "customer", "text": "送货要多久？"},
        {"sender": "assistant", "text": "三到五个工作日。"},
        {"sender": "customer", "text": "转人工，我要和真人说"},
        {"sender": "assistant", "text": "好的。"},
    ]
    source = write(
        tmp_path / "in.jsonl", {"messages": calm}, {"messages": person}, {"messages": []}
    )
    assert amends("triage", source, tmp_path / "out.jsonl").exit_code == 0
    judged = [(row["decision"], row["turn"]) for row in lines(tmp_path / "out.jsonl")]
    assert judged == [("continue", None), ("hand_over", 2), ("continue", None)]


@pytest.mark.rasa
def test_parse_adds_the_intent_and_the_article(tmp_path: Path) -> None:
    source = write(
        tmp_path / "in.jsonl",
        {"text": "where is my parcel"},
        {"text": "你们接受哪些付款方式？"},
        {"text": "who won the world cup in 1998?"},
    )
    done = amends("parse", source, tmp_path / "out.jsonl")
    assert done.exit_code == 0, done.output
    parcel, payment, football = lines(tmp_path / "out.jsonl")
    assert (parcel["intent"], parcel["article"]) == ("track_order", "track-an-order")
    assert payment["article"] == "payment-methods"
    assert (football["article"], football["abstained"]) == (None, True)
    assert 0 <= parcel["confidence"] <= 1


@pytest.mark.parametrize(
    "bad",
    [
        b"not json\n",
        b'{"words": "x"}\n',
        b'{"text": 7}\n',
        b"[1]\n",
        b"\xff\xfe\n",
        b'{"text": "\\ud800"}\n',
        b"[" * 100_000 + b"\n",
    ],
)
def test_a_bad_line_is_reported_by_its_number_and_nothing_is_written(
    tmp_path: Path, bad: bytes
) -> None:
    source = tmp_path / "in.jsonl"
    source.write_bytes(b'{"text": "fine"}\n' + bad)
    done = amends("classify", source, tmp_path / "out.jsonl")
    assert done.exit_code == 1
    assert "line 2" in done.output
    assert [path.name for path in tmp_path.iterdir()] == ["in.jsonl"]


def test_a_missing_target_folder_is_reported(tmp_path: Path) -> None:
    source = write(tmp_path / "in.jsonl", {"text": "fine"})
    target = tmp_path / "nowhere" / "out"
    for command in (("classify", source, target), ("backup", target), ("export", target)):
        done = amends(*command)
        assert done.exit_code == 1
        assert "nowhere" in done.output


def test_a_database_without_tables_is_reported() -> None:
    done = amends("log", "verify")
    assert done.exit_code == 1
    assert "no such table" in done.output


def test_an_account_cannot_be_added_twice(data_dir: Path) -> None:
    added = amends(
        "user", "add", "Kim@Example.com", "--role", "supervisor", "--password", "long-one"
    )
    assert added.exit_code == 0, added.output
    again = amends("user", "add", "kim@example.com", "--password", "long-one")
    assert again.exit_code == 1
    assert "already" in again.output


@pytest.mark.parametrize(
    ("email", "role", "password"),
    [
        ("kim", "agent", "long-enough"),
        ("k@e.com", "king", "long-enough"),
        ("k@e.com", "agent", "x"),
    ],
)
def test_an_invalid_account_is_refused(email: str, role: str, password: str) -> None:
    done = amends("user", "add", email, "--role", role, "--password", password)
    assert done.exit_code == 1
    assert len(done.output) > 20


def test_log_verify_reports_a_changed_row(
    server: Product, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for _ in range(3):
        server.customer().say("hello")
    monkeypatch.setenv("AMENDS_DATA_DIR", str(server.data_dir))
    assert amends("log", "verify").exit_code == 0
    copy = tmp_path / "copy.db"
    assert amends("backup", copy).exit_code == 0
    with sqlite3.connect(copy) as connection:
        connection.execute("UPDATE decisions SET action = 'watch' WHERE id = 2")
    monkeypatch.setenv("AMENDS_DATABASE_URL", f"sqlite:///{copy}")
    verified = amends("log", "verify")
    assert verified.exit_code == 1
    assert "decision 2: changed" in verified.output


def test_a_backup_has_every_row_of_every_table(
    server: Product, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AMENDS_DATA_DIR", str(server.data_dir))
    server.customer().say("hello")
    assert amends("backup", tmp_path / "copy.db").exit_code == 0
    copy = open_engine(f"sqlite:///{tmp_path / 'copy.db'}")
    migrate(copy)
    original = open_engine(f"sqlite:///{server.data_dir / 'amends.db'}")
    for table in metadata.sorted_tables:
        with reading(original) as old, reading(copy) as new:
            assert new.execute(table.select()).all() == old.execute(table.select()).all()
    assert amends("backup", tmp_path / "copy.db").exit_code == 1
    copy.dispose()
    original.dispose()


def test_an_export_has_no_secrets(
    server: Product, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AMENDS_DATA_DIR", str(server.data_dir))
    server.customer().ask_for_person()
    assert amends("export", tmp_path / "export.db").exit_code == 0
    database = Database(tmp_path / "export.db")
    assert {"conversations", "messages", "decisions", "cases", "offers"} <= set(
        database.table_names()
    )
    assert "sessions" not in database.table_names()
    columns = {name for table in database.tables for name in table.columns_dict}
    assert not columns & {"password_hash", "token_hash", "csrf"}
    assert database["cases"].count >= 1
    database.close()


def test_knowledge_search_prints_the_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, knowledge_index: Path
) -> None:
    shutil.copy(knowledge_index, tmp_path / "knowledge.db")
    monkeypatch.setenv("AMENDS_DATA_DIR", str(tmp_path))
    found = amends("knowledge", "search", "how do I send something back?")
    assert found.exit_code == 0
    assert "/help/en/returns" in found.output


def test_ingested_documents_become_articles_that_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AMENDS_ARTICLES", str(tmp_path / "articles"))
    source = tmp_path / "source"
    source.mkdir()
    (source / "sauna.md").write_text("# Sauna\n\nOpen from 4 to 10 pm.", encoding="utf-8")
    (source / "桑拿.md").write_text("# 桑拿房\n\n下午四点到晚上十点开放。", encoding="utf-8")
    (source / "bad.md").write_text("# Nothing\n\n## heading only", encoding="utf-8")
    result = amends("knowledge", "ingest", source)
    assert result.exit_code == 1
    assert "2 new, 0 changed, 0 unchanged, 1 left out." in result.output
    assert "bad.md: the body must begin with a paragraph" in result.output
    assert "Sauna" in amends("knowledge", "search", "when is the sauna open?").output
    (source / "bad.md").unlink()
    again = amends("knowledge", "ingest", source)
    assert again.exit_code == 0
    assert "0 new, 0 changed, 2 unchanged, 0 left out." in again.output


def test_knowledge_gaps_groups_questions_without_an_answer(
    server: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AMENDS_DATA_DIR", str(server.data_dir))
    for question in ("do you tune pianos in Aberdeen", "can you tune my piano in Aberdeen"):
        customer = server.customer()
        customer.say(question)
        customer.ask_for_person()
    found = amends("knowledge", "gaps", "--most", "1000")
    assert found.exit_code == 0
    (line,) = [line for line in found.output.splitlines() if "piano" in line]
    times, handovers = line.split()[:2]
    assert (int(times), int(handovers)) == (2, 2)


def write_database(book: Book, data_dir: Path) -> None:
    data_dir.mkdir(exist_ok=True)
    engine = open_engine(f"sqlite:///{data_dir / 'amends.db'}")
    migrate(engine)
    with engine.begin() as connection:
        book.write(connection)
    engine.dispose()


def test_calibration_writes_the_policy_that_it_proposes(data_dir: Path, tmp_path: Path) -> None:
    random, now = np.random.default_rng(4), datetime.now(UTC)
    write_database(judged_log(load_policy(), needed_from(0.7), random, now, count=500), data_dir)
    target = tmp_path / "proposed.yml"
    done = amends("triage-calibrate", "--out", target)
    assert done.exit_code == 0, done.output
    assert "500 of 500 decisions are judged" in done.output
    kept = "escalation >= 0.4 && !solved_now && displeased_now && negative_recent >="
    assert f"-    when: {kept} 0.5 &&" in done.output
    assert f"+    when: {kept} 0." in done.output
    assert "not_recovering" in done.output
    assert load_policy(target).hash != load_policy().hash
    again = amends("triage-calibrate", "--out", target)
    assert again.exit_code == 1
    assert "exists" in again.output


def test_calibration_reports_how_many_verdicts_are_missing(data_dir: Path, tmp_path: Path) -> None:
    random, now = np.random.default_rng(4), datetime.now(UTC)
    book = judged_log(load_policy(), needed_from(0.7), random, now, count=300, judged=0.05)
    write_database(book, data_dir)
    done = amends("triage-calibrate", "--out", tmp_path / "proposed.yml")
    assert done.exit_code == 0
    assert "Too few verdicts to change anything" in done.output
    assert " on hand_over" in done.output
    assert not (tmp_path / "proposed.yml").exists()


def test_drift_is_reported_and_exits_with_1(data_dir: Path) -> None:
    usual, yesterday = Weather(), datetime.now(UTC).date() - timedelta(days=1)
    weather = [usual] * 32 + [replace(usual, unanswered=0.7, model="n" * 64)] * 3
    write_database(days_of(weather, yesterday, np.random.default_rng(5), 120), data_dir)
    done = amends("drift")
    assert done.exit_code == 1
    (line,) = [line for line in done.output.splitlines() if line.startswith("unanswered      en")]
    assert "OUTSIDE" in line
    assert "another model since" in done.output


def test_a_database_without_drift_exits_with_0(data_dir: Path) -> None:
    write_database(Book(), data_dir)
    done = amends("drift")
    assert done.exit_code == 0
    assert "Nothing was said or decided" in done.output


@pytest.fixture
def policy_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the policy, which the commands may change."""
    path = tmp_path / "policy.yml"
    path.write_text(POLICY.read_text("utf-8"), "utf-8")
    monkeypatch.setenv("AMENDS_POLICY", str(path))
    return path


def test_policies_are_checked_used_listed_compared_and_rolled_back(
    policy_file: Path, tmp_path: Path
) -> None:
    shipped = policy_file.read_text("utf-8")
    mine = tmp_path / "mine.yml"
    mine.write_text(shipped.replace("resolve: 480", "resolve: 500"), "utf-8")
    assert amends("policy", "check", mine).exit_code == 0
    used = amends("policy", "use", mine, "--note", "More time")
    assert "Version 2 is in force" in used.output
    assert policy_file.read_text("utf-8") == mine.read_text("utf-8")
    shown = amends("policy", "show", "2", "--against", "1")
    assert "+  2: {reply: 15, resolve: 500}" in shown.output.splitlines()
    assert amends("policy", "show", "1").output == shipped
    assert amends("policy", "rollback", "1", "--note", "Too long").exit_code == 0
    listed = amends("policy", "versions").output.splitlines()
    assert [line.split()[0] for line in listed] == ["3", "2", "1"]
    assert listed[0].endswith("(in the file): Too long")
    assert policy_file.read_text("utf-8") == shipped
    assert "There is no version 9" in amends("policy", "show", "9").output


def test_the_schemas_of_the_rules_are_printed() -> None:
    for options, key in (((), "deadlines"), (("--remedies",), "entitlements")):
        schema = json.loads(amends("policy", "schema", *options).output)
        assert schema["$schema"].startswith("https://json-schema.org/")
        assert key in schema["properties"]


def test_an_invalid_policy_is_refused_with_line_and_rule(policy_file: Path, tmp_path: Path) -> None:
    shipped = policy_file.read_text("utf-8")
    broken = tmp_path / "broken.yml"
    broken.write_text(shipped.replace("when: danger\n", "when: dangers\n"), "utf-8")
    for command in (("check", broken), ("use", broken, "--note", "x")):
        done = amends("policy", *command)
        assert done.exit_code == 1
        assert ", danger: no fact is called 'dangers'" in done.output
    broken.write_bytes(b"rules: \xff")
    assert "cannot be read" in amends("policy", "use", broken, "--note", "x").output
    broken.write_text("x" * 10_000_000, "utf-8")
    assert "longer than 100,000" in amends("policy", "use", broken, "--note", "x").output
    assert amends("policy", "use", policy_file, "--note", " ").exit_code == 1
    assert policy_file.read_text("utf-8") == shipped
