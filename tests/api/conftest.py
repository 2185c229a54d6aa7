"""The API in process; what needs Rasa, a port or a process of its own asks for `product`."""

from collections.abc import Iterator

import pytest

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
