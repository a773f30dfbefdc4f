#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_check.sh - ./check tells the truth: it counts this run alone, and says why a test failed.  The build
# and the tests are stand-ins, which write what make check writes.
. "$top_srcdir/tests/lib/tap.sh" || exit 1
tree=$dir/tree
mkdir -p "$tree/scripts" "$tree/build/plain/tests"
cp "$top_srcdir/check" "$tree/check"
printf '#!/bin/sh\n' >"$tree/scripts/deps"
chmod +x "$tree/scripts/deps"

# stand_in: standard input is what `scripts/dev check` does, in build/plain
stand_in() {
    # shellcheck disable=SC2016 # they are its own
    printf '#!/bin/bash\n[ "$1" = check ] || exit 0\ncd build/plain\nresults() { printf ":test-result: %%s one\\n" "${@:2}" >"tests/$1.trs"; : >"tests/$1.log"; : >test-suite.log; }\n' >"$tree/scripts/dev"
    cat >>"$tree/scripts/dev"
    chmod +x "$tree/scripts/dev"
}
run() {
    said=$("$tree/check" 2>&1)
    status=$?
    last=$(tail -n 1 <<<"$said")
}

stand_in <<'END'
results a PASS PASS SKIP
echo 'SKIP: tests/a.sh 3 - this # SKIP no that' >tests/a.log
END
run
is "what passes is counted" "$status $last" "0 2 passed, 0 failed, 1 skipped"
like "and what was skipped is said, and why" "$said" "*SKIP: tests/a.sh 3 - this # SKIP no that*"
stand_in <<<'echo "make: *** no rule"; exit 2'
run
is "an earlier run is not" "$status $last" "1 0 passed, 1 failed, 0 skipped"
like "and what make said is shown" "$said" "*make: \*\*\* no rule*"
stand_in <<'END'
results a PASS
exit 2
END
run
is "make's failure counts where every result is good" "$status $last" "1 1 passed, 1 failed, 0 skipped"
stand_in <<'END'
results good PASS
results bad PASS FAIL
printf '%s\n' 'ok 1 - this' 'not ok 2 - that' '# found: something else' >tests/bad.log
results worse ERROR
printf '%s\n' 'Bail out! no disk' >tests/worse.log
exit 1
END
run
is "FAIL and ERROR are failures" "$status $last" "1 2 passed, 2 failed, 0 skipped"
like "a failing test is named, with what is not ok, and its log" "$said" \
    "*tests/bad:*not ok 2 - that*found: something else*passed, *"
like "so is one that gave up" "$said" "*tests/worse:*Bail out! no disk*passed, *"
unlike "a good one is not" "$said" "*---- tests/good*"
stand_in <<'END'
: >tests/silent.trs >test-suite.log
END
run
like "a test without any result is a failure" "$status $last" "1 * passed, 1 failed, *"

# Interrupted, while a test runs and has started something of its own.
mkfifo "$dir/never"
stand_in <<END
results a PASS
setsid bash -c 'echo \$\$ >"$dir/stray"; read -r _ <"$dir/never"' &
wait
END
"$tree/check" >"$dir/said" 2>&1 &
check=$!
eventually 20 test -s "$dir/stray"
kill -TERM "$check"
wait "$check"
is "an interrupted run fails" "$? $(tail -n 1 "$dir/said")" "1 0 passed, 1 failed, 0 skipped"
gone() { ! kill -0 "$(cat "$dir/stray")"; }
if eventually 20 gone; then ok "and leaves nothing behind"; else not_ok "and leaves nothing behind"; fi
done_testing
