"""What most tests share: a migrated database of their own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine

from store.engine import migrate, open_engine


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """A fresh, migrated SQLite database in a file."""
    engine = open_engine(f"sqlite:///{tmp_path / 'amends.db'}")
    migrate(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    """A connection inside one transaction, rolled back after the test."""
    with engine.connect() as connection:
        yield connection
