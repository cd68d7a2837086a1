"""The registry client: what it asks, what it tries again, and what it says when it cannot go on."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import httpx
import pytest

from flashfit.errors import ConfigError, SurroundingsError
from flashfit.manifest import BundleError
from flashfit.registry.client import Reference, Registry, parse_reference

if TYPE_CHECKING:
    from conftest import FakeMlflow

NAME = "digits.nano33ble"
CANDIDATE = Reference(NAME, alias="candidate")


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("digits.nano33ble@candidate", CANDIDATE),
        ("digits.nano33ble/12", Reference(NAME, version=12)),
    ],
)
def test_a_reference_is_a_name_with_an_alias_or_a_version(text: str, reference: Reference) -> None:
    assert parse_reference(text) == reference
    assert str(reference) == text


@pytest.mark.parametrize("text", ["", "@candidate", "a@", "a/", "a/one", "a/1@b", "a/²", "a/-1", "/1"])
def test_anything_else_is_no_reference(text: str) -> None:
    with pytest.raises(ConfigError, match=r"neither NAME@ALIAS nor NAME/VERSION; next: flashfit pull .*@cand"):
        parse_reference(text)


def test_a_bare_name_is_answered_with_the_command_that_was_meant() -> None:
    with pytest.raises(ConfigError, match=r"next: flashfit pull speech.nano33ble@candidate"):
        parse_reference("speech.nano33ble")


@pytest.mark.parametrize("address", ["registry:5000", "", "ftp://registry", "http://", "http://[::"])
def test_an_address_that_is_not_http_is_the_users_error(address: str) -> None:
    with pytest.raises(ConfigError, match="is no registry address"):
        Registry(address)


def test_an_alias_stands_for_the_version_it_points_at(mlflow: "FakeMlflow") -> None:
    mlflow.add({"a": b"1"})
    digest = mlflow.add({"a": b"2"})
    version = mlflow.registry().resolve(CANDIDATE)
    assert (version.number, version.sha256) == (2, digest)


def test_a_version_is_found_by_its_number(mlflow: "FakeMlflow") -> None:
    digest = mlflow.add({"a": b"1"})
    mlflow.add({"a": b"2"})
    assert mlflow.registry().resolve(Reference(NAME, version=1)).sha256 == digest


def test_an_unknown_name_is_the_users_error(mlflow: "FakeMlflow") -> None:
    with pytest.raises(ConfigError, match=r"no registered model 'speech.m4'; next: flashfit build speech"):
        mlflow.registry().resolve(Reference("speech.m4", alias="candidate"))


def test_an_unknown_alias_is_answered_with_those_that_exist(mlflow: "FakeMlflow") -> None:
    mlflow.add({"a": b"1"})
    with pytest.raises(ConfigError, match=r"no alias 'prod' .*\(aliases: candidate\); next: .*@candidate"):
        mlflow.registry().resolve(Reference(NAME, alias="prod"))


def test_an_unknown_version_is_the_users_error(mlflow: "FakeMlflow") -> None:
    mlflow.add({"a": b"1"})
    with pytest.raises(ConfigError, match=r"has no version 9"):
        mlflow.registry().resolve(Reference(NAME, version=9))


@pytest.mark.parametrize("failure", [500, 503, httpx.ConnectError("refused"), httpx.ReadTimeout("slow")])
def test_a_failure_that_passes_is_tried_again(mlflow: "FakeMlflow", failure: int | Exception) -> None:
    mlflow.add({"a": b"1"})
    mlflow.failures += [failure, failure]
    assert mlflow.registry().resolve(CANDIDATE).number == 1
    assert len(mlflow.requests) == 3


def test_a_server_that_stays_away_is_named(mlflow: "FakeMlflow") -> None:
    mlflow.failures += [httpx.ConnectError("refused")] * 3
    with pytest.raises(
        SurroundingsError, match=r"MLflow at http://registry:5000 does not answer \(refused\)"
    ) as failure:
        mlflow.registry().resolve(CANDIDATE)
    assert failure.value.exit_code == 3


def test_a_server_that_keeps_failing_is_quoted(mlflow: "FakeMlflow") -> None:
    mlflow.failures += [500, 502, 503]
    with pytest.raises(SurroundingsError, match=r"fails \(status 503: try later\)"):
        mlflow.registry().resolve(CANDIDATE)


def test_what_the_user_did_wrong_is_not_tried_again(mlflow: "FakeMlflow") -> None:
    with pytest.raises(ConfigError, match="no registered model"):
        mlflow.registry().resolve(Reference("speech.m4", version=1))
    assert len(mlflow.requests) == 2


@pytest.mark.parametrize("status", [401, 403])
def test_a_closed_registry_asks_for_an_account(no_mlflow: Callable[[httpx.Response], Registry], status: int) -> None:
    with pytest.raises(ConfigError, match=rf"does not let you read \(status {status}: go away\)"):
        no_mlflow(httpx.Response(status, text="go away")).resolve(CANDIDATE)


@pytest.mark.parametrize("answer", [httpx.Response(200, text="<html>"), httpx.Response(404, json=[])])
def test_another_kind_of_server_is_told_apart(
    no_mlflow: Callable[[httpx.Response], Registry], answer: httpx.Response
) -> None:
    with pytest.raises(SurroundingsError, match="does not answer as an MLflow server does"):
        no_mlflow(answer).resolve(CANDIDATE)


def test_a_missing_file_refuses_the_bundle(mlflow: "FakeMlflow") -> None:
    mlflow.add({"a": b"1"})
    registry = mlflow.registry()
    with pytest.raises(BundleError, match=r"version 1 holds no b \(mlflow-artifacts:/1/1/bundle\)"):
        registry.read(registry.resolve(CANDIDATE), "b", at_most=10)


def test_a_file_longer_than_it_should_be_is_not_read_to_its_end(mlflow: "FakeMlflow") -> None:
    mlflow.add({"a": b"x" * 1000})
    registry = mlflow.registry()
    with pytest.raises(BundleError, match="a is longer than the 10 B"):
        registry.read(registry.resolve(CANDIDATE), "a", at_most=10)


def test_a_password_in_the_address_is_sent_and_never_shown() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(503)

    registry = Registry("http://ann:secret@registry:5000", transport=httpx.MockTransport(answer), pauses_s=())
    with pytest.raises(SurroundingsError, match="http://registry:5000") as failure:
        registry.resolve(CANDIDATE)
    assert "secret" not in str(failure.value)
    assert seen[0].headers["authorization"].startswith("Basic ")
