# SPDX-License-Identifier: LGPL-2.1-or-later
# client.py DRIVER PLACE [PORT] - logs in without a password, where PLACE (a host, or a socket as the driver
# wants it) is, and prints who that is and the answer to a question with a parameter.  With $CLIENT_CA it
# insists on TLS, and on a certificate of that CA's for PLACE.  With $CLIENT_CHANGE it changes to that user first.
import os
import sys

driver, place = sys.argv[1:3]
port = int(sys.argv[3]) if len(sys.argv) > 3 else None
where = {"port": port} if port else {}
ca = os.environ.get("CLIENT_CA")
change = os.environ.get("CLIENT_CHANGE")
WHO = "select current_user"
MYSQL_WHO = "select substring_index(current_user(), '@', 1)"


def mysql_where():
    return {"unix_socket": place} if place.startswith("/") else {"host": place, **where}


def ask(connection, who):
    cursor = connection.cursor()
    cursor.execute(who)
    name = cursor.fetchone()[0]
    cursor.execute("select %s + 1", (41,))
    return name, cursor.fetchone()[0]


def mysqldb():
    import MySQLdb
    connection = MySQLdb.connect(user="smcred-alice", database="billing", **mysql_where())
    if change:
        connection.change_user(change, "her own", "billing")
    return ask(connection, MYSQL_WHO)


def pymysql():
    import pymysql
    return ask(pymysql.connect(user="smcred-alice", database="billing", **mysql_where()), MYSQL_WHO)


# Oracle's, in Python and with their libmysqlclient, which wants a newer OpenSSL than Python's own and brings it.
def connector(pure):
    if not pure:
        import _mysql_connector  # before anything loads the other OpenSSL
    import mysql.connector
    tls = {"ssl_ca": ca, "ssl_verify_cert": True, "ssl_verify_identity": True} if ca else {}
    connection = mysql.connector.connect(user="smcred-alice", database="billing", use_pure=pure, **tls, **mysql_where())
    if change:
        connection.cmd_change_user(username=change, password="her own", database="billing")
        connection.reset_session()
    assert type(connection).__name__ == ("MySQLConnection" if pure else "CMySQLConnection")
    cursor = connection.cursor(prepared=True)
    cursor.execute("select ? + 1", (41,))
    assert cursor.fetchone()[0] == 42
    cursor.close()
    return ask(connection, MYSQL_WHO)


def psycopg2():
    import psycopg2
    connection = psycopg2.connect(host=place, dbname="orders", **where)
    assert not connection.info.password
    return ask(connection, WHO)


def psycopg():
    import asyncio
    import psycopg
    async def once_more():
        async with await psycopg.AsyncConnection.connect(host=place, dbname="orders", **where) as connection:
            return (await (await connection.execute(WHO)).fetchone())[0]
    connection = psycopg.connect(host=place, dbname="orders", **where)
    assert not connection.info.password
    name, answer = ask(connection, WHO)
    assert asyncio.run(once_more()) == name
    return name, answer


def asyncpg():
    import asyncio
    import asyncpg
    import ssl
    tls = {"ssl": ssl.create_default_context(cafile=ca)} if ca else {}
    async def once():
        connection = await asyncpg.connect(host=place, user="smcred-alice", database="orders", **tls, **where)
        answer = await connection.fetchval("select $1::int + 1", 41)
        return await connection.fetchval(WHO), answer
    return asyncio.run(once())


drivers = {
    "MySQLdb": mysqldb,
    "pymysql": pymysql,
    "connector": lambda: connector(True),
    "connector_c": lambda: connector(False),
    "psycopg2": psycopg2,
    "psycopg": psycopg,
    "asyncpg": asyncpg,
}
print(*drivers[driver]())
