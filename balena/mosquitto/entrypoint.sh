#!/bin/sh
# Wait for the secrets, fill in mosquitto.conf, become Mosquitto.
# Tests and scripts/stack start the broker by this same file, with other paths and ports in the environment.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
secrets=${SECRETS:-/secrets}/mosquitto
data=${DATA:-/mosquitto/data}
run=${RUN:-/tmp}

sh "$here/../wait-for-secrets.sh" mosquitto/passwd mosquitto/acl mosquitto/ca.crt mosquitto/server.crt mosquitto/server.key

umask 077
mkdir -p "$run" "$data"
sed -e "s|@USER@|$(id -un)|" -e "s|@SECRETS@|$secrets|" -e "s|@DATA@|$data|" -e "s|@BIND@|${BIND:-}|" \
  -e "s|@PORT@|${PORT:-1883}|" -e "s|@TLS_PORT@|${TLS_PORT:-8883}|" "$here/mosquitto.conf" >"$run/mosquitto.conf"
# The bridge to the fleet's broker, with its password, is a secret. One that init made for another FLEET_PUBLIC_KEY, or
# for none, would send what is not to leave like that.
key=$(printf %s "${FLEET_PUBLIC_KEY:-}" | tr -d '[:space:]' | sha256sum | cut -c 1-16)
left_s=${WAIT_S:-300}
until grep -qx "# FLEET_PUBLIC_KEY $key" "$secrets/bridge.conf" 2>/dev/null || [ "$left_s" -le 0 ]; do
  left_s=$((left_s - 1))
  sleep 1
done
sh "$here/../wait-for-secrets.sh" --follow mosquitto/passwd mosquitto/acl mosquitto/server.crt mosquitto/server.key \
  mosquitto/bridge.conf mosquitto/fleet-ca.crt
if grep -qx "# FLEET_PUBLIC_KEY $key" "$secrets/bridge.conf" 2>/dev/null; then
  cat "$secrets/bridge.conf" >>"$run/mosquitto.conf"
else
  echo "no bridge to the fleet: the service init has not made one for this FLEET_PUBLIC_KEY; its log says why" >&2
fi
# Sessions are only in memory until the first autosave. A broker that is killed before would not know the agent when it
# is back, and take measurements for nobody until the agent has come: so a new broker saves once, soon.
if [ ! -e "$data/mosquitto.db" ]; then
  broker=$$
  (
    sleep "${FIRST_SAVE_S:-60}"
    if [ "$(cat "/proc/$broker/comm")" = mosquitto ]; then kill -USR1 "$broker"; fi
  ) </dev/null >/dev/null 2>&1 &
fi
exec mosquitto -c "$run/mosquitto.conf"
