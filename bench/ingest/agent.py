"""The agent's telemetry path alone, as a process to measure: what `hems_agent run` starts for it, and nothing else."""

from dataclasses import asdict
import json
import logging
from pathlib import Path
import signal
import sys
import threading
from typing import Any

from hems_agent.ingest import Ingest, IngestOptions
from hems_agent.spool import Spool
from hems_agent.writer import InfluxSink, Writer, WriterOptions

REPORT_EVERY_S = 1.0


def main() -> int:
    """Run until SIGTERM; once a second the figures go to a file."""
    options = json.loads(sys.argv[1])
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    directory = Path(options["directory"])
    spool = Spool(directory / "spool")
    password = Path(options["password_file"])
    ingest = Ingest(
        IngestOptions(
            home=options["home"],
            host="127.0.0.1",
            port=options["mqtt_port"],
            username="agent",
            password=lambda: password.read_text().strip(),
        ),
        spool,
    )
    sink = InfluxSink(options["sink"], org="hems", bucket="hems", token=lambda: "none")
    writer = Writer(spool, sink, WriterOptions(rejects=directory / "rejects.lp", batch_s=options["batch_s"]))
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    threads = [
        threading.Thread(target=writer.run, args=(stop,)),
        threading.Thread(target=_report, args=(directory / "figures.json", ingest, spool, writer, stop)),
    ]
    for thread in threads:
        thread.start()
    try:
        ingest.run(stop)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    return 0


def _report(path: Path, ingest: Ingest, spool: Spool, writer: Writer, stop: threading.Event) -> None:
    while not stop.wait(REPORT_EVERY_S):
        parts: dict[str, Any] = {"ingest": ingest.state(), "spool": spool.state(), "writer": writer.state()}
        partial = path.with_suffix(".new")
        partial.write_text(json.dumps({name: asdict(part) for name, part in parts.items()}))
        partial.replace(path)


if __name__ == "__main__":
    sys.exit(main())
