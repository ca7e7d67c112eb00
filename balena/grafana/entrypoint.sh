#!/bin/sh
# Wait for the secrets, put the provisioning together, become Grafana.
#
# The token that reads InfluxDB is made by the agent once InfluxDB is up, so at first boot it comes minutes later, and
# a rotation changes it. Grafana reads it only when it starts: it is ended when the token changes, and the restart
# policy starts it again. Until there is one, Grafana has dashboards but no data.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
secrets=${SECRETS:-/secrets}
data=${GF_PATHS_DATA:-/var/lib/grafana}
provisioning=${GF_PATHS_PROVISIONING:-/tmp/provisioning}
password=$secrets/grafana/admin_password
token=$secrets/grafana/influx_read_token

sh "$here/../wait-for-secrets.sh" grafana/admin_password --follow grafana/admin_password
left_s=${TOKEN_WAIT_S:-180}
while [ ! -s "$token" ] && [ "$left_s" -gt 0 ]; do
  left_s=$((left_s - 1))
  sleep 1
done

umask 077
rm -rf "$provisioning"
mkdir -p "$provisioning/alerting" "$provisioning/dashboards" "$provisioning/datasources" "$provisioning/plugins"
cp "$here/provisioning/dashboards.yaml" "$provisioning/dashboards/hems.yaml"
if [ -s "$token" ]; then
  sed "s|@SECRETS@|$secrets|" "$here/provisioning/datasource.yaml" >"$provisioning/datasources/hems.yaml"
else
  echo "grafana: the agent has made no token for InfluxDB yet; the data will be there when it has" >&2
fi

# What Grafana encrypts in its database with: never the key that every Grafana comes with.
if [ ! -s "$data/.secret_key" ]; then
  head -c 32 /dev/urandom | base64 | tr -d '\n' >"$data/.secret_key.new"
  mv "$data/.secret_key.new" "$data/.secret_key"
fi
# Only the names of files stand in the environment.
export GF_SECURITY_SECRET_KEY="\$__file{$data/.secret_key}" GF_SECURITY_ADMIN_PASSWORD="\$__file{$password}"

# The password above is for a new database only. One that was changed later, by a rotation or by its variable, is set
# by Grafana's own tool; one that somebody chose in Grafana stays until then.
is_of=$(stat -c '%Y.%i' "$password")
if [ -e "$data/grafana.db" ] && [ "$(cat "$data/.password_is_of" 2>/dev/null)" != "$is_of" ]; then
  grafana cli --homepath "${GF_PATHS_HOME:-/usr/share/grafana}" --config "${GF_PATHS_CONFIG:-$here/grafana.ini}" \
    admin reset-admin-password --password-from-stdin <"$password" >/dev/null
  echo "grafana: the password of admin is the one of the secrets again" >&2
fi
printf %s "$is_of" >"$data/.password_is_of"

mark() { if [ -s "$token" ]; then cksum <"$token"; else echo none; fi; }
before=$(mark)
while sleep "${LOOK_EVERY_S:-15}" && kill -0 $$ 2>/dev/null; do
  [ "$(mark)" = "$before" ] && continue
  echo "grafana: the token for InfluxDB has changed; starting again" >&2
  kill -TERM $$
  break
done &
exec "${GRAFANA_RUN:-/run.sh}"
