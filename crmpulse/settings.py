"""What can be set from outside: environment variables named CRMPULSE_…, all checked before anything starts."""

from __future__ import annotations

import difflib
import ipaddress
import os
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, get_args

from pydantic import AfterValidator, Field, ValidationError, ValidationInfo, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, EnvSettingsSource, SettingsConfigDict

PREFIX = "CRMPULSE_"


class CannotStartError(Exception):
    """Something outside the program is not as it must be; the message says what, and what to do next."""


class SettingsError(CannotStartError):
    """One or more settings are wrong; `mistakes` has a line for each, with its variable, value and what is allowed."""

    def __init__(self, mistakes: list[str]) -> None:
        super().__init__("\n".join(["These settings are wrong:", *(f"  {mistake}" for mistake in mistakes)]))
        self.mistakes = mistakes


def host_port(address: str) -> tuple[str, int]:
    """`127.0.0.1:9092` or `[::1]:9092` as host (without brackets) and port; ValueError where it is neither."""
    host, colon, port = address.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    if not colon or not host or (":" in host and not bracketed) or any(c.isspace() or c in "/,@" for c in host):
        raise ValueError("must be host:port, such as 127.0.0.1:9092 or [::1]:9092")
    if bracketed:
        host = _ipv6(host[1:-1])
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise ValueError("must end in a port from 1 to 65535")
    return host, int(port)


def _ipv6(host: str) -> str:
    try:
        return str(ipaddress.IPv6Address(host))
    except ValueError:
        raise ValueError(f"must have an IPv6 address between the brackets, and {host} is none") from None


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach what listens on `host`."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _address(text: str) -> str:
    host_port(text)
    return text


def _addresses(text: str) -> str:
    for address in text.split(","):
        host_port(address)
    return text


def _address_or_empty(text: str) -> str:
    return text and _address(text)


def _name(text: str) -> str:
    if not re.fullmatch(r"[a-zA-Z0-9._-]{1,249}", text):
        raise ValueError("must be 1 to 249 of the characters a-z, A-Z, 0-9, '.', '_', '-'")
    return text


def _file_or_empty(path: str) -> str:
    if path and not Path(path).is_file():
        raise ValueError("must be the path of an existing file, or empty")
    return path


Address = Annotated[str, AfterValidator(_address)]
Addresses = Annotated[str, AfterValidator(_addresses)]
OptionalAddress = Annotated[str, AfterValidator(_address_or_empty)]
OptionalFile = Annotated[str, AfterValidator(_file_or_empty)]
Name = Annotated[str, AfterValidator(_name)]


class Settings(BaseSettings):
    """Every setting with its default, its unit last in its name, and one line of help."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, validate_default=True)

    kafka: Addresses = Field("127.0.0.1:9092", description="Kafka brokers to ask first, host:port, several with commas")
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", description="How brokers are spoken to, by Kafka's own name for it"
    )
    kafka_ca: OptionalFile = Field(
        "", description="File of the authorities that sign brokers' certificates, PEM; empty: the system's"
    )
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        "PLAIN", description="How one logs in to brokers, with SASL"
    )
    kafka_user: str = Field("", description="Who logs in to brokers, with SASL")
    kafka_password: str = Field("", repr=False, description="The password that goes with it")
    redis: Addresses = Field(
        "127.0.0.1:6379",
        description="Redis that holds the tables, host:port; several with commas: nodes of a Redis Cluster",
    )
    redis_tls: bool = Field(False, description="Whether Redis is spoken to over TLS")
    redis_ca: OptionalFile = Field(
        "", description="File of the authorities that sign Redis's certificate, PEM; empty: the system's"
    )
    redis_user: str = Field("", description="Who logs in to Redis; empty: its default user")
    redis_password: str = Field("", repr=False, description="The password that goes with it; empty: none is asked")
    http: Address = Field(
        "127.0.0.1:8080", description="Where the API listens, host:port; outside loopback with tokens"
    )
    tokens: OptionalFile = Field("", description="File of token hashes; empty: no tokens, and the API on loopback only")
    secret: str = Field(
        "",
        description="Signs sessions and links of the pages; empty: who can read the tokens file could forge them",
    )
    partitions: int = Field(
        12,
        ge=1,
        le=10_000,
        description="Partitions of the first events topic; crmpulse rebuild --partitions changes them later",
    )
    replication: int = Field(1, ge=1, le=10, description="Copies that Kafka keeps of each topic")
    events_topic: Name = Field("crm.events", description="Topic of the events, kept for ever")
    dead_letters_topic: Name = Field("crm.dead-letters", description="Topic of the events that could not be used")
    alerts_topic: Name = Field("crm.alerts", description="Topic of the alerts that fire and resolve")
    group: Name = Field("crmpulse", description="Consumer group that the workers share")
    batch_records: int = Field(5000, ge=1, le=100_000, description="Most records of one fetch, and so of one commit")
    session_timeout_ms: int = Field(
        10_000, ge=1_000, le=300_000, description="Milliseconds of silence after which a worker counts as gone"
    )
    final_days: int = Field(
        90,
        ge=1,
        le=3_650,
        description="Days after which an activity can no longer be corrected; a change needs a rebuild",
    )
    alert_fresh_hours: int = Field(
        24, ge=1, le=8_760, description="Hours for which a cause of an alert is news: an older one does not fire"
    )
    alert_kept_days: int = Field(7, ge=1, le=3_650, description="Days for which an alert that resolved is listed")
    enable: str = Field(
        "", description="KPIs that are kept and told, ids with commas; empty: all. Workers and API need the same ones"
    )
    score_weights: str = Field(
        "",
        pattern=r"^([a-z_]+:[0-9]{1,4}(,[a-z_]+:[0-9]{1,4})*)?$",
        description="Weights of agent_performance_score, `csat_score:2,tickets_resolved:1`; empty: all KPIs of it alike",
    )
    kpis: OptionalFile = Field(
        "", description="File of KPIs of one's own; empty: none. Workers and API need the same one"
    )
    worker_metrics: OptionalAddress = Field("", description="Where a worker serves metrics, host:port; empty: nowhere")
    stall_seconds: int = Field(
        50,
        ge=5,
        le=3_600,
        description="Seconds without progress, with work waiting or blocked, after which a worker ends itself",
    )
    metrics_token: OptionalFile = Field(
        "", description="File of the token that /metrics wants where the API has tokens; empty: it answers nobody then"
    )
    metrics_windows: str = Field("today,this_month", description="Windows that /metrics tells the KPIs of, with commas")
    metrics_level: Literal["org", "team", "user"] = Field(
        "team", description="Down to whom /metrics tells the KPIs: organisations, their teams, their users"
    )
    metrics_series: int = Field(
        10_000, ge=100, le=1_000_000, description="Most series of KPIs on /metrics; what is left out is counted there"
    )
    metrics_fresh_seconds: int = Field(
        10, ge=1, le=300, description="Seconds for which /metrics tells again what only the clock can change"
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least severe level logged")
    log_format: Literal["console", "json"] = Field("console", description="Log lines for people or for machines")

    @field_validator("kafka_user")
    @classmethod
    def _user_where_needed(cls, user: str, info: ValidationInfo) -> str:
        protocol = info.data.get("kafka_security_protocol", "")
        if bool(user) != protocol.startswith("SASL"):
            what = "must be empty" if user else "must name who logs in"
            raise ValueError(f"{what}, because {PREFIX}KAFKA_SECURITY_PROTOCOL={protocol}")
        return user

    @field_validator("tokens")
    @classmethod
    def _tokens_where_needed(cls, tokens: str, info: ValidationInfo) -> str:
        http = info.data.get("http", "127.0.0.1:1")
        if not tokens and not is_loopback(host_port(http)[0]):
            raise ValueError(f"must name a file of tokens, because {PREFIX}HTTP={http} can be reached from outside")
        return tokens

    @field_validator("dead_letters_topic", "alerts_topic")
    @classmethod
    def _topics_differ(cls, topic: str, info: ValidationInfo) -> str:
        if topic in (info.data.get("events_topic"), info.data.get("dead_letters_topic")):
            raise ValueError("must differ from the other topics")
        return topic


PAGE = """# Settings

Environment variables, made from `crmpulse/settings.py`; do not edit. `crmpulse --help` shows them too.

| variable | default | meaning | allowed |
|---|---|---|---|"""


class Setting(NamedTuple):
    """A line of the settings table."""

    variable: str
    default: str
    allowed: str
    help: str


def describe() -> list[Setting]:
    """All settings, in the order in which they are declared."""
    return [
        Setting(PREFIX + name.upper(), str(field.default), _allowed(field), field.description or "")
        for name, field in Settings.model_fields.items()
    ]


def page() -> str:
    """Markdown: the settings as a table."""
    rows = [
        f"| `{it.variable}` | `{it.default}` | {it.help} | {it.allowed.removeprefix('must be ')} |" for it in describe()
    ]
    return "\n".join([PAGE, *(row.replace("``", "(empty)") for row in rows), ""])


def load(more: Callable[[Mapping[str, str]], list[str]] = lambda _: []) -> Settings:
    """The settings of this process's environment; SettingsError names every mistake in it.

    `more` tells mistakes that only others can see, from what is set, by name.
    """
    mistakes = more(EnvSettingsSource(Settings)()) + _misspelt()
    try:
        settings = Settings()
    except ValidationError as error:
        raise SettingsError([_mistake(dict(fault)) for fault in error.errors()] + mistakes) from None
    if mistakes:
        raise SettingsError(mistakes)
    return settings


def _mistake(fault: dict[str, Any]) -> str:
    name = str(fault["loc"][0])
    allowed = _allowed(Settings.model_fields[name]) or fault["msg"].removeprefix("Value error, ")
    given = "…" if "@" in str(fault["input"]) else repr(fault["input"])  # a password may be in it
    return f"{PREFIX}{name.upper()}={given}: {allowed}"


def _allowed(field: FieldInfo) -> str:
    bounds = {side: getattr(bound, side) for bound in field.metadata for side in ("ge", "le") if hasattr(bound, side)}
    if bounds:
        return f"must be a whole number from {bounds['ge']} to {bounds['le']}"
    if choices := get_args(field.annotation):
        return f"must be one of {', '.join(choices)}"
    return ""


def _misspelt() -> list[str]:
    known = [PREFIX + name.upper() for name in Settings.model_fields]
    strangers = [variable for variable in os.environ if variable.startswith(PREFIX) and variable not in known]
    near = [(stranger, difflib.get_close_matches(stranger, known, n=1, cutoff=0.9)) for stranger in strangers]
    return [f"{stranger}=…: no such setting, do you mean {names[0]}?" for stranger, names in near if names]


if __name__ == "__main__":
    sys.stdout.write(page())
