"""What the Dockerfiles put together, laid out in a directory: complete, and able to start."""

import os
from pathlib import Path
import re
import shutil
import subprocess
import sys

from hems_agent.secrets import STACK_OWNERS
import pytest
import yaml

from tests.stack.native_stack import free_ports, native, needs, running, the_secrets

ROOT = Path(__file__).parents[2]
SERVICES = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
DOCKERFILES = {name: ROOT / service["build"]["dockerfile"] for name, service in SERVICES.items()}
IGNORED = shutil.ignore_patterns("__pycache__", "*.pyc")


def copies(dockerfile: Path) -> list[tuple[list[str], str]]:
    """Sources in the repository and where they go, of the image that is shipped (the last stage)."""
    last = dockerfile.read_text().rpartition("\nFROM ")[2].replace("\\\n", " ")
    words = [line.split()[1:] for line in last.splitlines() if line.startswith("COPY ")]
    return [(parts[:-1], parts[-1]) for parts in words if not parts[0].startswith("--")]


def laid_out(service: str, root: Path) -> Path:
    """The files of the repository where the image has them."""
    for sources, target in copies(DOCKERFILES[service]):
        for name in sources:
            source, place = ROOT / name, root / target.lstrip("/")
            if source.is_dir():
                shutil.copytree(source, place, ignore=IGNORED, dirs_exist_ok=True)
            else:
                place = place / source.name if target.endswith("/") else place
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, place)
    return root


def sent_to_the_builder(name: str) -> bool:
    """Whether .dockerignore lets it through; it ignores everything but what it names."""
    rules = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    assert rules[0] == "*"
    kept = [Path(rule[1:]) for rule in rules if rule.startswith("!")]
    return any(Path(name) == path or path in Path(name).parents for path in kept)


@pytest.mark.parametrize("service", sorted(DOCKERFILES))
def test_everything_that_a_dockerfile_takes_is_there_and_is_sent_to_the_builder(service):
    if service == "grafana" and not DOCKERFILES[service].parent.exists():
        pytest.skip("its folder is still being written")
    text = DOCKERFILES[service].read_text().replace("\\\n", " ")
    sources = [
        word
        for line in text.splitlines()
        if line.startswith("COPY ") and "--from=" not in line
        for word in line.split()[1:-1]
    ]
    assert sources
    for name in sources:
        assert (ROOT / name).exists(), name
        assert sent_to_the_builder(name), name


def test_the_builder_is_not_sent_what_no_image_needs():
    assert not any(sent_to_the_builder(name) for name in (".env", ".git", "tests", "frontend", "docs", "bench"))


@pytest.mark.parametrize(
    ("service", "module"),
    [("agent", "hems_agent.secrets"), ("config-editor", "hems_editor.app"), ("wifi-repeater", "hems_wifi.manager")],
)
def test_a_python_service_finds_its_modules_in_its_image(tmp_path, service, module):
    root = laid_out(service, tmp_path)
    environment = {**os.environ, "PYTHONPATH": str(root / "opt/hems"), "PYTHONDONTWRITEBYTECODE": "1"}
    where = f"import {module} as module; print(module.__file__)"
    answer = subprocess.run(
        [sys.executable, "-c", where], cwd=tmp_path, env=environment, check=False, capture_output=True, text=True
    )
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.startswith(str(tmp_path))


def test_the_broker_starts_from_what_is_in_its_image(tmp_path):
    needs("mosquitto")
    root, secrets = laid_out("mosquitto", tmp_path / "image"), the_secrets(tmp_path / "secrets")
    port, tls_port = free_ports(2)
    service = native.mosquitto(tmp_path / "run", secrets, port=port, tls_port=tls_port)
    inside = native.Service(
        name="mosquitto",
        command=("/bin/sh", str(root / "opt/hems/mosquitto/entrypoint.sh")),
        environment=service.environment,
    )
    with running(inside, tmp_path / "run", port, tls_port) as process:
        assert process.poll() is None


def test_the_proxys_configuration_is_right_with_what_is_in_its_image(tmp_path):
    needs("nginx")
    root, secrets = laid_out("nginx", tmp_path / "image"), the_secrets(tmp_path / "secrets")
    http, https = free_ports(2)
    service = native.nginx(tmp_path, secrets, http_port=http, https_port=https)
    answer = subprocess.run(
        ["/bin/sh", root / "opt/hems/nginx/entrypoint.sh", "--test"],
        env={
            **os.environ,
            "PATH": os.environ["PATH"] + ":/usr/sbin:/sbin",
            **service.environment,
            "CONFIG_EDITOR": "on",
        },
        check=False,
        capture_output=True,
        text=True,
    )
    assert answer.returncode == 0, answer.stderr


def test_home_assistant_is_prepared_with_what_is_in_its_image(tmp_path):
    root, secrets = laid_out("homeassistant", tmp_path / "image"), the_secrets(tmp_path / "secrets")
    integration = root / "opt/hems/custom_components/hems"
    command = [sys.executable, root / "opt/hems/homeassistant/seed.py", "--integration", integration]
    command += ["--config", tmp_path / "config", "--secrets", secrets, "--trust", "172.20.0.0/16"]
    subprocess.run(command, check=True, capture_output=True)
    for name in (
        "configuration.yaml",
        "automations.yaml",
        "scenes.yaml",
        "scripts.yaml",
        "custom_components/hems/core",
    ):
        assert (tmp_path / "config" / name).exists()
    assert (tmp_path / "config/custom_components/hems/manifest.json").exists()


@pytest.mark.parametrize("service", ["agent", "engine"])
def test_a_user_that_an_image_makes_has_the_group_to_which_init_gives_its_secrets(service):
    owner, text = STACK_OWNERS[service], DOCKERFILES[service].read_text().replace("\\\n", " ")
    (name,) = re.findall(rf"groupadd --gid {owner.gid} (\S+)", text)
    # Without a group of its own number, useradd takes the highest free one of the system's: 999.
    assert re.search(rf"useradd --uid {owner.uid} --gid {name} ", text)


@pytest.mark.parametrize("module", ["hems_editor.healthy", "hems_wifi.healthy", "hems_editor.__main__"])
def test_what_shares_the_least_memory_with_a_service_loads_none_of_its_libraries(module):
    # A check runs within its service's limit: with aiohttp in both, 40 MB were not enough and the editor was killed.
    code = f"import sys, {module}; print(*sys.modules.keys() & {{'aiohttp', 'asyncio', 'dbus_fast', 'urllib.request'}})"
    paths = (str(ROOT / "balena/config-editor"), str(ROOT / "balena/wifi-repeater"))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PYTHONDONTWRITEBYTECODE": "1"}
    loaded = subprocess.run([sys.executable, "-c", code], env=environment, check=True, capture_output=True, text=True)
    assert loaded.stdout == "\n"


@pytest.mark.parametrize("service", ["agent", "grafana", "influxdb", "mosquitto", "nginx"])
def test_an_image_for_another_user_than_root_can_be_built_from_a_checkout_that_only_its_owner_reads(service):
    last = DOCKERFILES[service].read_text().rpartition("\nFROM ")[2]
    copied, opened = last.rpartition("COPY "), re.search(r"^RUN chmod -R a\+rX (.*)$", last, re.MULTILINE)
    assert opened is not None
    assert opened.start() > len(copied[0])
    assert all(
        any(target.startswith(folder) for folder in opened[1].split()) for _, target in copies(DOCKERFILES[service])
    )


def test_the_engines_file_set_can_be_read_by_its_user_whoever_made_the_checkout(tmp_path):
    private = 'umask 077 && cp -R addon custom_components balena LICENSE "$1" && addon/assemble.sh "$1" "$2"'
    (tmp_path / "checkout").mkdir()
    (tmp_path / "target").mkdir()
    subprocess.run(["sh", "-c", private, "sh", tmp_path / "checkout", tmp_path / "target"], cwd=ROOT, check=True)
    files = [path for path in (tmp_path / "target").rglob("*") if path.is_file()]
    assert len(files) > 50
    assert all(path.stat().st_mode & 0o004 for path in files)


def test_the_linter_of_dockerfiles_finds_nothing():
    hadolint = Path(sys.executable).with_name("hadolint")
    command = [hadolint, "--no-color", *sorted(set(DOCKERFILES.values()))]
    said = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    assert (said.returncode, said.stdout) == (0, ""), said.stdout + said.stderr
