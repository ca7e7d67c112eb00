#!/bin/sh
# Wait for the secrets, prepare the configuration, become Home Assistant as its image starts it.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
sh "$here/../wait-for-secrets.sh" homeassistant/mqtt_password homeassistant/engine_token home-id
python3 "$here/seed.py"
# Only in a container that was given the right to it; HEMS needs no stick, and Home Assistant starts without.
if python3 "$here/sticks.py"; then
  python3 "$here/sticks.py" --watch &
fi
exec /init
