"""``rerank-plugins playground``: what it loads, where it listens, and what it refuses."""

from __future__ import annotations

import logging
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import uvicorn
from starlette.testclient import TestClient
from typer.testing import CliRunner
from typing_extensions import Self

import rerank_plugins
from rerank_plugins import ArgumentError, MissingExtraError
from rerank_plugins.cli import app

if TYPE_CHECKING:
    from pathlib import Path


class Loaded:
    """Stands in for a loaded model; knows whether it is still open."""

    def __init__(self, model: str, family: str | None) -> None:
        self.given = (model, family)
        self.is_warm = self.is_closed = False

    def warmup(self) -> None:
        self.is_warm = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.is_closed = True


class Started:
    """What the command did: the models it loaded, and how it started the server."""

    def __init__(self) -> None:
        self.models: list[Loaded] = []
        self.options: dict[str, Any] = {}
        self.app: Any = None

    def load(self, model: str, *, family: str | None) -> Loaded:
        self.models.append(Loaded(model, family))
        return self.models[-1]

    def run(self, served: Any, **options: Any) -> None:
        assert all(model.is_warm and not model.is_closed for model in self.models)
        self.app, self.options = served, options


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Started:
    started = Started()
    monkeypatch.setitem(vars(rerank_plugins), "load", started.load)
    monkeypatch.setattr(uvicorn, "run", started.run)
    return started


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["playground", *arguments])
    if result.exception is not None:
        raise result.exception
    return result.stderr


def test_it_serves_the_embedded_model_to_this_machine_alone(started: Started) -> None:
    assert "http://127.0.0.1:8765" in run()
    assert [model.given for model in started.models] == [("embedded", None)]
    assert (started.options["host"], started.options["port"]) == ("127.0.0.1", 8765)


def test_the_models_are_closed_at_the_end(started: Started) -> None:
    run("--model", "one", "--model", "two")
    assert [model.is_closed for model in started.models] == [True, True]


def test_each_model_gets_its_family(started: Started) -> None:
    run("--model", "one", "--model", "two", "--family", "auto", "--family", "qwen3")
    assert [model.given for model in started.models] == [("one", None), ("two", "qwen3")]


def test_a_model_without_a_family_shows_its_own(started: Started) -> None:
    run("--model", "one", "--model", "two", "--family", "qwen3")
    assert [model.given for model in started.models] == [("one", "qwen3"), ("two", None)]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--model", "one", "--model", "two", "--model", "three"],
        ["--model", "one", "--model", "one"],
        ["--family", "qwen3", "--family", "zerank"],
    ],
)
def test_models_that_do_not_fit_are_refused(started: Started, arguments: list[str]) -> None:
    with pytest.raises(ArgumentError):
        run(*arguments)
    assert started.models == []


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.0.1", "example.com"])
def test_other_machines_are_not_let_in_unasked(started: Started, host: str) -> None:
    with pytest.raises(ArgumentError, match="--allow-remote"):
        run("--host", host)
    assert started.app is None


def test_letting_other_machines_in_is_warned_of(started: Started, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "rerank_plugins"):
        run("--host", "192.168.0.1", "--allow-remote")
    assert "without authentication" in caplog.text
    client = TestClient(started.app)
    assert client.get("/", headers={"host": "192.168.0.1:8765"}).status_code == 200


def test_an_ipv6_address_is_shown_so_that_it_can_be_opened(started: Started) -> None:
    assert "http://[::1]:9000" in run("--host", "::1", "--port", "9000")
    assert started.options["host"] == "::1"


def names_shown(started: Started, monkeypatch: pytest.MonkeyPatch, *models: str) -> list[str]:
    shown: list[str] = []
    monkeypatch.setattr("rerank_plugins.playground.app.playground", lambda found, **_: shown.extend(found))
    run(*(word for model in models for word in ("--model", model)))
    return shown


def test_a_directory_shows_no_more_than_its_name(
    started: Started, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "mine").mkdir()
    assert names_shown(started, monkeypatch, str(tmp_path / "mine"), "embedded") == ["mine", "embedded"]


def test_directories_of_one_name_are_told_apart(
    started: Started, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    both = [str(tmp_path / name / "model") for name in ("first", "second")]
    for path in both:
        (tmp_path / path).mkdir(parents=True)
    assert names_shown(started, monkeypatch, *both) == both


def test_without_the_extra_the_error_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    with pytest.raises(MissingExtraError, match=r"rerank-plugins\[playground\]"):
        run()


def test_the_other_commands_load_nothing_of_it() -> None:
    code = "import sys, rerank_plugins.cli; sys.exit(bool({'starlette', 'uvicorn', 'torch'} & set(sys.modules)))"
    subprocess.run([sys.executable, "-c", code], check=True)
