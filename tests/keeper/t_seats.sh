#!/bin/bash
# t_seats.sh - users who take all the places at the control socket that they get keep nobody's login out.
# shellcheck source=tests/keeper/pam_world.sh
. "$(dirname "$0")/pam_world.sh"
[ "$(id -u)" = 0 ] || skip_all "needs root, to be many users"
getent passwd daemon >/dev/null || skip_all "no user daemon"

echo '{}' >"$dir/secrets.json"
printf '[keeper]\nsources = file\nmodule_dir = %s\n[file]\npath = %s\n[audit]\nfile = %s\n[pam]\ncallers = daemon\n' \
    "$top_builddir/.libs" "$dir/secrets.json" "$dir/audit.jsonl" >"$dir/smcred.conf"
ulimit -n 2048 # which makes 512 places
start_keeper

# As other uids, which may enter the runtime directory but not the test's.
cat >"$dir/crowd.py" <<'PY'
import os, sys
sys.path.insert(0, sys.argv[1])
sys.dont_write_bytecode = True
import control_client as c
os.chdir(sys.argv[2])
held = []

def sits(uid):
    """One more connection of this uid that is served, and stays."""
    os.seteuid(uid)
    try:
        sock = c.connect("control.sock")
        sock.send(c.request(3))
        answer = c.answer(sock)
    except OSError: # it was closed before the question was sent
        answer = None
    finally:
        os.seteuid(0)
    if answer is None or answer[0] != 0:
        return False
    os.close(answer[2][0])
    held.append(sock)
    return True

def crowd(uid):
    """All that this uid gets."""
    count = 0
    while count < 600 and sits(uid):
        count += 1
    return count

print("one:", crowd(3001) < 200)
print("two:", crowd(3002) < 200)
print("another:", sits(3003))
print("none is left:", any(crowd(uid) == 0 for uid in range(4000, 4600)))
print("service:", sits(1))
print("root:", sits(0))
PY
like "one user does not get half of the places, nor does the next" "$(python3 "$dir/crowd.py" "$here" "$dir/run" 2>&1 | tee "$dir/said")" \
    'one: True*two: True*'
like "both together leave room for another" "$(cat "$dir/said")" '*another: True*'
like "hundreds of them take what is for users" "$(cat "$dir/said")" '*none is left: True*'
like "but not what is for a database server that asks for its logins" "$(cat "$dir/said")" '*service: True*'
like "nor root's" "$(cat "$dir/said")" '*root: True*'
like "and when they have gone all is as before" "$(client status)" 'status: ok*'
done_testing
