"""The API in process; what needs Rasa, a port or a process of its own asks for `product`."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest

from api.settings import Settings
from language.encoder import Encoder
from tests.in_process import InProcessProduct
from tests.product import ServedProduct


@pytest.fixture
def product(running: ServedProduct) -> Iterator[ServedProduct]:
    """The running product, with Rasa."""
    yield running
    running.hang_up()


@pytest.fixture
def server(in_process: InProcessProduct) -> Iterator[InProcessProduct]:
    """The application in this process."""
    yield in_process
    in_process.hang_up()


class OpenProduct(Protocol):
    """Starts a product in this process, in a folder, with other settings where a test needs them.

    The caller closes it.
    """

    def __call__(self, folder: Path, **settings: Any) -> InProcessProduct: ...


@pytest.fixture(scope="session")
def open_product(migrated_database: Path, knowledge_index: Path, encoder: Encoder) -> OpenProduct:
    """Open products in this process, over copies of the migrated database and the index."""

    def opened(folder: Path, **settings: Any) -> InProcessProduct:
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(migrated_database, folder / "amends.db")
        shutil.copy(knowledge_index, folder / "knowledge.db")
        return InProcessProduct.open(Settings(data_dir=folder, **settings), encoder)

    return opened


@pytest.fixture(scope="session")
def in_process(
    open_product: OpenProduct, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[InProcessProduct]:
    """One product in this process, for tests that only talk to it."""
    product = open_product(tmp_path_factory.mktemp("in_process"))
    yield product
    product.close()
