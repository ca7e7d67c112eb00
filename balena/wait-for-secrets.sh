#!/bin/sh
# wait-for-secrets.sh FILE…: until the service `init` has made the secrets of this boot (its mark is .rotated).
#
# A service that would start before that could read last boot's secrets, or none. SECRETS is the volume, WAIT_S how
# long to wait. Where only the mark is late but the files are there, the home starts with them all the same.
set -eu
secrets=${SECRETS:-/secrets}
left_s=${WAIT_S:-300}

made() {
  [ -e "$secrets/.rotated" ] || return 1
  [ -z "${ROTATE_SECRETS:-}" ] || [ "$(cat "$secrets/.rotated")" = "$ROTATE_SECRETS" ] || return 1
  for name in "$@"; do [ -s "$secrets/$name" ] || return 1; done
}

until made "$@"; do
  if [ "$left_s" -le 0 ]; then
    for name in "$@"; do
      if [ ! -s "$secrets/$name" ]; then
        echo "secrets: $secrets/$name is missing; did the service init run? Its log says why not." >&2
        exit 1
      fi
    done
    echo "secrets: the service init has not finished this boot; starting with the secrets that are there" >&2
    exit 0
  fi
  left_s=$((left_s - 1))
  sleep 1
done
