"""Fixtures that tests of several packages share, and the marks that select what a test needs."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine

from knowledge_base.article import ARTICLES
from knowledge_base.search.index import refresh_index
from language.encoder import Encoder, load_encoder
from store.engine import migrate, open_engine
from tests.product import ServedProduct, copied_rules

# Fixtures that start `amends serve`: tests that use them are marked `product`.
PRODUCT_FIXTURES = frozenset({"running", "alone"})


# Importing one of these takes longer than most tests: tests in files that do are marked `slow`.
TORCH = re.compile(
    r"^(?:import|from) (?:torch|transformers|sentence_transformers|tests\.language\.tiny)\b", re.M
)


def imports_torch(path: Path) -> bool:
    """Return whether a test file imports torch itself."""
    return TORCH.search(path.read_text(encoding="utf-8")) is not None


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out files that import torch where slow tests are deselected anyway."""
    if "not slow" in config.option.markexpr and collection_path.name.startswith("test_"):
        return imports_torch(collection_path) or None
    return None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test that starts the whole product, judging by its fixtures, or loads torch."""
    slow = {path for path in {item.path for item in items} if imports_torch(path)}
    for item in items:
        if not PRODUCT_FIXTURES.isdisjoint(getattr(item, "fixturenames", ())):
            item.add_marker("product")
        if item.path in slow:
            item.add_marker("slow")


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
def encoder() -> Encoder:
    """The shipped sentence encoder."""
    return load_encoder()


@pytest.fixture(scope="session")
def knowledge_index(
    tmp_path_factory: pytest.TempPathFactory, worker_id: str, encoder: Encoder
) -> Path:
    """The index of the shipped articles, to open or to copy; one worker builds it for all."""
    folder = tmp_path_factory.getbasetemp()
    path = (folder if worker_id == "master" else folder.parent) / "knowledge" / "knowledge.db"
    refresh_index(ARTICLES, encoder, path)
    return path


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedProduct]:
    """The whole product with its Rasa, started once, over copies of articles and rules."""
    folder = tmp_path_factory.mktemp("product")
    shutil.copytree(ARTICLES, folder / "articles")
    settings = {"AMENDS_ARTICLES": str(folder / "articles"), **copied_rules(folder)}
    product = ServedProduct(folder, settings=settings)
    product.start()
    yield product
    product.stop()


@pytest.fixture
def server(running: ServedProduct) -> Iterator[ServedProduct]:
    """The running product, for tests that only talk to it."""
    yield running
    running.hang_up()


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[ServedProduct]:
    """A product whose Rasa cannot start, so that people must answer; not started yet."""
    settings = {"AMENDS_RASA_PYTHON": "/nonexistent/python"}
    product = ServedProduct(tmp_path / "data", settings=settings)
    yield product
    if product.process is not None:
        product.stop()
