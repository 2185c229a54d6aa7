"""Serving with reload: the API finds a Rasa that was started elsewhere."""

import asyncio
from pathlib import Path

import pytest
from pydantic import ValidationError

from api.container import open_rasa
from api.development import RELOADED, api_environment
from api.logging import PACKAGES
from api.pages.shared.rendering import environment
from api.settings import ROOT, Settings
from assistant.rasa import external
from assistant.rasa.external import ExternalRasa

READY = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


def test_the_api_gets_the_address_and_the_secret_of_the_running_rasa(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = api_environment(Settings(data_dir=tmp_path), "http://127.0.0.1:5999", "shared")
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    settings = Settings()
    rasa = open_rasa(settings, None, settings.rasa_secret.get_secret_value())
    assert isinstance(rasa, ExternalRasa)
    assert rasa.url == "http://127.0.0.1:5999/"
    assert settings.rasa_secret.get_secret_value() == "shared"
    assert settings.data_dir == tmp_path


def test_a_rasa_elsewhere_needs_a_shared_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMENDS_RASA_URL", "http://127.0.0.1:5999")
    with pytest.raises(ValidationError, match="AMENDS_RASA_URL needs AMENDS_RASA_SECRET"):
        Settings()


def test_a_rasa_of_our_own_needs_a_model(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="trained model"):
        open_rasa(Settings(data_dir=tmp_path), None, "shared")


async def test_an_external_rasa_is_ready_while_it_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(external, "PROBE_SECONDS", 0.01)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(READY)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    rasa = ExternalRasa(f"http://127.0.0.1:{port}/")
    assert not rasa.ready
    await rasa.start()
    async with asyncio.timeout(10):
        while not rasa.ready:
            await asyncio.sleep(0.01)
        server.close()
        await server.wait_closed()
        while rasa.ready:
            await asyncio.sleep(0.01)
    await rasa.stop()
    assert not rasa.ready


def test_templates_are_read_again_without_a_restart() -> None:
    assert environment("en").auto_reload


def test_every_package_is_watched() -> None:
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert set(PACKAGES) == packages - {"benchmarks", "tests"}
    assert "*.py" in RELOADED
