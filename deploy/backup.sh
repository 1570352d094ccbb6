#!/bin/sh
# Backs up a Gatehouse on SQLite while it runs: sh backup.sh /var/lib/gatehouse/gatehouse.db /backup/2026-11-25
# It needs sqlite3, and the rights of the user that the server runs as. What it writes holds keys, so it is a secret.
set -eu
umask 077
[ $# -eq 2 ] || { echo "usage: sh backup.sh DATABASE NEW_DIRECTORY" >&2; exit 2; }
[ -f "$1" ] || { echo "backup: there is no $1" >&2; exit 2; }
from=$(dirname "$1")
file=$(basename "$1")
trail=${file%.*}.audit
mkdir "$2"
to=$(cd "$2" && pwd)

# The database first, so that the trail has the record of every change that is in it. Not cp: the newest changes are in the
# -wal file, and both are written meanwhile.
sqlite3 -cmd ".timeout 10000" "$1" "vacuum into '$to/$file'"

# Heads before records: one that is ahead of its records looks like a trail that somebody cut.
if [ -d "$from/$trail" ]; then
  mkdir "$to/$trail"
  for part in "$from/$trail"/*.head.json "$from/$trail"/*.jsonl; do
    [ ! -e "$part" ] || cp -p "$part" "$to/$trail/"
  done
fi

# Those of the embedded authorization server and of the operator are not everywhere.
for key in gatehouse.keys.json gatehouse.audit.keys.json gatehouse.operator.json; do
  [ ! -e "$from/$key" ] || cp -p "$from/$key" "$to/"
done
echo "Copied to $to; now: gatehouse audit verify --store sqlite:$to/$file"
