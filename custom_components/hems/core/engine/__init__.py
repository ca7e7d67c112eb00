"""The HTTP service around the optimiser; it knows nothing of Home Assistant and starts without it.

::

    client --HTTP--> server (asyncio: listens, checks, answers) --pipe--> worker (one process: solves)

Solving takes from a twentieth of a second to many seconds and holds Python's lock for parts of it, hence
the worker: `/v1/health` answers while it works, a solve that never ends can be killed, and a crash of the
solver costs one restart. Without a working worker a request is answered with a plan made by rule, and
its outcome says so. Nobody outlives anybody: a worker ends when its pipe closes, a server that was told
`--exit-on-eof` ends when its standard input does.

The server keeps nothing between requests: the same request gives the same plan.
"""

VERSION = "0.1.0"
