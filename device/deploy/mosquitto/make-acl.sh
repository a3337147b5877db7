#!/bin/sh
# The access list for gateways: make-acl.sh SITE/GATEWAY... > /etc/mosquitto/lynceus/acl
# then: systemctl reload mosquitto (or kill -HUP), which drops nobody.
set -eu
here=$(dirname "$0")
[ $# -gt 0 ] || { echo "usage: $0 SITE/GATEWAY..." >&2; exit 2; }
for name in "$@"; do
  printf '%s\n' "$name" | grep -Eq '^[A-Z]{2}[A-Z2-9]{3}(-[A-Z0-9]{1,8})?/[a-z0-9-]{1,32}$' ||
    { echo "$name is not SITE/GATEWAY, such as NLRTM-EX/gw-01" >&2; exit 2; }
done
cat "$here/acl.head"
for name in "$@"; do
  sed -e "s|@SITE@|${name%/*}|g" -e "s|@GATEWAY@|${name#*/}|g" "$here/acl.gateway"
done
