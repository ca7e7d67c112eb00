"""One table of variables: what is read is documented, what is documented is read, and no default is a secret."""

from pathlib import Path
import re
import sys

from hems_agent.settings import VARIABLES
import yaml

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "scripts"))

import _docs_stack  # noqa: E402

NAMES = {one.name for one in VARIABLES}
TABLE = ROOT / "balena/agent/hems_agent/settings.py"
FAMILIES = "FLEET|WIFI_AP|CONFIG_EDITOR|MQTT_DR|MQTT_SENSORS|GRAFANA|ROTATE|TRUSTED"
READ = re.compile(rf"[\"']((?:{FAMILIES})(?:_[A-Z]+)*)[\"']|\$\{{((?:{FAMILIES})(?:_[A-Z]+)*)\b")
"""A whole string of Python, or an expansion of the shell."""
WIRING = re.compile(r"_(FILE|URL|UPSTREAM|HOST|PORT|FOLDER|RUN)$")
"""Of the stack itself, not for operators, unless the table has it."""
BY_PREFIX = ("FLEET_INFLUX_", "TLS_", "MQTT_TLS_")
"""Put together in code."""
OWN = {"FEEDS", "LOG_LEVEL", "SPOOL_MB"}
"""The agent's own, read by the table's own file."""


def read_by_code():
    sources = [*ROOT.glob("balena/**/*.py"), *ROOT.glob("balena/**/*.sh")]
    texts = [path.read_text() for path in sources if path != TABLE and "hems_core" not in path.parts]
    return {python or shell for python, shell in READ.findall("\n".join(texts))}


def test_the_page_is_what_the_table_says():
    assert (ROOT / "docs/stack-variables.md").read_text() == _docs_stack.page()


def test_the_example_file_names_every_variable_and_no_other():
    lines = (ROOT / ".env.example").read_text().splitlines()
    given = {line.partition("=")[0]: line.partition("=")[2] for line in lines if "=" in line and line[0] != "#"}
    assert given.keys() == NAMES
    assert {name: text for name, text in given.items() if text} == {"CONFIG_EDITOR": "off"}


def test_what_code_reads_is_in_the_table():
    unknown = {name for name in read_by_code() - NAMES if not WIRING.search(name)}
    assert unknown == set()


def test_what_is_in_the_table_is_read_somewhere():
    alone = {name for name in NAMES if not name.startswith(BY_PREFIX)}
    assert alone - read_by_code() == OWN


def test_no_secret_has_a_default():
    assert [one.name for one in VARIABLES if one.is_secret and one.default] == []
    fleet = yaml.safe_load((ROOT / "balena.yml").read_text())["data"]["applicationEnvironmentVariables"]
    for variable in fleet:
        (name,) = variable
        assert name in NAMES
        assert not next(one for one in VARIABLES if one.name == name).is_secret
