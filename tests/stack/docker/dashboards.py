"""Asks every query of the dashboards through the true Grafana, as its page would, and says how long each took.

`dashboards.py URL`, with the password of `admin` on stdin. Needs nothing but Python: it runs beside the containers.
"""

from http.cookiejar import CookieJar
import json
from pathlib import Path
from statistics import quantiles
import sys
import time
from urllib.error import HTTPError
from urllib.request import HTTPCookieProcessor, Request, build_opener

sys.path.append(str(Path(__file__).parents[3]))

from tests.stack.flux_queries import DASHBOARDS, chosen_in, queries

TAKEN_S = 300.0
"""The agent makes the token after Grafana has started for the first time; then Grafana starts again."""


class Grafana:
    """A session of `admin`."""

    def __init__(self, url: str, password: str) -> None:
        self.url, self.password = url.rstrip("/"), password
        self.opener = build_opener(HTTPCookieProcessor(CookieJar()))

    def ask(self, path: str, body: object = None):
        data = None if body is None else json.dumps(body).encode()
        request = Request(self.url + path, data, {"Content-Type": "application/json"})
        with self.opener.open(request, timeout=60) as answer:
            return json.load(answer)

    def signs_in(self) -> None:
        self.ask("/login", {"user": "admin", "password": self.password})

    def runs(self, query: str) -> tuple[str, int]:
        """What went wrong, or nothing; and how many frames came."""
        target = {"refId": "A", "datasource": {"uid": "hems"}, "query": chosen_in(query, {})}
        body = {"from": "now-24h", "to": "now", "queries": [target | {"intervalMs": 60_000, "maxDataPoints": 1000}]}
        try:
            found = self.ask("/api/ds/query", body)["results"]["A"]
        except HTTPError as error:
            return f"{error.code}: {error.read().decode(errors='replace')[:400]}", 0
        return found.get("error", ""), len(found.get("frames", []))


def say(text: str) -> None:
    """One line of the job's log."""
    sys.stdout.write(f"{text}\n")


def main() -> int:
    """Whether all of them are there and every query runs."""
    grafana = Grafana(sys.argv[1], sys.stdin.read().strip())
    until = time.monotonic() + TAKEN_S
    while True:
        try:
            grafana.signs_in()
            trouble, _ = grafana.runs(next(queries(DASHBOARDS["overview"]))[1])
        except OSError as error:
            trouble = str(error)
        if not trouble:
            break
        if time.monotonic() > until:
            say(f"Grafana cannot ask InfluxDB: {trouble}")
            return 1
        time.sleep(10)
    there = {each["uid"] for each in grafana.ask("/api/search?type=dash-db")}
    failed = [f"{name} is not there" for name, each in DASHBOARDS.items() if each["uid"] not in there]
    took_ms = []
    for name, dashboard in DASHBOARDS.items():
        kept = grafana.ask(f"/api/dashboards/uid/{dashboard['uid']}")["dashboard"]
        if len(kept["panels"]) != len(dashboard["panels"]):
            failed.append(f"{name}: panels are missing")
        for what, query in queries(dashboard):
            started = time.perf_counter()
            trouble, frames = grafana.runs(query)
            took_ms.append(1000 * (time.perf_counter() - started))
            if trouble:
                failed.append(f"{name}: {what}: {trouble}")
            say(f"{took_ms[-1]:7.0f} ms  {frames:3d} frames  {name}: {what}")
    steps = quantiles(took_ms, n=20)
    say(f"{len(took_ms)} queries: half below {steps[9]:.0f} ms, 95 % below {steps[18]:.0f} ms")
    say("\n".join(failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
