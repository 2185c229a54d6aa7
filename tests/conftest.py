"""Fixtures that tests of several packages share, and the marks that select what a test needs."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine

from knowledge_base.article import ARTICLES
from store.engine import migrate, open_engine
from tests.product import Product
from triage.compensation.remedies import REMEDIES
from triage.policy.policy import POLICY

# Fixtures that start `amends serve`: tests that use them are marked `product`.
PRODUCT_FIXTURES = frozenset({"running", "server", "alone", "product", "product_with_rules"})


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test that starts the whole product, judging by its fixtures."""
    for item in items:
        if not PRODUCT_FIXTURES.isdisjoint(getattr(item, "fixturenames", ())):
            item.add_marker("product")


@pytest.fixture(scope="session")
def migrated_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite database to copy: migrating one for every test would take long."""
    path = tmp_path_factory.mktemp("migrated") / "amends.db"
    engine = open_engine(f"sqlite:///{path}")
    migrate(engine)
    engine.dispose()
    return path


@pytest.fixture
def engine(tmp_path: Path, migrated_database: Path) -> Iterator[Engine]:
    """A fresh, migrated SQLite database in a file."""
    engine = open_engine(f"sqlite:///{shutil.copy(migrated_database, tmp_path / 'amends.db')}")
    yield engine
    engine.dispose()


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    """A connection inside one transaction, rolled back after the test."""
    with engine.connect() as connection:
        yield connection


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """The whole product with its Rasa, started once, over copies of articles and rules."""
    folder = tmp_path_factory.mktemp("product")
    shutil.copytree(ARTICLES, folder / "articles")
    settings = {"AMENDS_ARTICLES": str(folder / "articles")}
    for name, path in (("AMENDS_POLICY", POLICY), ("AMENDS_REMEDIES", REMEDIES)):
        settings[name] = str(shutil.copy(path, folder))
    product = Product(folder, settings)
    product.start()
    yield product
    product.stop()


@pytest.fixture
def server(running: Product) -> Iterator[Product]:
    """The running product, for tests that only talk to it."""
    yield running
    running.hang_up()


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Product]:
    """A product whose Rasa cannot start, so that people must answer; not started yet."""
    product = Product(tmp_path / "data", {"AMENDS_RASA_PYTHON": "/nonexistent/python"})
    yield product
    if product.process is not None:
        product.stop()
