#!/usr/bin/env bash
# The true images of the stack on a machine with docker: does a new home come up by itself, is it closed to strangers,
# and does what it measures arrive at the fleet, also after an outage? FLEET_INFLUXDB is the version of the fleet's
# database. Run by .github/workflows/stack.yml; everything that it starts is removed by `try.sh down`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../.."
export FLEET_INFLUXDB=${FLEET_INFLUXDB:-2.9.1}
work=${RUNNER_TEMP:-/tmp}/hems-stack
mkdir -p "$work"

say() { printf '\n== %s\n' "$*"; }
fail() { echo "FAIL: $*" >&2; exit 1; }
compose() {
  docker compose -f docker-compose.yml -f docker-compose.dev.yml -f tests/stack/docker/fleet.yml "$@"
}
secret() { compose run --rm -T --no-deps --entrypoint cat init "/secrets/$1" 2>/dev/null; }
eventually() {  # seconds, what, command…
  local until=$((SECONDS + $1)) what=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $until ] || fail "$what"
    sleep 3
  done
}

MARK='# made by try.sh'
make_variables() {
  if [ -e .env ] && ! grep -qx "$MARK" .env; then fail "there is a .env of your own, which would be overwritten"; fi
  [ -s "$work/token" ] || openssl rand -hex 24 >"$work/token"
  [ -s "$work/password" ] || openssl rand -hex 16 >"$work/password"
  FLEET_TOKEN=$(cat "$work/token") FLEET_PASSWORD=$(cat "$work/password")
  export FLEET_TOKEN FLEET_PASSWORD
  cat >.env <<VARIABLES
$MARK
FLEET_INFLUX_URL=http://fleet:8086
FLEET_INFLUX_ORG=fleet
FLEET_INFLUX_BUCKET=homes
FLEET_INFLUX_TOKEN=$FLEET_TOKEN
FLEET_INFLUX_SOURCE=hems
VARIABLES
}

health_of() { docker inspect --format '{{.State.Health.Status}}' "$(compose ps --all --quiet "$1")"; }
is_healthy() { [ "$(health_of "$1")" = healthy ]; }
code() { curl --silent --output /dev/null --write-out '%{http_code}' "$@"; }
answers() { [ "$(code "$2")" = "$1" ]; }

comes_up() {
  say "Every service becomes healthy by itself"
  compose up --detach --build
  for service in mosquitto nginx engine influxdb grafana agent homeassistant wifi-repeater config-editor; do
    eventually 600 "$service is not healthy" is_healthy "$service"
    echo "$service is healthy after $SECONDS s"
  done
  [ "$(docker inspect --format '{{.State.ExitCode}}' "$(compose ps --all --quiet init)")" = 0 ] || fail "init failed"
}

is_reachable() {
  say "Home Assistant and Grafana answer through nginx"
  answers 200 http://127.0.0.1/health || fail "/health"
  eventually 120 "no page of Home Assistant" answers 200 http://127.0.0.1/onboarding.html
  eventually 60 "no page of Grafana" answers 200 http://127.0.0.1/grafana/login
  answers 404 http://127.0.0.1/influxdb/ || fail "/influxdb is open"
  secret ca.crt >"$work/ca.crt"
  [ "$(code --cacert "$work/ca.crt" https://localhost/health)" = 200 ] || fail "TLS"
}

is_closed() {
  say "Strangers get nothing"
  # docker-compose.dev.yml binds to this machine only; what is open to the network is what balena publishes.
  local open
  open=$(docker ps --format '{{.Ports}}' | grep -o '0\.0\.0\.0:[0-9]*' | sort -u | tr '\n' ' ')
  [ "$open" = "0.0.0.0:443 0.0.0.0:80 0.0.0.0:8883 " ] || fail "open to the network: $open"
  ! mosquitto_pub --cafile "$work/ca.crt" -h localhost -p 8883 -t x -m x -q 1 || fail "anonymous MQTT"
  ! mosquitto_pub -h localhost -p 8883 -t x -m x -q 1 || fail "MQTT without TLS"
  [ "$(code -u admin:admin http://127.0.0.1/grafana/api/org)" = 401 ] || fail "Grafana's default password"
  for service in engine mosquitto influxdb grafana nginx agent; do
    ! compose exec -T --user 65534:65534 "$service" ls /secrets/agent /secrets/people 2>/dev/null || fail "secrets open"
    local user
    user=$(compose exec -T "$service" sh -c 'sed -n "s/^Uid:\t\([0-9]*\).*/\1/p" /proc/1/status')
    [ "$user" != 0 ] || fail "$service runs as root"
  done
  # Those that must be root see a volume of their own, or none of these two.
  for service in homeassistant config-editor wifi-repeater; do
    local seen
    seen=$(compose exec -T "$service" sh -c 'ls /secrets/*/?* 2>/dev/null || true' | cut -d / -f 3 | sort -u)
    [ -z "$seen" ] || [ "$seen" = "$service" ] || fail "$service sees the secrets of: $seen"
  done
}

measure() {  # value
  local home
  home=$(secret home-id)
  mosquitto_pub --cafile "$work/ca.crt" -h localhost -p 8883 -q 1 -u sensors -P "$(secret people/mqtt_sensors_password)" \
    -t "hems/$home/telemetry/meter" -m "{\"schema\":1,\"time\":\"$(date -u +%Y-%m-%dT%H:%M:%S.000Z)\",\"site\":\"home\",\"kind\":\"grid\",\"values\":{\"power_kw\":$1}}"
}

arrived() {  # value
  curl --silent --fail "http://127.0.0.1:18086/api/v2/query?org=fleet" -H "Authorization: Token $FLEET_TOKEN" \
    -H "Content-Type: application/vnd.flux" -H "Accept: application/csv" \
    --data "from(bucket: \"homes\") |> range(start: -1h) |> filter(fn: (r) => r._measurement == \"telemetry\" and r._field == \"power_kw\" and r._value == $1)" |
    grep -q power_kw
}

replicates() {
  say "A measurement arrives at the fleet ($FLEET_INFLUXDB), also after an outage"
  measure 1.25
  eventually 300 "the measurement did not arrive" arrived 1.25
  compose stop fleet
  measure 2.5
  sleep 60
  compose start fleet
  eventually 60 "the fleet's database did not come back" curl --silent --fail http://127.0.0.1:18086/health
  # The queue waits up to 15 minutes after failures, unless something new is measured.
  sends_and_arrives() { measure 3.75 && arrived 2.5; }
  eventually 1200 "what was measured in the outage did not arrive" sends_and_arrives
}

draws() {
  say "Grafana has its dashboards, and every query of theirs runs"
  secret grafana/admin_password | python3 tests/stack/docker/dashboards.py http://127.0.0.1/grafana || fail "dashboards"
}

lasts() {
  say "A second boot changes no secret; a rotation changes them and the home goes on"
  local before
  before=$(secret agent/mqtt_password)
  compose down
  compose up --detach
  eventually 600 "the agent did not come back" is_healthy agent
  [ "$(secret agent/mqtt_password)" = "$before" ] || fail "a second boot changed a secret"
  echo "ROTATE_SECRETS=ci" >>.env
  compose up --detach --force-recreate
  for service in mosquitto agent homeassistant; do eventually 600 "$service is not healthy" is_healthy "$service"; done
  [ "$(secret agent/mqtt_password)" != "$before" ] || fail "the rotation changed nothing"
  measure 4.5
  eventually 300 "nothing arrives after the rotation" arrived 4.5
  draws
}

takes_sticks() {
  say "Home Assistant may follow USB sticks if told so, and starts without one"
  local follow=(exec -T homeassistant python3 /opt/hems/homeassistant/sticks.py)
  ! compose "${follow[@]}" || fail "it may make devices without being told so"
  compose -f docker-compose.sticks.yml up --detach homeassistant
  eventually 600 "homeassistant is not healthy" is_healthy homeassistant
  compose "${follow[@]}" || fail "it may make no devices"
}

weighs() {
  say "Memory and sizes"
  docker stats --no-stream --format 'table {{.Name}}\t{{.MemUsage}}\t{{.MemPerc}}\t{{.CPUPerc}}'
  docker images --format 'table {{.Repository}}\t{{.Size}}'
}

make_variables
case ${1:-all} in
  all) comes_up; is_reachable; is_closed; replicates; draws; weighs; lasts; takes_sticks; say "All is well" ;;
  logs) compose ps --all; compose logs --no-color --tail 200 ;;
  down) compose down --volumes --remove-orphans; rm -rf "$work" .env ;;
  *) fail "unknown: $1" ;;
esac
