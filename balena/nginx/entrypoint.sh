#!/bin/sh
# Wait for the certificate, fill in nginx.conf, become nginx.
# Tests and scripts/stack start the proxy by this same file, with other paths and ports in the environment.
#
# TRUSTED_FRONT   addresses (CIDR, separated by commas) of a proxy in front that ends TLS
# CONFIG_EDITOR   on: the path /config-editor/ exists
set -eu
here=$(cd "$(dirname "$0")" && pwd)
secrets=${SECRETS:-/secrets}/nginx
run=${RUN:-/tmp/nginx}
say() { echo "nginx: $*" >&2; }

sh "$here/../wait-for-secrets.sh" nginx/tls.crt nginx/tls.key --follow nginx/tls.crt nginx/tls.key

umask 077
rm -rf "$run/locations"
mkdir -p "$run/locations"

front_geo='' front_real_ip=''
if [ -n "${TRUSTED_FRONT:-}" ]; then
  case $TRUSTED_FRONT in
    *[!0-9a-fA-F:./,\ ]*) say "TRUSTED_FRONT must be addresses like 192.168.1.2/32, separated by commas"; exit 1 ;;
  esac
  for network in $(printf '%s' "$TRUSTED_FRONT" | tr ',' ' '); do
    front_geo="$front_geo $network 1;"
    front_real_ip="$front_real_ip set_real_ip_from $network;"
  done
  front_real_ip="$front_real_ip real_ip_header X-Forwarded-For; real_ip_recursive on;"
fi

if [ "${CONFIG_EDITOR:-off}" = on ]; then cp "$here/config-editor.conf" "$run/locations/"; fi

resolver=$(sed -n 's/^nameserver[[:space:]]*\([0-9.]*\)[[:space:]]*$/\1/p' /etc/resolv.conf | head -n 1)
sed -e "s|@RUN@|$run|g" -e "s|@MIME@|${MIME:-/etc/nginx/mime.types}|" \
  -e "s|@SECRETS@|$secrets|" \
  -e "s|@BIND@|${BIND:-}|g" -e "s|@HTTP_PORT@|${HTTP_PORT:-8080}|" -e "s|@HTTPS_PORT@|${HTTPS_PORT:-8443}|" \
  -e "s|@RESOLVER@|${resolver:-127.0.0.1}|" \
  -e "s|@FRONT_GEO@|$front_geo|" -e "s|@FRONT_REAL_IP@|$front_real_ip|" \
  -e "s|@HOMEASSISTANT@|${HOMEASSISTANT_UPSTREAM:-homeassistant:8123}|" \
  -e "s|@GRAFANA@|${GRAFANA_UPSTREAM:-grafana:3000}|" \
  -e "s|@CONFIG_EDITOR@|${CONFIG_EDITOR_UPSTREAM:-config-editor:3218}|" "$here/nginx.conf" >"$run/nginx.conf"
if [ "${1:-}" = --test ]; then exec nginx -t -c "$run/nginx.conf" -e stderr; fi
exec nginx -c "$run/nginx.conf" -e stderr
