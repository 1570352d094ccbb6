#!/bin/sh
# Run once by the PostgreSQL image, on an empty volume: a role for Gatehouse that owns its database and nothing else.
set -eu
psql --set=ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
  --set=password="$(cat /run/secrets/postgres_password)" <<'SQL'
create role gatehouse login password :'password';
create database gatehouse owner gatehouse encoding 'UTF8' template template0;
SQL
