#!/bin/sh
# Rehearses a restore: imports the newest backup of a site into an empty simulated PBX, and compares the two.
# It ends with "No differences". Nothing is sent to a PBX. Usage: sh restore-drill.sh FOLDER SITE
set -eu
[ $# -eq 2 ] || { sed -n 's/^# //p' "$0" >&2; exit 2; }
backup=$(ls "$1/$2"-????????T??????Z.csv | tail -n 1)
[ -n "$backup" ]
echo "The newest backup is $backup."

unset BULKVM_URL BULKVM_TOKEN BULKVM_USER BULKVM_PASSWORD BULKVM_DOMAIN
BULKVM_STATE=$(mktemp -d)
trap 'rm -r "$BULKVM_STATE"' EXIT
export BULKVM_STATE BULKVM_SITE=simulator
bulkvm import "$backup" --yes --result "$BULKVM_STATE/result.xlsx"
bulkvm diff "$backup"
