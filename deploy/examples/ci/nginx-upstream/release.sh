#!/bin/sh
# release.sh VERSION: a tenth of the requests to the canary, a verdict on it, then all or none.
#
# For a machine with nginx and no cluster; app-v2 runs VERSION by now. Exit codes are those of
# `judge watch`: 0 promoted, 1 rolled back, 3 not known, 4 could not judge or not act. Only a pass
# leaves requests on the canary.
set -eu

version=$1
here=$(cd "$(dirname "$0")" && pwd)
export CONF="${CONF:-/etc/nginx/conf.d/checkout.conf}"
export WEIGHTS="$here/weights.sh"
# What began before this moment is not judged.
started=${STARTED:-$(date +%s)}

"$WEIGHTS" "$CONF" 90 10
judge watch "${ANALYSIS:-$here/../checkout.yaml}" \
    --prometheus "${PROMETHEUS_URL:-http://localhost:9090}" --set "version=$version" \
    --started-at "$started" \
    --on-pass '"$WEIGHTS" "$CONF" 0 100' \
    --on-fail '"$WEIGHTS" "$CONF" 100 0' &
judge=$!
# A signal ends the wait for judge, and judge a little later.
trap 'kill "$judge" 2>/dev/null || :' HUP INT TERM
code=0
wait "$judge" || code=$?
while kill -0 "$judge" 2>/dev/null; do
    code=0
    wait "$judge" || code=$?
done
case $code in
    0 | 1) ;;
    *) "$WEIGHTS" "$CONF" 100 0 ;; # nobody could say, or it was interrupted
esac
exit "$code"
