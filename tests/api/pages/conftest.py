"""Who looks at the pages: a stranger, an agent, a supervisor, and a customer who writes."""

from collections.abc import Iterator
from contextlib import closing

import httpx
import pytest

from tests.product import Customer, Product


@pytest.fixture
def stranger(server: Product) -> Iterator[httpx.Client]:
    with server.connect() as client:
        yield client


@pytest.fixture
def agent(server: Product) -> Iterator[httpx.Client]:
    with closing(server.as_agent()) as client:
        yield client


@pytest.fixture
def supervisor(server: Product) -> Iterator[httpx.Client]:
    with closing(server.as_supervisor()) as client:
        yield client


@pytest.fixture
def customer(server: Product) -> Iterator[Customer]:
    customer = server.customer("en")
    with closing(customer.client):
        yield customer
