"""Whatever is put wherever, the bundle for remote support holds no secret."""

from base64 import b64encode
from collections.abc import Iterator
import json
import logging
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote, quote_plus

from hems_agent.diagnostics import LogTail, bundle
from hems_agent.ingest import IngestState
from hems_agent.intake import Counts
from hems_agent.probes import Seen
from hems_agent.provision import Alert, ReplicationStatus, Trouble
from hems_agent.redaction import SHORTEST, redacted
from hems_agent.settings import VARIABLES, Settings
from hems_agent.spool import SpoolState
from hems_agent.status import StackState
from hems_agent.writer import Outcome, WriterState
from hypothesis import given, settings
from hypothesis import strategies as st
import pytest

SECRET_VARIABLES = [one.name for one in VARIABLES if one.is_secret] + ["BALENA_SUPERVISOR_API_KEY"]
# Without the star, which is what stands in the place of a secret.
LETTERS = st.characters(exclude_characters="*", exclude_categories=["Cs", "Cc", "Zl", "Zp"])
SECRETS = st.text(LETTERS, min_size=8, max_size=60).map(str.strip).filter(lambda text: len(text) >= 8)
"""As people and generators make them."""
TOKENS = st.text("abcdefghijkmnpqrstuvwxyzABCDEFGH23456789_-", min_size=8, max_size=86).map(lambda text: f"Z{text}")
CONTEXTS = (
    "{}",
    "the answer was {}, again",
    "https://home:{}@fleet.example/api",
    "GET /v2/restart?apikey={}&x=1 failed",
    '{{"password": "{}"}}',
    "FLEET_INFLUX_TOKEN='{}' is refused",
    "Authorization: Token {}",
    "x{}x",
)
SPELLINGS = (str, quote, quote_plus, lambda text: repr(text)[1:-1], lambda text: json.dumps(text)[1:-1])
# Nobody has told the agent of these: they are known by what stands before them.
TELLING = (
    "https://home:{}@fleet.example/api",
    "GET /v2/restart?apikey={}&x=1 failed",
    '{{"password": "{}"}}',
    "Authorization: Token {}",
    "Authorization: Bearer {}",
    "the token {} is refused",
    "secret={}",
)


def a_state(texts: list[str]) -> StackState:
    """One in which each place for words holds all of them."""
    said = " · ".join(texts)
    spool = SpoolState(
        queued_bytes=0,
        queued_points=0,
        oldest_ms=None,
        max_bytes=1,
        nearly_full=False,
        dropped_points=0,
        corrupt_bytes=0,
    )
    writer = WriterState(
        outcome=Outcome.FAILING,
        message=said,
        failing_s=1.0,
        points=0,
        requests=0,
        bytes=0,
        failures=1,
        rejected_points=0,
    )
    return StackState(
        now_s=1_800_000_000.0,
        services={"influxdb": Seen(is_well=False, said=said)},
        restarts={},
        ingest=IngestState(
            connected=False, trouble=said, disk_trouble=said, waiting=0, broker_dropped=0, counts=Counts()
        ),
        spool=spool,
        writer=writer,
        replication=ReplicationStatus(alerts=(Alert(Trouble.SETTINGS, said),), latest_message=said),
        access_point={"mode": "failed", "reason": said},
    )


def told(variables: dict[str, str], files: dict[str, str], texts: list[str]) -> str:
    """All words of a bundle, as they are and as they are sent."""
    with TemporaryDirectory() as name:
        folder = Path(name) / "agent"
        folder.mkdir()
        for file, text in files.items():
            (folder / file).write_text(text, "utf-8")
        log = LogTail()
        log.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
        for text in texts:
            log.handle(logging.LogRecord("hems", logging.WARNING, "", 0, "%s", (text,), None))
        found = bundle(Settings(secrets=Path(name)), variables, a_state(texts), log)
    return "\n".join([*words(found), *words(json.loads(json.dumps(found)))])


def words(found: object) -> Iterator[str]:
    if isinstance(found, str):
        yield found
    elif isinstance(found, dict):
        for value in found.values():
            yield from words(value)
    elif isinstance(found, list):
        for value in found:
            yield from words(value)


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(st.sampled_from(SECRET_VARIABLES), SECRETS, min_size=1),
    st.dictionaries(st.sampled_from(["mqtt_password", "operator_token", "write_token"]), SECRETS, min_size=1),
    st.lists(st.tuples(st.sampled_from(CONTEXTS), st.sampled_from(SPELLINGS)), min_size=1, max_size=6),
)
def test_a_secret_of_a_variable_or_a_file_is_never_in_the_bundle_however_it_is_spelt(variables, files, forms):
    secrets = [*variables.values(), *files.values()]
    texts = [context.format(spell(secret)) for context, spell in forms for secret in secrets]
    bundled = told(variables, files, texts)
    for secret in secrets:
        for spell in SPELLINGS:
            assert spell(secret) not in bundled
        assert secret[-8:] not in bundled, "not even its end"


@settings(max_examples=60, deadline=None)
@given(TOKENS, st.sampled_from(TELLING))
def test_a_secret_that_nobody_knows_is_seen_by_what_stands_before_it(token, context):
    assert token not in told({}, {}, [context.format(token)])


@settings(max_examples=60, deadline=None)
@given(TOKENS, st.integers(12, 86), st.sampled_from(CONTEXTS))
def test_a_secret_that_was_cut_off_is_not_there_in_part(token, length, context):
    part = token[:length]
    assert part[:12] not in told({"FLEET_INFLUX_TOKEN": token}, {}, [context.format(part)])


def test_a_private_key_and_basic_credentials_are_taken_out():
    key = "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqG\n-----END PRIVATE KEY-----"
    assert redacted(f"read {key} and go on") == "read ** and go on"
    basic = b64encode(b"home:secret").decode()
    assert basic not in redacted(f"Authorization: Basic {basic}")
    assert redacted('password="two words" x') == 'password="**" x'


def test_what_is_no_secret_stays_readable():
    said = told({"FLEET_INFLUX_TOKEN": "abcdefgh"}, {}, ["influxdb answers 503 at http://influxdb:8086/health"])
    assert "WARNING hems: influxdb answers 503 at http://influxdb:8086/health" in said


@pytest.mark.parametrize("name", SECRET_VARIABLES)
def test_of_a_variable_the_bundle_says_only_whether_it_is_set(name):
    assert "correct horse" not in told({name: "correct horse"}, {}, ["nothing"])


def test_a_password_too_short_to_be_one_does_not_take_half_of_every_text_with_it():
    said = told({"FLEET_MQTT_PASSWORD": "e" * (SHORTEST - 1)}, {}, ["nothing is wrong eee"])
    assert "nothing is wrong eee" in said
