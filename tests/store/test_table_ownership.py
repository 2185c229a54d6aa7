"""A table is read and written by one package; the others ask that package."""

import ast
from collections.abc import Iterator
from pathlib import Path

from store.tables import metadata

ROOT = Path(__file__).parents[2]
PACKAGES = ("accounts", "api", "assistant", "conversation", "knowledge_base", "language", "triage")
OWNERS = {
    "accounts": "accounts",
    "sessions": "accounts",
    "conversations": "conversation",
    "messages": "conversation",
    "decisions": "triage/audit",
    "verdicts": "triage/audit",
    "cases": "triage/cases",
    "fact_corrections": "triage/cases",
    "offers": "triage/cases",
    "surveys": "triage/cases",
    "rule_versions": "triage/rules",
    "article_versions": "knowledge_base/authoring",
}
# The triage reads across its own packages for statistics, and to verify that no row is missing.
READ_WITHIN_TRIAGE = {
    ("triage/analytics/daily_counts.py", "decisions"),
    ("triage/analytics/history.py", "decisions"),
    ("triage/analytics/verdict_sample.py", "cases"),
    ("triage/analytics/verdict_sample.py", "decisions"),
    ("triage/analytics/verdict_sample.py", "verdicts"),
    ("triage/audit/hash_chain.py", "cases"),
}


def imported_tables() -> Iterator[tuple[str, str]]:
    """Yield (path, name) of everything that is imported from `store.tables`."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ImportFrom) and node.module == "store.tables":
                    for imported in node.names:
                        yield path.relative_to(ROOT).as_posix(), imported.name


def imports_the_module(path: Path) -> bool:
    """Whether a module imports `store.tables` whole, so that its tables cannot be told."""
    return any(
        (isinstance(node, ast.Import) and any(name.name == "store.tables" for name in node.names))
        or (
            isinstance(node, ast.ImportFrom)
            and node.module == "store"
            and any(name.name == "tables" for name in node.names)
        )
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    )


def test_every_table_has_an_owner() -> None:
    assert OWNERS.keys() == metadata.tables.keys()


def test_a_package_imports_only_its_own_tables() -> None:
    foreign = {
        (path, table)
        for path, table in imported_tables()
        if not path.startswith(f"{OWNERS.get(table)}/")
    }
    assert foreign == READ_WITHIN_TRIAGE


def test_tables_are_imported_by_name() -> None:
    modules = (path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
    assert [path for path in modules if imports_the_module(path)] == []
