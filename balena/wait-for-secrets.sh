#!/bin/sh
# wait-for-secrets.sh FILE… [--follow FILE…]: until the service `init` has made the secrets of this boot (its mark is
# .rotated).
#
# A service that would start before that could read last boot's secrets, or none. SECRETS is the volume, WAIT_S how
# long to wait. Where only the mark is late but the files are there, the home starts with them all the same.
#
# The mark knows only ROTATE_SECRETS. Where another variable has changed, `init` may still be at work when it looks
# right, for balena starts all services at once. So for WAIT_S more the files to follow are looked at, which need not be
# there; when one changes, the service that called this is ended, and its restart policy starts it with the new ones.
set -eu
secrets=${SECRETS:-/secrets}
left_s=${WAIT_S:-300}
wanted=$(printf %s "${ROTATE_SECRETS:-}" | sed 's/^[[:space:]]*//; s/[[:space:]]*$//')

made() {
  [ -e "$secrets/.rotated" ] || return 1
  [ -z "$wanted" ] || [ "$(cat "$secrets/.rotated")" = "$wanted" ] || return 1
  for name in "$@"; do
    [ "$name" != --follow ] || break
    [ -s "$secrets/$name" ] || return 1
  done
}

until made "$@"; do
  if [ "$left_s" -le 0 ]; then
    for name in "$@"; do
      [ "$name" != --follow ] || break
      if [ ! -s "$secrets/$name" ]; then
        echo "secrets: $secrets/$name is missing; did the service init run? Its log says why not." >&2
        exit 1
      fi
    done
    echo "secrets: the service init has not finished this boot; starting with the secrets that are there" >&2
    break
  fi
  left_s=$((left_s - 1))
  sleep 1
done

seen() {
  is_followed=
  for name in "$@"; do
    if [ "$name" = --follow ]; then is_followed=yes; continue; fi
    [ -z "$is_followed" ] || { echo "$name"; cat "$secrets/$name" 2>/dev/null || true; }
  done | cksum
}

follow() {
  looks=$((${WAIT_S:-300} / 3))
  while [ "$looks" -gt 0 ] && sleep "${LOOK_EVERY_S:-3}" && kill -0 "$service" 2>/dev/null; do
    looks=$((looks - 1))
    [ "$(seen "$@")" != "$before" ] || continue
    echo "secrets: the service init has changed them after this start; starting again" >&2
    sleep "${LOOK_EVERY_S:-3}" # for the others that it changes
    # Who has no handler yet does not hear the first one, as the first process of a container.
    while kill -TERM "$service" 2>/dev/null; do sleep 20; done
    return
  done
}

case " $* " in
  *" --follow "*)
    service=$PPID before=$(seen "$@")
    follow "$@" </dev/null &
    ;;
esac
