"""Messages that only the fleet's operator can read, sealed for a public key whose private key no home ever has.

HPKE (RFC 9180) in base mode, each message for itself: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20-Poly1305, which
boards without AES in their processor do quickly.

    info   `hems sealed 1 ` and the topic, from `hems/` on: under another topic, or of another home, nothing opens
    text   lengths of topic (2 bytes) and message (4), the topic below `hems/<home>/`, the message, zeros

The zeros fill up to 256 bytes or a multiple, as the length of a power tells whether a car is charging. The names of
devices and events are in the text only: the topic has a name made of them by a key of the home's own, always the same.

Nothing here says who has sealed: whoever knows the public key can. That the broker lets each home write below its own
topics alone is what tells homes apart.
"""

from base64 import b64decode, b64encode, urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Mapping
from dataclasses import dataclass, field
import hashlib
import hmac
import struct

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from hems_core.exchange import ExchangeError, Sealed, Topics, encode, is_home_id, read_sealed

from .broker_files import public_key_text

PUBLIC = "hems-pub1-"
PRIVATE = "hems-key1-"
LARGEST_BYTES = 131_072
"""Of a message; in base64 it still fits into what the brokers take."""
_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)
_LENGTHS = struct.Struct(">HI")
_BLOCK = 256
_CHECK_BYTES = 4
_CHARACTERS = 48
"""Of a key's text behind its first word: 32 bytes and their check in base64."""


class NotOpened(ValueError):
    """A message that is not what the home has sealed, or is sealed for somebody else."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """For whom homes seal. Raises ValueError for a key that could seal nothing."""

    text: str
    """As people copy it: `hems-pub1-…`."""
    _key: X25519PublicKey = field(init=False, repr=False, compare=False)
    id: str = field(init=False)
    """16 hexadecimal digits."""

    def __post_init__(self) -> None:
        raw = _raw(self.text, PUBLIC)
        object.__setattr__(self, "_key", X25519PublicKey.from_public_bytes(raw))
        object.__setattr__(self, "id", hashlib.sha256(raw).hexdigest()[:16])
        try:
            self.encrypt(b"", b"")
        except ValueError as error:
            raise ValueError("is a key that seals nothing") from error

    def encrypt(self, text: bytes, info: bytes) -> bytes:
        """The encapsulated key and the cipher text."""
        return _SUITE.encrypt(text, self._key, info)


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """The operator's own. Raises ValueError."""

    text: str = field(repr=False)
    """As it stands in a file: `hems-key1-…`."""
    public: PublicKey = field(init=False)
    _key: X25519PrivateKey = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        key = X25519PrivateKey.from_private_bytes(_raw(self.text, PRIVATE))
        object.__setattr__(self, "_key", key)
        object.__setattr__(self, "public", PublicKey(_text(key.public_key().public_bytes_raw(), PUBLIC)))

    @classmethod
    def new(cls) -> PrivateKey:
        """A random one."""
        return cls(_text(X25519PrivateKey.generate().private_bytes_raw(), PRIVATE))

    def decrypt(self, sealed: bytes, info: bytes) -> bytes:
        """Raises InvalidTag."""
        return _SUITE.decrypt(sealed, self._key, info)


def public_key_of(variables: Mapping[str, str]) -> PublicKey | None:
    """What FLEET_PUBLIC_KEY holds, if anything. Raises ValueError: its fault, never its value, and the way out."""
    text = public_key_text(variables)
    if not text:
        return None
    try:
        return PublicKey(text)
    except ValueError as error:
        raise ValueError(
            f"FLEET_PUBLIC_KEY {error}, so nothing is sent to the fleet's broker; set it to what "
            "`scripts/fleet-key new` printed, or take the variable away"
        ) from error


@dataclass(frozen=True, slots=True)
class Sealer:
    """Of one home."""

    home: str
    key: PublicKey
    names: bytes = field(repr=False)
    """The home's key for the names of devices and events; kept, so that each keeps its topic."""

    def topic(self, topic: str) -> str:
        """Where the message of a topic goes: its kind stays readable, for quality of service and access lists."""
        kind, _, rest = self._below(topic).partition("/")
        name = hmac.digest(self.names, topic.encode(), "sha256").hex()[:16]
        return f"{Topics(self.home).sealed}/{kind}" + (f"/{name}" if rest else "")

    def seal(self, topic: str, payload: bytes) -> tuple[str, bytes]:
        """Topic and payload for the fleet; nothing stays nothing, as it clears what is retained.

        Raises:
            ValueError: the message is too large.
        """
        sealed_topic = self.topic(topic)
        if not payload:
            return sealed_topic, b""
        if len(payload) > LARGEST_BYTES:
            raise ValueError(f"a message has at most {LARGEST_BYTES} bytes, got {len(payload)}")
        below = self._below(topic).encode()
        text = _LENGTHS.pack(len(below), len(payload)) + below + payload
        sealed = self.key.encrypt(text + bytes(-len(text) % _BLOCK), _info(sealed_topic))
        return sealed_topic, encode(Sealed(key=self.key.id, sealed=b64encode(sealed).decode()))

    def _below(self, topic: str) -> str:
        return topic.removeprefix(f"{Topics(self.home).base}/")


def opened(topic: str, payload: bytes, keys: Mapping[str, PrivateKey]) -> tuple[str, bytes]:
    """The message and its own topic, from what came under a topic of the fleet's broker; `keys` by their id.

    Raises:
        NotOpened: says why.
    """
    place, home = _place(topic)
    try:
        message = read_sealed(payload)
        sealed = b64decode(message.sealed, validate=True)
    except (ExchangeError, Base64Error) as error:
        raise NotOpened(f"is not a sealed message: {error}") from error
    if b64encode(sealed).decode() != message.sealed:
        raise NotOpened("was changed")
    if (key := keys.get(message.key)) is None:
        raise NotOpened(f"is sealed for the key {message.key}; there is only {', '.join(keys) or 'none'}")
    try:
        text = key.decrypt(sealed, _info(place))
    except InvalidTag as error:
        raise NotOpened("was changed, or has been moved from another topic or home") from error
    try:
        below, message_bytes = _unpacked(text)
    except (struct.error, UnicodeDecodeError) as error:
        raise NotOpened("was sealed by something that is no home") from error
    return f"{Topics(home).base}/{below}", message_bytes


def _unpacked(text: bytes) -> tuple[str, bytes]:
    """Raises struct.error or UnicodeDecodeError."""
    below, message = _LENGTHS.unpack_from(text)
    found = struct.unpack_from(f">{below}s{message}s", text, _LENGTHS.size)
    return found[0].decode(), found[1]


def _place(topic: str) -> tuple[str, str]:
    """The topic as the home named it, without what the fleet puts before, and the home."""
    before, found, below = topic.rpartition("/sealed/")
    home = before.rpartition("/")[2]
    base = before.removesuffix(f"hems/{home}")
    if not found or base == before or (base and not base.endswith("/")) or not is_home_id(home):
        raise NotOpened("is not under hems/<home>/sealed/")
    return f"{Topics(home).sealed}/{below}", home


def _info(topic: str) -> bytes:
    return b"hems sealed 1 " + topic.encode()


def _text(raw: bytes, word: str) -> str:
    return word + urlsafe_b64encode(raw + _check(raw, word)).decode()


def _check(raw: bytes, word: str) -> bytes:
    return hashlib.sha256(word.encode() + raw).digest()[:_CHECK_BYTES]


def _raw(text: str, word: str) -> bytes:
    """The 32 bytes of a key. Raises ValueError saying what is wrong, never the text: it may be a secret."""
    if word == PUBLIC and text.startswith(PRIVATE):
        raise ValueError("is the private key, which whoever may read the variables has now: make a new pair")
    if not text.startswith(word):
        raise ValueError(f"does not begin with {word}")
    found = len(text) - len(word)
    if found != _CHARACTERS:
        raise ValueError(f"has {found} characters after {word} instead of {_CHARACTERS}")
    try:
        both = urlsafe_b64decode(text.removeprefix(word).encode("ascii"))
    except ValueError as error:
        raise ValueError("has a character that no key has") from error
    raw, check = both[:-_CHECK_BYTES], both[-_CHECK_BYTES:]
    if not hmac.compare_digest(check, _check(raw, word)):
        raise ValueError("has a typing error")
    return raw
