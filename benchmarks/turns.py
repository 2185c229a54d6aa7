"""A customer's turn over HTTP, beside bare Rasa in the same run.

The baseline is the same Rasa process asked directly on its REST channel: no record, no emotion,
no triage. Both are asked in turn, so that a slow moment of the machine hits both.
"""

import asyncio
import os
import secrets
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import httpx

from benchmarks.machine import percentiles, resident_megabytes
from tests.product import ServedProduct, free_port

ASKED = {
    "greeting": "Hello there",
    "knowledge question": "How long does standard delivery take?",
    "order look-up": "Track my order HP-10234, my email is anna@example.com",
}
TURNS = 150
CUSTOMERS = (1, 10, 50)
MESSAGES_EACH = 6


def run() -> None:
    """Start the product, measure, print."""
    secret, rasa_port = secrets.token_urlsafe(), free_port()
    with tempfile.TemporaryDirectory() as folder:
        settings = {"AMENDS_RASA_SECRET": secret, "AMENDS_RASA_PORT": str(rasa_port)}
        product = ServedProduct(Path(folder) / "data", settings=settings)
        product.start()
        try:
            print(f"machine load before: {os.getloadavg()[0]:.1f}")
            for name, text in ASKED.items():
                _reply_time(product, f"http://127.0.0.1:{rasa_port}", secret, name, text)
            for customers in CUSTOMERS:
                asyncio.run(_throughput(product, customers))
            _memory(product)
        finally:
            product.stop()


def _reply_time(product: ServedProduct, rasa: str, secret: str, name: str, text: str) -> None:
    bare = httpx.Client(base_url=rasa, headers={"X-Amends-Secret": secret}, timeout=30)

    def ask_rasa() -> None:
        body = {"sender": uuid.uuid4().hex, "message": text, "metadata": {"language": "en"}}
        bare.post("/webhooks/amends/webhook", json=body).raise_for_status()

    def ask_us() -> Callable[[], None]:
        customer = product.customer()
        return lambda: _taken(customer.post(text))

    ours: list[float] = []
    theirs: list[float] = []
    for turn in range(TURNS + 5):
        times = _seconds(ask_us()), _seconds(ask_rasa)
        if turn >= 5:
            ours.append(times[0])
            theirs.append(times[1])
    ratio = sorted(ours)[TURNS // 2] / sorted(theirs)[TURNS // 2]
    print(f"{name:20} whole turn  {percentiles(ours)}")
    print(f"{'':20} bare Rasa   {percentiles(theirs)}   ratio of p50 {ratio:.2f}")


async def _throughput(product: ServedProduct, customers: int) -> None:
    async with httpx.AsyncClient(base_url=product.url, timeout=120) as client:
        chats = [await _begin(client) for _ in range(customers)]
        began = time.perf_counter()
        latencies = await asyncio.gather(*(_chat(client, *chat) for chat in chats))
        elapsed = time.perf_counter() - began
    every = [latency for each in latencies for latency in each]
    print(
        f"{customers:3} customers at once   {len(every) / elapsed:6.1f} messages/s   "
        f"{percentiles(every)}"
    )


async def _begin(client: httpx.AsyncClient) -> tuple[str, str]:
    body = (await client.post("/api/conversations", json={})).json()
    return body["id"], body["token"]


async def _chat(client: httpx.AsyncClient, conversation: str, token: str) -> list[float]:
    latencies = []
    for number in range(MESSAGES_EACH):
        text = list(ASKED.values())[number % len(ASKED)]
        began = time.perf_counter()
        answer = await client.post(
            f"/api/conversations/{conversation}/messages",
            json={"id": str(uuid.uuid4()), "text": text},
            headers={"Authorization": f"Bearer {token}"},
        )
        answer.raise_for_status()
        latencies.append(time.perf_counter() - began)
    return latencies


def _memory(product: ServedProduct) -> None:
    assert product.process is not None
    api = product.process.pid
    print(f"memory of the API process   {resident_megabytes(api):6.0f} MB")
    for child in Path(f"/proc/{api}/task/{api}/children").read_text().split():
        print(f"memory of the Rasa process  {resident_megabytes(int(child)):6.0f} MB")


def _taken(answer: httpx.Response) -> None:
    answer.raise_for_status()


def _seconds(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    run()
