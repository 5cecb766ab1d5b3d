from __future__ import annotations

from pathlib import Path

import pytest

from crmpulse import settings
from crmpulse.settings import Settings, SettingsError, host_port, is_loopback

PAGE = Path(__file__).parents[2] / "docs" / "settings.md"


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for setting in settings.describe():
        monkeypatch.delenv(setting.variable, raising=False)


def _mistakes(monkeypatch: pytest.MonkeyPatch, **environment: str) -> list[str]:
    for variable, text in environment.items():
        monkeypatch.setenv(variable, text)
    with pytest.raises(SettingsError) as caught:
        settings.load()
    return caught.value.mistakes


def test_everything_has_a_default() -> None:
    assert settings.load() == Settings(kafka="127.0.0.1:9092", redis="127.0.0.1:6379", partitions=12)


def test_the_environment_says_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRMPULSE_KAFKA", "one:9092,[::1]:9093")
    monkeypatch.setenv("CRMPULSE_BATCH_RECORDS", "200")
    assert (settings.load().kafka, settings.load().batch_records) == ("one:9092,[::1]:9093", 200)


def test_every_setting_is_described() -> None:
    described = settings.describe()
    assert [setting.variable for setting in described] == [f"CRMPULSE_{name.upper()}" for name in Settings.model_fields]
    assert all(setting.help and "\n" not in setting.help for setting in described)


def test_the_page_in_docs_is_fresh() -> None:
    assert PAGE.read_text() == settings.page(), "run make docs"


def test_every_mistake_is_named_at_once_with_value_and_what_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = {"CRMPULSE_REDIS": "here", "CRMPULSE_PARTITIONS": "0", "CRMPULSE_LOG_FORMAT": "xml", "CRMPULSE_GROUP": ""}
    assert _mistakes(monkeypatch, **wrong) == [
        "CRMPULSE_REDIS='here': must be host:port, such as 127.0.0.1:9092 or [::1]:9092",
        "CRMPULSE_PARTITIONS='0': must be a whole number from 1 to 10000",
        "CRMPULSE_GROUP='': must be 1 to 249 of the characters a-z, A-Z, 0-9, '.', '_', '-'",
        "CRMPULSE_LOG_FORMAT='xml': must be one of console, json",
    ]


def test_no_mistake_shows_a_password(monkeypatch: pytest.MonkeyPatch) -> None:
    told = _mistakes(monkeypatch, CRMPULSE_REDIS="redis://:hunter2@here:6379", CRMPULSE_REDIS_PASWORD="hunter2")
    assert [line.split(":")[0] for line in told] == ["CRMPULSE_REDIS=…", "CRMPULSE_REDIS_PASWORD=…"]
    assert "hunter2" not in str(told)


@pytest.mark.parametrize(
    ("address", "parts"),
    [
        ("127.0.0.1:9092", ("127.0.0.1", 9092)),
        ("redis.internal:1", ("redis.internal", 1)),
        ("[::1]:65535", ("::1", 65535)),
        ("[fe80:0:0::1]:80", ("fe80::1", 80)),
    ],
)
def test_an_address_is_a_host_and_a_port(address: str, parts: tuple[str, int]) -> None:
    assert host_port(address) == parts


@pytest.mark.parametrize(
    "address",
    ["", "host", "9092", ":9092", "host:", "host:0", "host:65536", "host:+1", "host:٣", "::1:9092", "[::1]", "[::1:1",
     "[]:1", "[host]:1", "kafka://host:1", "user@host:1", "ho st:1", "a:1,b:2"],
)  # fmt: skip
def test_anything_else_is_no_address(address: str) -> None:
    with pytest.raises(ValueError, match="must"):
        host_port(address)


@pytest.mark.parametrize("variable", ["CRMPULSE_KAFKA", "CRMPULSE_REDIS", "CRMPULSE_HTTP"])
def test_an_address_that_is_needed_may_not_be_empty(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    assert _mistakes(monkeypatch, **{variable: ""})[0].startswith(f"{variable}='': must be host:port")


@pytest.mark.parametrize(("text", "works"), [("", True), ("127.0.0.1:9100", True), ("9100", False)])
def test_worker_metrics_are_off_when_empty(monkeypatch: pytest.MonkeyPatch, text: str, works: bool) -> None:
    monkeypatch.setenv("CRMPULSE_WORKER_METRICS", text)
    if works:
        assert settings.load().worker_metrics == text
    else:
        assert _mistakes(monkeypatch)[0].startswith("CRMPULSE_WORKER_METRICS='9100': must be host:port")


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("127.8.8.8", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("::", False)],
)
def test_loopback_is_what_only_this_machine_reaches(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


def test_the_api_leaves_loopback_only_with_tokens(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert _mistakes(monkeypatch, CRMPULSE_HTTP="0.0.0.0:80") == [
        "CRMPULSE_TOKENS='': must name a file of tokens, because CRMPULSE_HTTP=0.0.0.0:80 can be reached from outside"
    ]
    tokens = tmp_path / "tokens"
    tokens.touch()
    monkeypatch.setenv("CRMPULSE_TOKENS", str(tokens))
    assert settings.load().http == "0.0.0.0:80"


@pytest.mark.parametrize("variable", ["CRMPULSE_TOKENS", "CRMPULSE_METRICS_TOKEN"])
def test_a_file_of_tokens_that_is_not_there_is_a_mistake(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    mistakes = _mistakes(monkeypatch, **{variable: "nowhere"})
    assert mistakes == [f"{variable}='nowhere': must be the path of an existing file, or empty"]


@pytest.mark.parametrize(
    ("protocol", "user", "what"),
    [("SASL_SSL", "", "must name who logs in"), ("SSL", "me", "must be empty"), ("PLAINTEXT", "me", "must be empty")],
)
def test_who_logs_in_to_brokers_is_named_where_they_ask_and_nowhere_else(
    monkeypatch: pytest.MonkeyPatch, protocol: str, user: str, what: str
) -> None:
    told = _mistakes(monkeypatch, CRMPULSE_KAFKA_SECURITY_PROTOCOL=protocol, CRMPULSE_KAFKA_USER=user)
    assert told == [f"CRMPULSE_KAFKA_USER={user!r}: {what}, because CRMPULSE_KAFKA_SECURITY_PROTOCOL={protocol}"]


def test_a_password_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRMPULSE_KAFKA_PASSWORD", "a secret")
    monkeypatch.setenv("CRMPULSE_REDIS_PASSWORD", "a secret")
    assert "a secret" not in repr(settings.load())


def test_two_topics_of_one_name_are_a_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    mistakes = _mistakes(monkeypatch, CRMPULSE_EVENTS_TOPIC="crm", CRMPULSE_ALERTS_TOPIC="crm")
    assert mistakes == ["CRMPULSE_ALERTS_TOPIC='crm': must differ from the other topics"]


def test_a_misspelt_name_is_a_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    mistakes = _mistakes(monkeypatch, CRMPULSE_KAKFA="broker:9092")
    assert mistakes == ["CRMPULSE_KAKFA=…: no such setting, do you mean CRMPULSE_KAFKA?"]


def test_variables_that_kubernetes_adds_are_no_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("CRMPULSE_API_SERVICE_HOST", "CRMPULSE_API_PORT", "CRMPULSE_REDIS_PORT", "CRMPULSE_KAFKA_PORT"):
        monkeypatch.setenv(variable, "tcp://10.0.0.1:80")
    assert settings.load() == Settings()
