"""Certificates by the `openssl` command: the home's own CA, and servers signed by it or brought by the operator."""

from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
import re
import secrets
import ssl
import subprocess
from tempfile import TemporaryDirectory

YEARS_10 = timedelta(days=3653)
_RENEW_BEFORE_S = 30 * 86400
_NOT_BEFORE_THIS = datetime(2026, 11, 1, tzinfo=UTC)
"""A board without a clock may boot in 1970: what is made then must still be valid in 2036."""
_NAME = re.compile(r"(\*\.)?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")

_CONFIGURATION = """\
[req]
distinguished_name = subject
prompt = no
[subject]
CN = {common_name}
[ca]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = {names}
"""


class OpensslMissing(RuntimeError):
    """There is no `openssl` command."""


def alternative_names(names: Iterable[str]) -> tuple[str, ...]:
    """`DNS:…` and `IP:…`, each once, in order. Raises ValueError for what is neither a name nor an address."""
    found = dict[str, None]()
    for name in names:
        try:
            found[f"IP:{ip_address(name)}"] = None
        except ValueError:
            if not _NAME.fullmatch(name):
                raise ValueError(f"{name!r} is neither a host name nor an address") from None
            found[f"DNS:{name}"] = None
    return tuple(found)


def new_key() -> str:
    """A private key on the curve P-256, PEM."""
    return _openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")


def new_ca(key: str, common_name: str, now: datetime) -> str:
    """A CA of ten years that may sign servers, not other CAs."""
    with _files(key=key, configuration=_CONFIGURATION.format(common_name=common_name, names="DNS:none")) as work:
        return _openssl(
            *("req", "-x509", "-new", "-sha256", "-key", work / "key", "-config", work / "configuration"),
            *("-extensions", "ca", "-days", _days(now), "-set_serial", _serial()),
        )


def new_certificate(key: str, ca: str, ca_key: str, names: tuple[str, ...], now: datetime) -> str:
    """A server's certificate of ten years, signed by the CA; `names` as alternative_names gives them."""
    common_name = names[0].partition(":")[2]
    configuration = _CONFIGURATION.format(common_name=common_name, names=", ".join(names))
    with _files(key=key, ca=ca, ca_key=ca_key, configuration=configuration) as work:
        request = _openssl("req", "-new", "-sha256", "-key", work / "key", "-config", work / "configuration")
        (work / "request").write_text(request)
        return _openssl(
            *("x509", "-req", "-sha256", "-in", work / "request", "-CA", work / "ca", "-CAkey", work / "ca_key"),
            *("-extfile", work / "configuration", "-extensions", "server", "-days", _days(now)),
            *("-set_serial", _serial()),
        )


def fits(key: str, certificate: str) -> bool:
    """Whether the key is the certificate's own and the certificate is good for another month."""
    with _files(key=key, certificate=certificate) as work:
        try:
            public = _openssl("pkey", "-in", work / "key", "-pubout")
            stated = _openssl("x509", "-in", work / "certificate", "-noout", "-pubkey")
            _openssl("x509", "-in", work / "certificate", "-noout", "-checkend", str(_RENEW_BEFORE_S))
        except subprocess.CalledProcessError:
            return False
    return public == stated


def signed_for(ca: str, certificate: str, names: tuple[str, ...]) -> bool:
    """Whether the CA has signed it, for exactly these names, and the clock of this machine is within both."""
    with _files(ca=ca, certificate=certificate) as work:
        try:
            _openssl("verify", "-CAfile", work / "ca", work / "certificate")
            said = _openssl("x509", "-in", work / "certificate", "-noout", "-ext", "subjectAltName")
        except subprocess.CalledProcessError:
            return False
    stated = {name.strip().replace("IP Address:", "IP:") for name in said.partition("\n")[2].split(",")}
    return stated == {_as_openssl_says(name) for name in names}


def pem(text: str) -> str:
    r"""PEM from a variable: as it is, with `\n` for each line end, or all in base64. Raises ValueError."""
    if "-----BEGIN" not in text:
        try:
            text = b64decode("".join(text.split()), validate=True).decode()
        except (Base64Error, UnicodeDecodeError) as err:
            raise ValueError("neither PEM nor PEM in base64") from err
    text = text.replace("\\n", "\n").replace("\r", "").strip() + "\n"
    if "-----BEGIN" not in text:
        raise ValueError("neither PEM nor PEM in base64")
    return text


def authorities(text: str) -> str:
    """Certificates of a variable as PEM; empty where it is. Raises ValueError where it holds none."""
    if not text.strip():
        return ""
    try:
        certificates = pem(text)
        ssl.create_default_context(cadata=certificates)
    except (ValueError, ssl.SSLError) as err:
        raise ValueError("no certificate, neither as PEM nor as PEM in base64") from err
    return certificates


def _as_openssl_says(name: str) -> str:
    kind, _, value = name.partition(":")
    if kind == "IP" and ":" in value:
        groups = ip_address(value).exploded.split(":")
        return "IP:" + ":".join(f"{int(group, 16):X}" for group in groups)
    return name


def _days(now: datetime) -> str:
    return str((max(now, _NOT_BEFORE_THIS) + YEARS_10 - now).days)


def _serial() -> str:
    return f"0x{secrets.token_hex(16)}"


@contextmanager
def _files(**texts: str) -> Iterator[Path]:
    """A directory of mode 0700 with these files for openssl, gone afterwards."""
    with TemporaryDirectory(prefix="hems-") as name:
        directory = Path(name)
        for file, text in texts.items():
            (directory / file).write_text(text)
        yield directory


def _openssl(*arguments: str | Path) -> str:
    try:
        return subprocess.run(["openssl", *arguments], check=True, capture_output=True, text=True).stdout  # noqa: S603,S607
    except FileNotFoundError as err:
        raise OpensslMissing("the command openssl is not installed") from err
