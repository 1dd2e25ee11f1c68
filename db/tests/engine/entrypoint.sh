#!/bin/bash
# Starts Postgres on 5432, PgBouncer on 6432, and one that resets sessions on 6433, and stays as process 1
# whatever becomes of them.
#
# Restart Postgres:
#   pg_ctl restart -m fast -l postgres.log
# Restart PgBouncer (which neither starts beside its predecessor, nor listens when it returns):
#   bash -c 'kill -QUIT $(<pgbouncer.pid); until pgbouncer -qd pgbouncer.ini; do sleep 0.05; done
#     until pg_isready -q -h 127.0.0.1 -p 6432; do sleep 0.05; done'
set -euo pipefail

# Any may be down already, or not up yet.
stop() {
  set +e
  kill -QUIT "$(<pgbouncer.pid)"
  kill -QUIT "$(<resetting.pid)"
  pg_ctl stop -s -m fast
  exit 0
} 2> /dev/null
trap stop TERM INT

# Both a statement and the user list quote it below, so it may hold nothing that needs escaping.
password=${RAGWALL_TEST_PASSWORD-}
[[ $password =~ ^[A-Za-z0-9_-]+$ ]] || {
  echo 'RAGWALL_TEST_PASSWORD must be set, to letters, digits, - and _ only' >&2
  exit 1
}

# A single-user backend listens nowhere: the password stands before anybody can connect.
postgres --single postgres <<< "alter role postgres password '$password'" > /dev/null

cat > pgbouncer.ini << 'INI'
[databases]
* = host=127.0.0.1

[pgbouncer]
listen_addr = 0.0.0.0
listen_port = 6432
pool_mode = transaction
default_pool_size = 5
max_client_conn = 500
max_prepared_statements = 200
auth_type = scram-sha-256
auth_file = userlist.txt
client_tls_sslmode = allow
client_tls_ca_file = /etc/ssl/certs/ssl-cert-snakeoil.pem
client_tls_cert_file = /etc/ssl/certs/ssl-cert-snakeoil.pem
client_tls_key_file = /etc/ssl/private/ssl-cert-snakeoil.key
admin_users = postgres
logfile = pgbouncer.log
pidfile = pgbouncer.pid
INI

# The same, and what db/pgbouncer.ini says against poisoned sessions.
sed 's/6432/6433/; s/pgbouncer\.\(log\|pid\)/resetting.\1/' pgbouncer.ini > resetting.ini
cat >> resetting.ini << 'INI'
server_reset_query = DISCARD ALL
server_reset_query_always = 1
INI

# In plain text, because PgBouncer has to log in to Postgres with the same password.
(
  umask 077
  for user in postgres app_user app_reader agent_reader agent_caller; do
    printf '"%s" "%s"\n' "$user" "$password"
  done > userlist.txt
)

# The servers write to files, not to this process's output, which a restart from elsewhere lacks.
touch postgres.log pgbouncer.log resetting.log
tail -qF -s 0.1 -n +1 postgres.log pgbouncer.log resetting.log &
# Time for the last lines, which may tell why.
trap 'sleep 0.2' EXIT

pg_ctl start -s -l postgres.log
pgbouncer -d pgbouncer.ini
pgbouncer -d resetting.ini

# A pooler is asked for its own console: a query would leave a server connection in its pool.
answers() {
  PGPASSWORD=$password PGCONNECT_TIMEOUT=2 psql -XqAt -h 127.0.0.1 -U postgres "$@" &> /dev/null
}
for ((try = 1; ; try++)); do
  answers -p 5432 -c 'select 1' && answers -p 6432 -d pgbouncer -c 'show version' \
    && answers -p 6433 -d pgbouncer -c 'show version' && break
  ((try < 100)) || { echo 'Postgres or PgBouncer did not answer within ten seconds' >&2; exit 1; }
  sleep 0.1
done

echo 'ragwall test server ready'
wait
