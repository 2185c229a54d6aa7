"""The settings, read once from the environment (prefix AMENDS_) and checked at the start."""

import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, Field, HttpUrl, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

ROOT = Path(__file__).resolve().parents[1]


class LogLevel(StrEnum):
    """The least severe log records that are written."""

    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"


class LogFormat(StrEnum):
    """How log records are written: lines for people, or one JSON object a line for programs."""

    TEXT = "text"
    JSON = "json"


def _database_url(value: str) -> str:
    try:
        backend = make_url(value).get_backend_name()
    except ArgumentError as fault:
        raise ValueError("is not a database URL, such as sqlite:///var/amends.db") from fault
    if backend not in ("sqlite", "postgresql"):
        raise ValueError(f"{backend} is not supported: use sqlite or postgresql")
    return value


def _account(value: SecretStr) -> SecretStr:
    email, _, password = value.get_secret_value().partition(":")
    if "@" not in email or len(password) < 8:
        raise ValueError("must be email:password, with a password of 8 characters or more")
    return value


def _bearer_token(value: SecretStr) -> SecretStr:
    if not re.fullmatch(r"[A-Za-z0-9._~+/-]*=*", value.get_secret_value()):
        raise ValueError("has characters that no Bearer token may have")
    return value


FirstAccount = Annotated[SecretStr, AfterValidator(_account)]


class Settings(BaseSettings):
    """What may differ between two installations."""

    model_config = SettingsConfigDict(env_prefix="AMENDS_", env_ignore_empty=True, frozen=True)

    host: str = Field("127.0.0.1", description="The address that the API listens on")
    port: int = Field(8000, ge=1, le=65535, description="The port that the API listens on")
    data_dir: Path = Field(Path("var"), description="The folder of database, index and logs")
    database_url: Annotated[str, AfterValidator(_database_url)] = Field(
        "", description="The database; by default amends.db in the data folder"
    )
    log_level: LogLevel = Field(
        LogLevel.INFO, description="The least severe log lines: DEBUG, INFO, WARNING or ERROR"
    )
    log_format: LogFormat = Field(
        LogFormat.TEXT, description="text, or json for one JSON object a line"
    )
    first_agent: FirstAccount | None = Field(
        None, description="email:password of the first agent; added when there is no agent yet"
    )
    first_supervisor: FirstAccount | None = Field(
        None, description="email:password of the first supervisor; added when there is none yet"
    )
    rasa_port: int = Field(
        0, ge=0, le=65535, description="Rasa's loopback port; 0 finds a free one"
    )
    rasa_url: HttpUrl | None = Field(
        None, description="A Rasa that is started elsewhere; by default Amends starts its own"
    )
    rasa_secret: SecretStr = Field(
        SecretStr(""), description="Shared by API and Rasa; by default a new one at each start"
    )
    rasa_python: Path = Field(
        ROOT / ".venv-rasa/bin/python", description="The Python that has Rasa installed"
    )
    rasa_deadline: float = Field(
        5.0, gt=0, le=60, description="Seconds after which an unanswered message goes to a person"
    )
    backoffice_url: HttpUrl | None = Field(
        None, description="The company's own order service; by default the demo shop"
    )
    backoffice_token: Annotated[SecretStr, AfterValidator(_bearer_token)] = Field(
        SecretStr(""), description="The Bearer token for that service"
    )
    backoffice_timeout: float = Field(
        2.5, gt=0, le=60, description="Seconds that it has for one answer before it is asked again"
    )
    encoder: str = Field(
        "", description="A sentence-transformers model in place of the shipped one"
    )
    emotion_model: str = Field(
        "", description="A sequence-classification model in place of the shipped one"
    )
    emotion_labels: Path | None = Field(
        None, description="That model's label map; by default labels.yml in its folder"
    )
    articles: Path = Field(
        ROOT / "knowledge_base/articles", description="The folder of knowledge articles"
    )
    policy: Path = Field(ROOT / "triage/policy.yml", description="The triage's rules")
    remedies: Path = Field(
        ROOT / "triage/remedies.yml", description="The remedies and their limits"
    )
    session_hours: int = Field(12, ge=1, le=720, description="How long a sign-in lasts")
    secure_cookies: bool = Field(False, description="Send cookies over HTTPS only")

    @model_validator(mode="before")
    @classmethod
    def _default_database(cls, values: dict[str, object]) -> dict[str, object]:
        if not values.get("database_url"):
            folder = Path(str(values.get("data_dir", "var"))).resolve()
            values["database_url"] = f"sqlite:///{folder / 'amends.db'}"
        return values

    @model_validator(mode="after")
    def _different_first_accounts(self) -> Self:
        agent, supervisor = self.first_agent, self.first_supervisor
        if agent and supervisor and _email(agent) == _email(supervisor):
            raise ValueError(
                "AMENDS_FIRST_AGENT and AMENDS_FIRST_SUPERVISOR need different e-mails"
            )
        return self

    @model_validator(mode="after")
    def _tokens_for_services(self) -> Self:
        if self.rasa_url and not self.rasa_secret.get_secret_value():
            raise ValueError("AMENDS_RASA_URL needs AMENDS_RASA_SECRET")
        if self.backoffice_url and not self.backoffice_token.get_secret_value():
            raise ValueError("AMENDS_BACKOFFICE_URL needs AMENDS_BACKOFFICE_TOKEN")
        return self


def _email(account: SecretStr) -> str:
    return account.get_secret_value().partition(":")[0].lower()
