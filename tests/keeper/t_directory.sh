#!/bin/bash
# t_directory.sh - logins of this host's users while its directory hangs.
# shellcheck source=tests/keeper/pam_world.sh
. "$(dirname "$0")/pam_world.sh"
slow=$top_builddir/tests/keeper/.libs/slow_directory.so
[ -e "$slow" ] || skip_all "built without shared objects"

echo '{"users/alice":{"password":"correct horse"}}' >"$dir/secrets.json"
printf '[keeper]\nsources = file\nadmin = %s\nmodule_dir = %s\n[file]\npath = %s\n[audit]\nfile = %s\n[target orders]\nsecret = none\n[pam]\ncallers = %s\nallow = %s\nsecrets = users/*\n' \
    "$me" "$top_builddir/.libs" "$dir/secrets.json" "$dir/audit.jsonl" "$me" "$me" >"$dir/smcred.conf"
export SLOW_DIRECTORY=$dir/hangs ASAN_OPTIONS=$ASAN_OPTIONS:verify_asan_link_order=0
: >"$SLOW_DIRECTORY"
LD_PRELOAD=$slow start_keeper

account() { client pam_account service=sshd user="$1"; }
check() { client pam_check service=sshd user="$1" name=users/alice password='correct horse'; }
account slow-joe >"$dir/joe" &
joe=$!
account slow-ann >"$dir/ann" &
ann=$!
like "whoever is no directory's comes in" "$(account "$me")" 'status: ok'
like "and logs in" "$(client pam_open service=sshd user="$me" | tr '\n' ' ')" 'status: ok*'
like "a password is checked though its user cannot be looked up" "$(check slow-jim)" 'status: ok'
wait "$joe" "$ann"
like "who is in the directory is refused when it has not answered in time" "$(cat "$dir/joe")" 'status: unavailable*who that is*'
like "and is not let in by anybody else's question" "$(cat "$dir/ann")" 'status: unavailable*'
# Who is 61000 may enter the runtime directory, but not the test's.
cat >"$dir/ask.py" <<'PY'
import os, sys
sys.path.insert(0, sys.argv[1])
sys.dont_write_bytecode = True
import control_client as c
os.chdir(sys.argv[2])
os.seteuid(61000)
c.ask("control.sock", "targets", [])
PY
if [ "$(id -u)" = 0 ]; then
    like "who is in it and asks has a number for a name" "$(python3 "$dir/ask.py" "$here" "$dir/run" 2>&1)" \
        'status: ok*"operator": "61000"*'
    # His client of a target says hello at its socket; his relay is there before his name is.
    cat >"$dir/open.py" <<'PY'
import os, socket, sys
os.chdir(sys.argv[1])
os.seteuid(61001)
at = socket.socket(socket.AF_UNIX)
at.settimeout(60)
at.connect("orders/.s.PGSQL.5432")
at.sendall(bytes([0, 0, 0, 16, 0, 3, 0, 0]) + b"user\0j\0\0")
print(at.recv(4096))
PY
    like "who is in it and logs in at a target, too" "$(python3 "$dir/open.py" "$dir/run" 2>&1)" '*61001 may not use target orders*'
else
    skip "who is in it and asks has a number for a name" "needs root"
    skip "who is in it and logs in at a target, too" "needs root"
fi
client revoke kind=user name=daemon >/dev/null
like "where a user is revoked nobody comes in of whom it cannot be said that he is not that one" "$(check slow-jim)" \
    'status: unavailable*'
like "but everybody else does" "$(check "$me")" 'status: ok'
rm "$SLOW_DIRECTORY"
soon "a directory that answers again is heard" 'status: not found*' account slow-joe
done_testing
