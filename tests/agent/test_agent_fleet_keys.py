"""The operator's two commands: a pair of keys, and what homes have sealed, opened."""

from io import BytesIO, TextIOWrapper
from pathlib import Path
import stat

from hems_agent.__main__ import main
from hems_agent.sealing import PrivateKey, Sealer
import pytest

HOME = "h-3f9c2a7d51e04b86"
PLAN = f"hems/{HOME}/plan"


@pytest.fixture
def key(tmp_path, capsys) -> tuple[Path, Sealer]:
    """A file with a private key, and a home that has the public one."""
    file = tmp_path / "fleet.key"
    assert main(["new-fleet-key", str(file)]) == 0
    assert capsys.readouterr().out.startswith("hems-pub1-")
    return file, Sealer(HOME, PrivateKey(file.read_text().splitlines()[1]).public, b"names")


def opening(monkeypatch, lines: list[bytes], *files: Path) -> int:
    monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(b"".join(line + b"\n" for line in lines))))
    return main(["open", *(word for file in files for word in ("--key", str(file)))])


def line(sealer: Sealer, topic: str, payload: bytes) -> bytes:
    place, sealed = sealer.seal(topic, payload)
    return place.encode() + b" " + sealed


def test_a_new_pair_is_written_once_for_its_owner_alone(tmp_path, capsys):
    file = tmp_path / "fleet.key"
    assert main(["new-fleet-key", str(file)]) == 0
    public = capsys.readouterr().out.strip()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert PrivateKey(file.read_text().splitlines()[1]).public.text == public
    before = file.read_text()
    assert main(["new-fleet-key", str(file)]) == 1
    assert file.read_text() == before
    assert "File exists" in capsys.readouterr().err


def test_messages_come_out_as_mosquitto_sub_writes_them(key, monkeypatch, capsys):
    file, sealer = key
    assert opening(monkeypatch, [line(sealer, PLAN, b'{"schema":1}'), line(sealer, f"{PLAN}", b"two words")], file) == 0
    assert capsys.readouterr().out == f'{PLAN} {{"schema":1}}\n{PLAN} two words\n'


def test_what_cannot_be_opened_is_named_and_the_rest_is_read(key, monkeypatch, capsys):
    file, sealer = key
    stranger = Sealer(HOME, PrivateKey.new().public, b"names")
    lines = [line(stranger, PLAN, b"x"), f"{PLAN} plain".encode(), b"nonsense", b"\xff \xff"]
    assert opening(monkeypatch, [*lines, line(sealer, PLAN, b"read")], file) == 1
    said = capsys.readouterr()
    assert said.out == f"{PLAN} read\n"
    assert len(said.err.splitlines()) == 3, "a line without a message clears a topic"
    assert f"there is only {sealer.key.id}" in said.err


def test_a_cleared_message_is_no_fault(key, monkeypatch, capsys):
    file, _ = key
    assert opening(monkeypatch, [f"hems/{HOME}/sealed/events/0123456789abcdef (null)".encode()], file) == 0
    assert capsys.readouterr() == ("", "")


def test_the_old_key_and_the_new_one_open_together(key, tmp_path, monkeypatch, capsys):
    file, sealer = key
    new = tmp_path / "new.key"
    main(["new-fleet-key", str(new)])
    later = Sealer(HOME, PrivateKey(new.read_text().splitlines()[1]).public, b"names")
    capsys.readouterr()
    assert opening(monkeypatch, [line(sealer, PLAN, b"old"), line(later, PLAN, b"new")], file, new) == 0
    assert capsys.readouterr().out == f"{PLAN} old\n{PLAN} new\n"


def test_what_a_sensor_has_put_into_a_message_does_nothing_in_a_terminal(key, monkeypatch, capsys):
    file, sealer = key
    topic = f"hems/{HOME}/telemetry/a\nb"
    assert opening(monkeypatch, [line(sealer, topic, b"\x1b[2J\nhems/other/plan forged \xff")], file) == 0
    assert capsys.readouterr().out == f"hems/{HOME}/telemetry/a\\nb \\x1b[2J\\nhems/other/plan forged \\xff\n"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "No such file"),
        ("# only words\n", "holds no key"),
        ("hems-pub1-AAAA\n", "does not begin with hems-key1-"),
        ("hems-key1-AAAA\n", "4 characters"),
    ],
)
def test_a_file_without_a_private_key_is_named_but_not_shown(tmp_path, monkeypatch, capsys, content, said):
    file = tmp_path / "fleet.key"
    if content is not None:
        file.write_text(content)
    assert opening(monkeypatch, [], file) == 2
    told = capsys.readouterr().err
    assert str(file) in told
    assert said in told
    assert "AAAA" not in told
