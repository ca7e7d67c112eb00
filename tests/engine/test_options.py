"""How the engine may be started, and how not."""

import logging
from pathlib import Path

import pytest

from custom_components.hems.core.engine.options import DEFAULT_PORT, Options, OptionsError, parse

TOKEN = {"HEMS_ENGINE_TOKEN": "secret"}


@pytest.mark.parametrize(
    ("arguments", "environment", "expected"),
    [
        ([], TOKEN, Options(host="127.0.0.1", port=DEFAULT_PORT, token="secret")),
        (["--host", "0.0.0.0", "--port", "0"], TOKEN, Options(host="0.0.0.0", port=0, token="secret")),
        (["--socket", "/run/e.sock"], TOKEN, Options(socket=Path("/run/e.sock"))),
        (["--log-level", "debug"], TOKEN, Options(token="secret", log_level=logging.DEBUG)),
        (["--exit-on-eof"], TOKEN, Options(token="secret", exit_on_eof=True)),
        (
            ["--page-port", "8099", "--page-peer", "10.0.0.1", "--page-peer", "10.0.0.2"],
            TOKEN,
            Options(token="secret", page_port=8099, page_peers=frozenset({"10.0.0.1", "10.0.0.2"})),
        ),
    ],
    ids=["loopback by default", "anywhere", "socket", "log level", "with its parent", "a page"],
)
def test_options_are_understood(arguments, environment, expected):
    assert parse(arguments, environment) == expected


def test_a_token_may_be_in_a_file(tmp_path):
    file = tmp_path / "token"
    file.write_text("from a file\n".replace(" ", "-"))
    assert parse(["--token-file", str(file)], TOKEN).token == "from-a-file"


@pytest.mark.parametrize(
    ("arguments", "environment", "said"),
    [
        ([], {}, "TCP needs a token"),
        ([], {"HEMS_ENGINE_TOKEN": "  "}, "TCP needs a token"),
        (["--token-file", "/nowhere/token"], TOKEN, "cannot be read"),
        (["--token-file", "/dev/null"], TOKEN, "is empty"),
        (["--socket", "s", "--port", "1"], TOKEN, "stands alone"),
        (["--socket", "s", "--host", "::1"], TOKEN, "stands alone"),
        (["--socket", "s", "--token-file", "t"], TOKEN, "stands alone"),
        ([], {"HEMS_ENGINE_TOKEN": "two words"}, "printable ASCII"),
        ([], {"HEMS_ENGINE_TOKEN": "gehëim"}, "printable ASCII"),
    ],
)
def test_what_cannot_be_is_refused(arguments, environment, said):
    with pytest.raises(OptionsError, match=said):
        parse(arguments, environment)


@pytest.mark.parametrize("port", ["-1", "65536", "http", "²"])
def test_a_port_that_is_none_is_refused(port, capsys):
    with pytest.raises(SystemExit):
        parse([f"--port={port}"], TOKEN)
    assert "0 to 65535" in capsys.readouterr().err


def test_the_token_is_never_shown():
    assert "secret" not in repr(parse([], TOKEN))
