#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_clients.sh - real clients, as the operator alice, through the shim and through the target's socket.
#
# Uses the world of $SMCRED_SANDBOX (a directory made by scripts/sandbox up), or makes one.  Root only.
. "$(dirname "$0")/../root/world.sh"
needs_root
if [ -n "${SMCRED_SANDBOX-}" ]; then
    # shellcheck source=/dev/null
    . "$SMCRED_SANDBOX/env" || exit 99
else
    needs_world
fi

work=$dir
home=$work/home
install -d -m 700 -o smcred-alice "$home"
host=$WORLD_HOST role=$WORLD_ROLE socket=$WORLD/run/orders
who='select current_user'

# Two ways to the same database, each a command to put before another.
shim() { timeout 240 as_alice env HOME="$home" PGDATABASE=orders "$@" 2>&1 </dev/null; }
plain() { timeout 240 as_alice env -u LD_PRELOAD HOME="$home" PGDATABASE=orders "$@" 2>&1 </dev/null; }
have() { as_alice sh -c "command -v $1" >/dev/null 2>&1; }
imports() { as_alice env -u LD_PRELOAD /usr/bin/python3 -c "import $1" >/dev/null 2>&1; }
psql=$PGBIN/psql

cat >"$work/with_psycopg2.py" <<'END'
import sys, psycopg2
conn = psycopg2.connect(host=sys.argv[1], dbname="orders")
cursor = conn.cursor(); cursor.execute("select current_user"); print(cursor.fetchone()[0])
print("password:", repr(conn.info.password))
END
cat >"$work/with_psycopg3.py" <<'END'
import asyncio, sys, psycopg
print(psycopg.connect(host=sys.argv[1], dbname="orders").execute("select current_user").fetchone()[0])
async def main():
    conn = await psycopg.AsyncConnection.connect(host=sys.argv[1], dbname="orders")
    print("async", (await (await conn.execute("select current_user")).fetchone())[0])
    await conn.close()
asyncio.run(main())
END
cat >"$work/pg.js" <<'END'
const { Client } = require('pg');
const client = new Client({ host: process.argv[2], database: 'orders', user: process.env.NODE_USER });
client.connect().then(() => client.query('select current_user as who'))
    .then(r => { console.log(r.rows[0].who); return client.end(); })
    .catch(e => { console.log(e.message); process.exit(1); });
END
chmod 644 "$work"/*.py "$work"/*.js

matrix() { # WAY HOST: the same for both ways
    local way=$1 at=$2
    like "$way: psql -c" "$($way "$psql" -XAt -h "$at" -c "$who")" "$role"
    if [ -x /usr/bin/psql ]; then
        like "$way: Debian's psql" "$($way /usr/bin/psql -XAt -h "$at" -c "$who")" "*$role"
    else
        skip "$way: Debian's psql" "no wrapper"
    fi
    like "$way: \\c" "$($way "$psql" -XAt -h "$at" -c "$who" -c '\c archive' -c 'select current_database()')" \
        "*$role*archive"
    like "$way: \\conninfo shows what was asked for" "$($way "$psql" -X -h "$at" -c '\conninfo')" "*\"$at\"*"
    like "$way: sslmode=require" "$($way "$psql" -XAt "host=$at sslmode=require" -c "$who")" "$role"
    like "$way: sslmode=verify-full" "$($way "$psql" -XAt "host=$at sslmode=verify-full" -c "$who")" "$role"
    like "$way: createdb" "$($way createdb -h "$at" made_by_t_clients; echo $?)" "*0"
    like "$way: dropdb" "$($way dropdb -h "$at" made_by_t_clients; echo $?)" "*0"
    like "$way: pgbench -i" "$($way pgbench -h "$at" -i -q orders >/dev/null; echo $?)" 0
    like "$way: pgbench" "$($way pgbench -h "$at" -c 4 -T 1 -S orders)" "*number of failed transactions: 0 *"
    like "$way: pg_dump -j" "$($way pg_dump -h "$at" -j 2 -Fd -f "$home/$way.dump" orders; echo $?)" "*0"
    like "$way: pg_restore" "$($way pg_restore -h "$at" -d archive --clean --if-exists "$home/$way.dump"; echo $?)" "*0"
    like "$way: the restored table" "$($way "$psql" -XAt -h "$at" -d archive -c 'select count(*) from pgbench_accounts')" 100000
    like "$way: vacuumdb -j" "$($way vacuumdb -h "$at" -j 2 -q orders; echo $?)" "*0"
    if imports psycopg2; then
        like "$way: psycopg2, and it holds no password" "$($way /usr/bin/python3 "$work/with_psycopg2.py" "$at")" \
            "$role*password: @(None|'')"
    else
        skip "$way: psycopg2" "not installed"
    fi
    if imports psycopg; then
        like "$way: psycopg" "$($way /usr/bin/python3 "$work/with_psycopg3.py" "$at")" "$role*async $role"
    else
        skip "$way: psycopg" "not installed"
    fi
    if have pgcli; then
        like "$way: pgcli" "$($way sh -c "echo '$who;' | pgcli -h $at -d orders --no-password")" "*$role*"
    else
        skip "$way: pgcli" "not installed"
    fi
    if have isql && [ -e /usr/lib/x86_64-linux-gnu/odbc/psqlodbcw.so ]; then
        like "$way: isql with psqlodbc" "$($way sh -c "echo '$who' | isql -b -k \
            'DRIVER=/usr/lib/x86_64-linux-gnu/odbc/psqlodbcw.so;Servername=$at;Database=orders;'")" "*$role*"
    else
        skip "$way: isql with psqlodbc" "not installed"
    fi
    if as_alice env -u LD_PRELOAD node -e 'require("pg")' 2>/dev/null; then
        like "$way: node-postgres" "$($way env NODE_USER=smcred-alice node "$work/pg.js" "$at")" "$role"
    else
        skip "$way: node-postgres" "no pg module for node"
    fi
}
shopt -s extglob
matrix shim "$host"
matrix plain "$socket"

# --- what an operator may have lying around leads nowhere else, and to no other credential ---
conf=$home/.pg_service.conf
printf '%s\n' '[ours]' "host=$host" 'dbname=orders' '[elsewhere]' 'host=127.0.0.1' 'port=1' >"$conf"
printf '%s\n' '*:*:*:*:from-pgpass' >"$home/.pgpass"
chown smcred-alice "$conf" "$home/.pgpass"
chmod 600 "$home/.pgpass"
like "PGPASSWORD is not used" "$(shim PGPASSWORD=wrong "$psql" -XAt -h "$host" -c "$who")" "$role"
like "~/.pgpass is not used" "$(shim "$psql" -XAt -h "$host" -c "$who")" "$role"
like "password= is not used" "$(shim "$psql" -XAt "host=$host password=wrong" -c "$who")" "$role"
like "PGSERVICE of ours" "$(shim PGSERVICE=ours "$psql" -XAt -c "$who")" "$role"
unlike "PGSERVICE of another server is another server" "$(shim PGSERVICE=elsewhere "$psql" -XAt -c "$who")" "*$role*"
like "PGHOSTADDR of the database's own address and port" \
    "$(shim PGHOSTADDR=127.0.0.1 PGPORT="$WORLD_PORT" "$psql" -XAt -h "$host" -c "$who")" "$role"
like "PGHOSTADDR elsewhere goes elsewhere, and says so" \
    "$(shim PGHOSTADDR=127.0.0.1 PGPORT=1 "$psql" -XAt -h "$host" -c "$who")" "*127.0.0.1*refused*"
like "a URI" "$(shim "$psql" -XAt "postgresql://$host/orders" -c "$who")" "$role"
like "a URI with the target's user" "$(shim "$psql" -XAt "postgresql://$role@$host/orders?sslmode=verify-full" -c "$who")" "$role"
like "a URI with a password" "$(shim "$psql" -XAt "postgresql://$role:wrong@$host/orders" -c "$who")" "$role"
like "key and value" "$(shim "$psql" -XAt "host=$host user=$role dbname=archive" -c 'select current_database()')" archive
like "somebody else's name is refused, with a reason" "$(shim "$psql" -XAt -U postgres -h "$host" -c "$who")" "*FATAL:*smcred*"
like "another port of the host is not ours" "$(shim "$psql" -XAt -h "$host" -p 1 -c "$who")" "*error:*"
like "two hosts: the first that answers" "$(shim "$psql" -XAt "host=127.0.0.1,$host port=1,5432 dbname=orders" -c "$who")" "$role"
like "mallory is refused, with the rule's name" \
    "$(timeout 120 as_mallory "$psql" -XAt -h "$host" -d orders -c "$who" 2>&1 </dev/null)" "*FATAL:*smcred*"
unlike "the password is in nobody's answer" "$(shim "$psql" -XAt -h "$host" -c '\set')" "*$(cat "$WORLD_PASSWORD_FILE")*"
done_testing
