#!/bin/bash
# t_crash.sh - killed with SIGKILL at random moments under mixed writes, the server has every write it
# acknowledged, whole, after each start.  200 rounds with SMCRED_LONG=1, ten without.
. "$(dirname "$0")/server_world.sh"

command -v python3 > /dev/null || { echo "1..0 # SKIP no python3"; exit 0; }
init_store
rounds=10
[ -z "${SMCRED_LONG:-}" ] || rounds=200
export AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
python3 -B "$(dirname "$0")/crash.py" "$server" "$world/store" "$rounds"
