#!/bin/sh
# weights.sh FILE STABLE CANARY: share the requests of FILE's upstream, 0 to 100 each, and reload.
#
# The file is changed whole or not at all: a configuration that nginx refuses is put back. Calling
# it again with the same weights changes nothing. NGINX is the command, with its options.
set -eu

usage() {
    echo "usage: $0 FILE STABLE CANARY, weights from 0 to 100, not both 0" >&2
    exit 2
}

[ $# -eq 3 ] || usage
file=$1 stable=$2 canary=$3
for weight in "$stable" "$canary"; do
    case $weight in
        '' | *[!0-9]* | ????*) usage ;;
    esac
    [ "$weight" -le 100 ] || usage
done
[ "$((stable + canary))" -gt 0 ] || usage
for track in stable canary; do
    if [ "$(grep -c "; # $track\$" "$file")" -ne 1 ]; then
        echo "$file has no one line that ends in '; # $track'" >&2
        exit 1
    fi
done

# nginx knows no weight of 0: a server without requests is down.
said() {
    if [ "$1" -eq 0 ]; then echo down; else echo "weight=$1"; fi
}

before=$(mktemp "$file.XXXXXX")
after=$(mktemp "$file.XXXXXX")
trap 'rm -f "$before" "$after"' EXIT
cp -p "$file" "$before"
cp -p "$file" "$after"
sed -e "/; # stable\$/s/ \\(weight=[0-9]*\\|down\\);/ $(said "$stable");/" \
    -e "/; # canary\$/s/ \\(weight=[0-9]*\\|down\\);/ $(said "$canary");/" "$before" >"$after"
mv "$after" "$file"
# NGINX is a command with its options, on purpose.
# shellcheck disable=SC2086
if ! ${NGINX:-nginx} -t -q; then
    mv "$before" "$file"
    echo "nginx refuses the new weights; the old ones stay" >&2
    exit 1
fi
# shellcheck disable=SC2086
${NGINX:-nginx} -s reload
echo "$file: stable $stable, canary $canary"
