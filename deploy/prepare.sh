#!/bin/sh
# Writes what deploy/compose.yaml needs and what does not belong into a repository: .env and secrets/.
#   sh deploy/prepare.sh mcp.example.com https://login.example.com/
# Nothing that is there is written over; remove deploy/secrets to begin anew, but not while there is a database.
set -eu
[ $# -eq 2 ] || { echo "usage: sh deploy/prepare.sh DOMAIN ISSUER" >&2; exit 2; }
case "$1$2" in *[!A-Za-z0-9.:/_-]*) echo "prepare: unexpected characters in $1 or $2" >&2; exit 2 ;; esac
cd "$(dirname "$0")"
[ ! -e secrets ] || { echo "prepare: deploy/secrets is there already" >&2; exit 1; }

random() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }
umask 077
mkdir secrets
random > secrets/postgres_superuser
random > secrets/postgres_password
sed -e "s|mcp\.example\.com|$1|" -e "s|https://login\.example\.com/|$2|" \
  -e "s|PASSWORD|$(cat secrets/postgres_password)|" compose.config.json > secrets/gatehouse.json
# Containers read them under other user ids; the directory keeps everybody else on this machine out.
chmod 0444 secrets/*
printf 'DOMAIN=%s\n' "$1" > .env
echo "Wrote deploy/.env and deploy/secrets; now: docker compose -f deploy/compose.yaml up --build --detach --wait"
