"""docs/fleet.md: what an operator is told to type, read, set and open is there."""

from pathlib import Path
import re
import shutil
import subprocess
import sys
from urllib.parse import parse_qs, urlsplit

from hems_agent.secrets import make_secrets
from hems_agent.settings import VARIABLES
from hems_core.exchange import read_request
import pytest
import yaml

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/fleet.md").read_text("utf-8")
BLOCKS = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
SERVICES = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
FLEET = yaml.safe_load((ROOT / "balena.yml").read_text())


def the_script() -> str:
    return next(block for block in BLOCKS if "mosquitto_pub" in block)


@pytest.mark.parametrize("page", ["README.md", "docs/fleet.md"])
def test_the_button_deploys_the_repository_that_balena_knows(page):
    links = re.findall(r"\((https://dashboard\.balena-cloud\.com/deploy\S*)\)", (ROOT / page).read_text("utf-8"))
    assert len(links) == 1
    parts = urlsplit(links[0])
    assert (parts.scheme, parts.netloc, parts.path) == ("https", "dashboard.balena-cloud.com", "/deploy")
    assert parse_qs(parts.query) == {"repoUrl": [FLEET["assets"]["repository"]["data"]["url"]]}


def test_every_variable_that_is_named_exists():
    known = {variable.name for variable in VARIABLES}
    named = set(re.findall(r"`([A-Z]+(?:_[A-Z]+)+)(?:=\w+)?`", PAGE)) | set(re.findall(r"env set (\w+) ", PAGE))
    assert named
    assert named <= known


def test_every_secret_to_read_is_made_at_first_boot(tmp_path):
    make_secrets(tmp_path, {}, owners=None)
    host = next(block for block in BLOCKS if "_secrets/_data" in block)
    names = [*re.findall(r"^cat (\S+)", host, re.MULTILINE), *re.findall(r"/secrets/(\S+)", "".join(BLOCKS))]
    assert len(names) > 5
    assert {name for name in names if not (tmp_path / name).is_file()} == set()


def test_every_service_whose_shell_is_opened_is_one():
    named = set(re.findall(r"balena device ssh UUID ([\w-]+)", PAGE))
    named |= set(re.findall(r"docker compose exec ([\w-]+)", PAGE)) | {"init"}
    assert named <= SERVICES.keys()


def test_the_diagnostics_are_read_by_the_entrypoint_that_gives_root_away():
    entrypoint = "/usr/local/lib/hems/entrypoint.py"
    assert PAGE.count(f"python {entrypoint} diagnostics") == 2
    assert f'ENTRYPOINT ["python", "{entrypoint}"]\n' in (ROOT / "balena/agent/Dockerfile").read_text()


def test_the_device_of_the_example_is_one_that_balena_offers():
    types = set(re.findall(r"raspberrypi[\w-]+", "".join(BLOCKS)))
    assert types <= set(FLEET["data"]["supportedDeviceTypes"])


def test_the_script_is_ten_lines_that_ask_for_what_a_home_understands(tmp_path):
    script = the_script()
    assert len(script.splitlines()) <= 10
    if shutil.which("shellcheck"):
        subprocess.run(["shellcheck", "-"], input=script, text=True, check=True)
    asked = tmp_path / "asked"
    (tmp_path / "home-id").write_text("h-0123456789abcdef\n")
    (tmp_path / "dr_password").write_text("secret\n")
    for name, does in (("mosquitto_pub", f'printf "%s\\n" "$@" >{asked}'), ("mosquitto_sub", ":")):
        (tmp_path / name).write_text(f"#!/bin/sh\n{does}\n")
        (tmp_path / name).chmod(0o755)
    path = f"{tmp_path}:/usr/bin:/bin"
    subprocess.run(["sh", "-c", script, "limit.sh", "4.2", "60"], cwd=tmp_path, env={"PATH": path}, check=True)
    arguments = asked.read_text().splitlines()
    request = read_request(arguments[arguments.index("-m") + 1].encode())
    assert (request.limit_kw, request.duration_s) == (4.2, 60)
    assert arguments[arguments.index("-t") + 1] == "hems/h-0123456789abcdef/events/request"


def test_the_line_for_sticks_on_balena_is_what_is_said_of_the_check():
    sys.path.append(str(ROOT / "scripts"))
    import check_balena

    example = yaml.safe_load(re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[1])
    assert set(example["services"]["homeassistant"]) - check_balena.KEYS == {"privileged"}
