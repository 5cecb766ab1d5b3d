from __future__ import annotations

import json
import logging as standard
from collections.abc import Iterator

import pytest
import structlog

from crmpulse import logging
from crmpulse.settings import Settings


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    root = standard.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


def test_our_lines_and_the_standard_librarys_are_one_log(capsys: pytest.CaptureFixture[str]) -> None:
    logging.configure(Settings(log_format="json"))
    structlog.get_logger("streams").info("committed", partition=7)
    standard.getLogger("uvicorn.error").warning("late by %d s", 3)
    ours, theirs = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    assert (ours["event"], ours["partition"], ours["level"], ours["logger"]) == ("committed", 7, "info", "streams")
    assert (theirs["event"], theirs["level"], theirs["logger"]) == ("late by 3 s", "warning", "uvicorn.error")
    assert ours.keys() - {"partition"} == theirs.keys()


def test_a_line_for_people_has_no_colour_codes_in_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    logging.configure(Settings())
    structlog.get_logger("streams").info("committed", partition=7)
    (line,) = capsys.readouterr().err.splitlines()
    assert "committed" in line
    assert "partition=7" in line
    assert "\x1b" not in line


def test_what_is_less_severe_than_the_level_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    logging.configure(Settings(log_level="error"))
    structlog.get_logger("streams").warning("slow")
    assert not capsys.readouterr().err


@pytest.mark.parametrize("name", logging.CHATTY)
def test_talkative_libraries_speak_from_warning_up(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    logging.configure(Settings(log_level="debug"))
    standard.getLogger(name).info("still here")
    standard.getLogger(name).warning("trouble")
    assert [line.split()[3] for line in capsys.readouterr().err.splitlines()] == ["trouble"]


def test_a_fault_has_its_traceback_in_the_line(capsys: pytest.CaptureFixture[str]) -> None:
    logging.configure(Settings(log_format="json"))
    try:
        raise ValueError("torn")
    except ValueError:
        structlog.get_logger("streams").exception("failed")
    (line,) = capsys.readouterr().err.splitlines()
    assert "ValueError: torn" in json.loads(line)["exception"]
