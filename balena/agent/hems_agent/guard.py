"""The first process of the agent's container: ends an agent that hangs, so that its container is started again.

Docker and balena only mark a container as unhealthy, and the agent, which has the others restarted, cannot do it for
itself. It imports little, because it lies in memory beside the agent.
"""

import os
import signal
import socket
import subprocess
import sys
import time

LOOK_EVERY_S = 15.0
START_S = 180.0
"""Before its first round; start_period of the health check."""
PATIENCE_S = 120.0
OLDEST_ROUND_S = 120.0
"""As in `hems_agent healthy`."""
ANSWER_S = 5.0
AGE = b"hems_agent_round_age_seconds "
USUAL_PORT = 9273
PASSED_ON = (signal.SIGTERM, signal.SIGINT)


def main(arguments: list[str]) -> int:
    """Run `hems_agent` with these arguments; its exit code."""
    command = [sys.executable, "-P", "-m", "hems_agent", *arguments]
    signal.pthread_sigmask(signal.SIG_BLOCK, PASSED_ON)  # one that comes now waits until there is an agent to tell
    with subprocess.Popen(command, preexec_fn=_end_with_guard) as agent:  # noqa: S603, PLW1509  # ourselves; no threads
        for number in PASSED_ON:
            signal.signal(number, lambda number, _: agent.send_signal(number))
        signal.pthread_sigmask(signal.SIG_UNBLOCK, PASSED_ON)
        return watched(agent, int(os.environ.get("METRICS_PORT") or USUAL_PORT))


def watched(
    agent: subprocess.Popen[bytes],
    port: int,
    *,
    start_s: float = START_S,
    patience_s: float = PATIENCE_S,
    every_s: float = LOOK_EVERY_S,
) -> int:
    """Until it ends; killed when it has not been well for so long. Its exit code, as a shell tells it."""
    until = time.monotonic() + start_s
    while True:
        try:
            code = agent.wait(every_s)
        except subprocess.TimeoutExpired:
            pass
        else:
            return code if code >= 0 else 128 - code
        if is_well(port):
            until = time.monotonic() + patience_s
        elif time.monotonic() > until:
            print("hems agent: hangs, and is ended", file=sys.stderr, flush=True)  # no logging before the agent's own
            agent.kill()


def _end_with_guard() -> None:
    """In the agent, before it is one: it does not outlive a guard that is killed, where no container does that."""
    import ctypes  # noqa: PLC0415  # not in the guard's own memory

    signal.pthread_sigmask(signal.SIG_UNBLOCK, PASSED_ON)
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


def is_well(port: int) -> bool:
    """Whether it answers, and has looked after the others lately."""
    answer = b""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=ANSWER_S) as connection:
            connection.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
            while more := connection.recv(65536):
                answer += more
    except OSError:
        return False
    ages = [float(line.removeprefix(AGE)) for line in answer.splitlines() if line.startswith(AGE)]
    return bool(ages) and ages[0] < OLDEST_ROUND_S


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
