#!/bin/bash
# t_hostile.sh - requests that are cut, merged, stuffed, nested, repeated, flooded: each has the answer
# of the service or none, nobody else is kept waiting, and the server does not grow.
. "$(dirname "$0")/server_world.sh"

command -v python3 > /dev/null || { echo "1..0 # SKIP no python3"; exit 0; }
init_store
export AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
python3 -B "$(dirname "$0")/hostile.py" "$server" "$world/store"
