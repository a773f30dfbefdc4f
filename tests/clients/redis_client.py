# SPDX-License-Identifier: LGPL-2.1-or-later
# redis_client.py DRIVER PLACE [PORT] - logs in without a password, where PLACE (a host or a socket) is, and
# prints who that is and the answer to a question.  DRIVER: redis or valkey, -3: in RESP3, -p: with a password.
import importlib
import sys

driver, place = sys.argv[1:3]
module, *how = driver.split("-")
where = {"unix_socket_path": place} if place.startswith("/") else {"host": place}
if len(sys.argv) > 3:
    where["port"] = int(sys.argv[3])
if "3" in how:
    where["protocol"] = 3
if "p" in how:
    where.update(username="smcred-alice", password="canary-in-a-mine")
library = importlib.import_module(module)
connection = (library.Redis if module == "redis" else library.Valkey)(decode_responses=True, client_name="worker", **where)
pipeline = connection.pipeline()
pipeline.set("counter:" + driver, 41).incr("counter:" + driver)
print(connection.execute_command("ACL WHOAMI"), pipeline.execute()[1], connection.client_getname())
