"""docs/architecture.md: its diagram of services, its tables of limits, ports and secrets are those of the stack."""

from pathlib import Path
import re

from hems_agent.secrets import make_secrets
import pytest
import yaml

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/architecture.md").read_text("utf-8")
SERVICES = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
DIAGRAMS = re.findall(r"```mermaid\n(.*?)```", PAGE, re.DOTALL)
FROM_INFLUXDB = {"agent/write_token", "grafana/influx_read_token"}
"""What only InfluxDB can make, so `init` does not."""


def under(heading: str) -> str:
    found = re.search(rf"^## {heading}$(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


def test_the_diagram_shows_the_services_of_the_stack():
    inside = re.search(r"subgraph device\[.*?\n(.*?)\n  end", under("The stack"), re.DOTALL)
    assert inside is not None
    shown = re.findall(r"^    ([\w-]+)\[", inside[1], re.MULTILINE)
    assert sorted(shown) == sorted(SERVICES)
    edges = re.findall(r"^    ([\w-]+) \S+(?:\|[^|]*\|)? ([\w-]+)$", inside[1], re.MULTILINE)
    assert {name for edge in edges for name in edge} <= SERVICES.keys()


def test_the_table_of_services_has_their_limits_and_volumes():
    rows = re.findall(r"^\| `([\w-]+)` \|[^|]*\|([^|]*)\| (\d+) \|$", under("The stack"), re.MULTILINE)
    assert {name: f"{limit}m" for name, _, limit in rows} == {
        name: service["mem_limit"] for name, service in SERVICES.items()
    }
    own = {
        name: {mount.partition(":")[0] for mount in service.get("volumes", []) if not mount.endswith(":ro")}
        for name, service in SERVICES.items()
    }
    for name, kept, _ in rows:
        volume = re.match(r" `([\w-]+)`", kept)
        assert volume is None or volume[1] in own[name], name


def test_the_ports_that_are_named_as_published_are_those_that_are():
    published = {int(port.partition(":")[0]) for service in SERVICES.values() for port in service.get("ports", [])}
    said = re.search(r"Published to the home's network are ([\d, and]+),", under("Who may talk to whom"))
    assert said is not None
    assert {int(port) for port in re.findall(r"\d+", said[1])} == published


def test_every_secret_in_the_table_is_made_and_every_directory_is_in_it(tmp_path):
    make_secrets(tmp_path, {"WIFI_AP_PASSWORD": "long enough"}, owners=None)
    made = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    rows = [row.split("|")[1] for row in under("Secrets").splitlines() if row.startswith("| `")]
    said = {name for row in rows for name in re.findall(r"`([\w/.-]+)`", row)}
    assert said - made == FROM_INFLUXDB
    directories = {name.partition("/")[0] for name in made if "/" in name}
    # InfluxDB's container has copies of the agent's, for an operator at its command line.
    assert directories - {name.partition("/")[0] for name in said} == {"influxdb"}


@pytest.mark.parametrize("diagram", DIAGRAMS, ids=lambda text: text.split()[0])
def test_a_diagram_ends_what_it_begins(diagram):
    words = [line.split()[0] for line in diagram.splitlines() if line.strip()]
    begun = sum(words.count(word) for word in ("subgraph", "loop", "alt", "opt"))
    assert words.count("end") == begun
    if words[0] == "sequenceDiagram":
        assert ";" not in diagram, "Mermaid takes it for the end of a line"
        known = set(re.findall(r"^\s*participant (\w+)", diagram, re.MULTILINE))
        said = {name for pair in re.findall(r"^\s*(\w+)-?->>(\w+):", diagram, re.MULTILINE) for name in pair}
        assert said <= known
