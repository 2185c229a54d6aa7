"""What most tests share: a migrated database of their own."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine

from knowledge_base.article import ARTICLES
from store.engine import migrate, open_engine
from tests.product import DATA_FOLDERS, Product
from tests.reproduction import decided_again, stored_in
from triage.compensation.remedies import REMEDIES
from triage.policy.policy import POLICY


@pytest.fixture(scope="session", autouse=True)
def every_decision_can_be_made_again() -> Iterator[None]:
    """In the end, all that any product decided comes out the same when it is decided again."""
    yield
    for folder in sorted(DATA_FOLDERS):
        stored_in(folder)


@pytest.fixture
def engine(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Engine]:
    """A fresh, migrated SQLite database in a file; what a test decided in it must come out again.

    Not where a test is marked `altered`: its log is altered on purpose, or invented.
    """
    engine = open_engine(f"sqlite:///{tmp_path / 'amends.db'}")
    migrate(engine)
    yield engine
    if request.node.get_closest_marker("altered") is None:
        decided_again(engine)
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
