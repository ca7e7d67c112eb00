#!/bin/sh
# Wait for the secrets, become InfluxDB. It needs none of them itself: they are how an operator gets in by its command
# line, and their absence means that the agent could not set it up.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
sh "$here/../wait-for-secrets.sh" influxdb/operator_token influxdb/admin_password --follow influxdb/fleet-ca.crt
ca=${SECRETS:-/secrets}/influxdb/fleet-ca.crt
if [ -s "$ca" ]; then
  # What Go trusts: this file instead of the system's, and a directory beside it that is not there.
  export SSL_CERT_FILE="$ca" SSL_CERT_DIR=/nonexistent
fi
umask 077
exec influxd
