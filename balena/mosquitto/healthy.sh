#!/bin/sh
# The broker lives if it refuses somebody without a name. No password is needed to see that.
mosquitto_sub -h "${BIND:-127.0.0.1}" -p "${PORT:-1883}" -t health -C 1 -W 5 2>&1 | grep -qi 'not authori'
