"""What is sealed comes back whole to who has the key, tells nobody else anything, and opens nowhere else."""

from base64 import b64decode, b64encode
import json

from hems_agent.sealing import LARGEST_BYTES, NotOpened, PrivateKey, PublicKey, Sealer, opened, public_key_of
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
import pytest

from custom_components.hems.core.exchange.schemas import schemas

HOME = "h-3f9c2a7d51e04b86"
KEY = PrivateKey.new()
KEYS = {KEY.public.id: KEY}
METER = f"hems/{HOME}/telemetry/car_of_anna"
MESSAGE = b'{"schema":1,"site":"home","kind":"ev","values":{"power_kw":11.04}}'

KEPT_KEY = PrivateKey("hems-key1-gAffNkMI6OwrvSEyFCvNEETnMLMbCPBwCht35m7-VEq1v1vc")
KEPT_MESSAGE = (
    b'{"schema":1,"key":"db24b64152c6930d","sealed":"POYmehXUhQXUpq4Ctq6gwEyGGJArKZYTnbAe0apIYHm7yNcfRizVK'
    b"Raz4VXSO/829h8XP3XRt0A0orTHjsgA+Iy5KzNWZ8HNIOA87BSUScPEZGcVxWEnD/o10UoknyaWrf2U+N34IBSKmT8HaAbl4weZX"
    b"3Zy9XiSHDDoY6OzrVAivVRqfRYYz9INPzbyZfrGAYytvDhI+MwsdTFDZT2Op59rgF4qm1d0XqdPtyb/2Gc7Js65KasToWIHy4rcC"
    b"kJ6bTRwB00OmRif5GXy1MPC/bwmMntLS4i0EQTwoNFf0v7iKUA1kt4WNQ7x++Iniw9v+BRHKUejIhqRPZCCH6wh5v1EigeaYO6WT"
    b'OCGp4SnwG2uoUPiRgzdFx2Ke6e6PvuvfUSVV4OPuTYqN8RUe28AHQ=="}'
)
"""Sealed for it by the first version."""


def a_sealer(home: str = HOME, key: PublicKey = KEY.public, names: bytes = b"of this home") -> Sealer:
    return Sealer(home, key, names)


def refusal(topic: str, payload: bytes, keys=KEYS) -> str:
    with pytest.raises(NotOpened) as refused:
        opened(topic, payload, keys)
    return str(refused.value)


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(["plan", "status", "events/state", "events/state/dso-1"])
    | st.text("abcä_-/", min_size=1).map(lambda asset: f"telemetry/{asset}"),
    st.binary(min_size=1, max_size=2000),
    st.sampled_from(["", "north/", "hems/all/"]),
)
def test_whatever_a_home_says_comes_back_as_it_was_under_its_own_topic(below, payload, prefix):
    topic, sealed = a_sealer().seal(f"hems/{HOME}/{below}", payload)
    assert opened(prefix + topic, sealed, KEYS) == (f"hems/{HOME}/{below}", payload)


def test_a_sealed_message_is_what_its_schema_says():
    _, sealed = a_sealer().seal(METER, MESSAGE)
    Draft202012Validator(schemas()["sealed"]).validate(json.loads(sealed))
    assert json.loads(sealed)["key"] == KEY.public.id


def test_neither_values_nor_names_can_be_seen():
    topic, sealed = a_sealer().seal(METER, MESSAGE)
    cipher = b64decode(json.loads(sealed)["sealed"])
    for word in (b"anna", b"power", b"11.04"):
        assert word not in topic.encode() + sealed + cipher
    assert topic.startswith(f"hems/{HOME}/sealed/telemetry/")


def test_the_length_does_not_tell_whether_a_car_is_charging():
    idle = MESSAGE.replace(b"11.04", b"0.0")
    assert len({len(a_sealer().seal(METER, said)[1]) for said in (MESSAGE, idle)}) == 1


def test_each_thing_keeps_its_topic_which_other_homes_do_not_share():
    sealer = a_sealer()
    assert sealer.topic(METER) == a_sealer().topic(METER)
    assert sealer.topic(METER) != sealer.topic(f"{METER}s")
    assert sealer.topic(METER).rpartition("/")[2] != a_sealer(names=b"of another").topic(METER).rpartition("/")[2]
    assert sealer.topic(f"hems/{HOME}/plan") == f"hems/{HOME}/sealed/plan"


def test_the_same_message_is_never_sealed_alike():
    assert a_sealer().seal(METER, MESSAGE)[1] != a_sealer().seal(METER, MESSAGE)[1]


def test_an_empty_message_clears_what_is_retained():
    topic, sealed = a_sealer().seal(f"hems/{HOME}/events/state/dso-1", b"")
    assert (topic, sealed) == (a_sealer().topic(f"hems/{HOME}/events/state/dso-1"), b"")


def test_the_wrong_key_is_named_and_opens_nothing():
    topic, sealed = a_sealer().seal(METER, MESSAGE)
    other = PrivateKey.new()
    assert KEY.public.id in refusal(topic, sealed, {other.public.id: other})
    assert "was changed" in refusal(topic, sealed, {KEY.public.id: other})


def test_any_changed_byte_is_refused():
    topic, sealed = a_sealer().seal(METER, MESSAGE)
    said = json.loads(sealed)
    cipher = b64decode(said["sealed"])
    for place in range(len(cipher)):
        changed = bytearray(cipher)
        changed[place] ^= 1
        said["sealed"] = b64encode(changed).decode()
        assert "was changed" in refusal(topic, json.dumps(said).encode())


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_changed_character_is_refused_or_changes_nothing_that_is_said(data):
    topic, sealed = a_sealer().seal(METER, MESSAGE)
    place = data.draw(st.integers(0, len(sealed) - 1))
    changed = sealed[:place] + data.draw(st.binary(max_size=2)) + sealed[place + 1 :]
    try:
        assert opened(topic, changed, KEYS) == (METER, MESSAGE)
    except NotOpened:
        assert changed != sealed
    else:
        assert json.loads(changed) == json.loads(sealed)


@pytest.mark.parametrize(
    "elsewhere",
    [
        f"hems/{HOME}/sealed/telemetry/0123456789abcdef",
        f"hems/{HOME}/sealed/plan",
        "hems/h-ffffffffffffffff/sealed/telemetry/{name}",
    ],
)
def test_a_message_that_is_moved_to_another_topic_or_home_is_refused(elsewhere):
    topic, sealed = a_sealer().seal(METER, MESSAGE)
    assert "moved" in refusal(elsewhere.format(name=topic.rpartition("/")[2]), sealed)


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        (METER, MESSAGE),
        (f"hems/{HOME}/sealed/plan", MESSAGE),
        (f"hems/{HOME}/sealed/plan", b'{"schema":2,"key":"0123456789abcdef","sealed":"AAAA"}'),
        (f"xhems/{HOME}/sealed/plan", MESSAGE),
        ("hems/HOME!/sealed/plan", MESSAGE),
        ("", b""),
    ],
)
def test_what_is_not_a_sealed_message_is_refused(topic, payload):
    assert refusal(topic, payload)


@pytest.mark.parametrize("length", [0, 31, 32, 47, 48])
def test_a_cipher_text_that_was_cut_is_refused(length):
    topic, sealed = a_sealer().seal(METER, MESSAGE)
    said = json.loads(sealed)
    said["sealed"] = b64encode(b64decode(said["sealed"])[:length]).decode()
    assert refusal(topic, json.dumps(said).encode())


@pytest.mark.parametrize("text", [b"", b"\x00\x04\x00\x00\x00\x01plan", b"\x00\x01\x00\x00\x00\x00\xff"])
def test_a_stranger_who_seals_nonsense_for_our_key_is_refused(text):
    topic = f"hems/{HOME}/sealed/plan"
    sealed = b64encode(KEY.public.encrypt(text, b"hems sealed 1 " + topic.encode())).decode()
    assert "no home" in refusal(topic, json.dumps({"schema": 1, "key": KEY.public.id, "sealed": sealed}).encode())


def test_the_largest_message_is_sealed_and_a_larger_one_stays_in_the_home():
    topic, sealed = a_sealer().seal(METER, b"x" * LARGEST_BYTES)
    assert len(topic) + len(sealed) < 262_144
    assert len(opened(topic, sealed, KEYS)[1]) == LARGEST_BYTES
    with pytest.raises(ValueError, match="at most"):
        a_sealer().seal(METER, b"x" * (LARGEST_BYTES + 1))


def test_a_key_is_found_in_a_variable_with_white_space_around_it_and_none_in_an_empty_one():
    assert public_key_of({"FLEET_PUBLIC_KEY": f" {KEY.public.text}\n"}) == KEY.public
    assert public_key_of({"FLEET_PUBLIC_KEY": "  "}) is None
    assert public_key_of({}) is None


def _without_check(raw: bytes) -> str:
    from hems_agent import sealing  # the only test that makes a weak key

    return sealing._text(raw, sealing.PUBLIC)


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        (KEY.text, "is the private key"),
        ("on", "does not begin with hems-pub1-"),
        (KEY.public.text[:-1], "47 characters"),
        (KEY.public.text + "A", "49 characters"),
        (KEY.public.text[:-1] + "!", "a character that no key has"),
        (KEY.public.text[:-1] + "ä", "a character that no key has"),
        (KEY.public.text[:20] + ("A" if KEY.public.text[20] != "A" else "B") + KEY.public.text[21:], "typing error"),
        (_without_check(bytes(32)), "seals nothing"),
        (_without_check(b"\x01" + bytes(31)), "seals nothing"),
    ],
)
def test_a_bad_key_is_told_by_the_variable_its_fault_and_the_way_out_and_never_by_its_value(value, fault):
    with pytest.raises(ValueError, match="FLEET_PUBLIC_KEY") as refused:
        public_key_of({"FLEET_PUBLIC_KEY": value})
    told = str(refused.value)
    assert fault in told
    assert "nothing is sent" in told
    assert "scripts/fleet-key new" in told
    assert value not in told


def test_what_the_first_version_sealed_still_opens():
    keys = {KEPT_KEY.public.id: KEPT_KEY}
    assert opened(f"hems/{HOME}/sealed/plan", KEPT_MESSAGE, keys) == (f"hems/{HOME}/plan", b'{"schema":1}')


def test_a_private_key_does_not_show_itself():
    assert KEY.text.removeprefix("hems-key1-") not in repr(KEY)
    assert KEY.public.text in repr(KEY)
