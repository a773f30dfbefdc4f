#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_hostile.sh - bad input from alice's side and a bad configuration, at the running programs: a clear
# error each time, and alice's next login works.
. "$(dirname "$0")/world.sh"
command -v python3 >/dev/null || skip_all "no python3"
needs_world
conf=$WORLD/etc/smcred.conf

# ---- configuration ----

# check_config SENTENCE EXPECTED: what smcredd says of $dir/bad.conf, a shell pattern
check_config() {
    local said status
    said=$(smcredd --config "$dir/bad.conf" --check-config 2>&1)
    status=$?
    if [ $status = 0 ]; then
        not_ok "$1" "it was accepted: $said"
        return
    fi
    like "$1" "$said" "$2"
}
bad() { sed "$1" "$conf" >"$dir/bad.conf" && chmod 644 "$dir/bad.conf"; }

bad ''
holds "a good configuration is accepted" smcredd --config "$dir/bad.conf" --check-config
bad 's/^match /mtach /'
check_config "an unknown key, with its line" "*bad.conf:$(grep -nm1 '^mtach' "$dir/bad.conf" | cut -d: -f1)*mtach*"
bad 's/verify-full/whatever/'
check_config "a value that is none" "*bad.conf:*tls*verify-full*"
bad ''
sed -n '/^\[target/,$p' "$conf" >>"$dir/bad.conf"
check_config "a target twice" "*bad.conf:*orders*"
bad "s|^ca_file.*|ca_file = $dir/no-such-ca|"
check_config "a CA file that is not there" "*no-such-ca*"
bad ''
chmod 666 "$dir/bad.conf"
check_config "a file that others can write" "*writ*"
bad 's/^\[audit\]/[adit]/'
check_config "a section that is none" "*bad.conf:*adit*"
rm "$dir/bad.conf"
check_config "no file at all" "*bad.conf*"

cp -p "$conf" "$dir/kept.conf"
sed -i 's/^allow .*/allow = smcred-mallory smcred-alice/' "$conf"
sandbox reload "$WORLD"
mallory_in() { [ "$(query_as as_mallory 'select 1')" = 1 ]; }
holds "a reload changes who is let in" eventually 5 mallory_in
echo 'nonsense' >>"$conf"
sandbox reload "$WORLD"
holds "and is refused when the file is broken" eventually 5 grep -q 'smcred.conf:' "$WORLD_LOG/keeper.log"
holds "what was before still holds" mallory_in
cp -p "$dir/kept.conf" "$conf"
sandbox reload "$WORLD"
mallory_out() { ! mallory_in; }
holds "a good one is taken again" eventually 5 mallory_out
is "alice is in" "$(query 'select 1')" 1

# ---- the control socket and the target socket ----

cat >"$dir/hostile.pl" <<'END'
# hostile.pl WHAT PATH: one kind of bad client.  Prints what it was told, or "closed".
use strict; use warnings; use Socket;
my ($what, $path) = @ARGV;
sub dial { my ($type) = @_;
    socket(my $s, PF_UNIX, $type, 0) or die "socket: $!"; connect($s, sockaddr_un($path)) or return undef; $s }
sub answer { my ($s) = @_; my $bytes = ''; local $SIG{ALRM} = sub { die "alarm" };
    eval { alarm 20; while (1) { my $n = sysread $s, my $more, 65536; last unless $n; $bytes .= $more; last if length $bytes > 65536 } };
    alarm 0; $bytes =~ s/[^ -~]+/ /g; print length $bytes ? "$bytes\n" : $@ ? "silent\n" : "closed\n" }
$SIG{PIPE} = 'IGNORE';
my %says = (garbage => "\xff" x 512, truncated => "\x01", oversized => "A" x 100_000, zeros => "\0" x 64);
if ($what eq 'slow') { my $s = dial(SOCK_STREAM) or exit 1; for (1 .. 5) { syswrite $s, "\0"; select undef, undef, undef, 0.2 } print "slow\n" }
elsif ($what eq 'idle') { my @all; for (1 .. 1000) { my $s = dial(SOCK_SEQPACKET) or last; push @all, $s }
    print scalar @all, "\n"; $| = 1; print "holding\n"; sleep 5 }
else { my $s = dial(SOCK_SEQPACKET) or exit 1; send $s, $says{$what}, 0; shutdown $s, 1; answer($s) }
END
install -m 644 "$top_srcdir/tests/relay/$bad_client" "$dir/client.py"
chmod 644 "$dir/hostile.pl"
hostile() { as_alice perl "$dir/hostile.pl" "$@" 2>&1; }

before=$(child_pids)
like "there are a keeper and alice's relay" "$before" [1-9]*$'\n'[1-9]*
for what in garbage truncated zeros; do
    like "the control socket says that a request is no good: $what" "$(hostile $what "$SMCRED_SOCKET")" "*damaged*"
done
like "and that it is too large" "$(hostile oversized "$SMCRED_SOCKET")" "*larger than 4096 bytes*"
target=$WORLD/run/$WORLD_TARGET/$socket_name
while IFS='|' read -r case words sentence; do
    like "the target socket: $sentence, $case" "$(as_alice python3 "$dir/client.py" "$target" "$case" 2>&1 </dev/null)" "$words"
done < <(bad_clients)
hostile slow "$target" >/dev/null &
slow=$!
is "a slow writer holds nobody up" "$(query 'select 1')" 1
hostile idle "$SMCRED_SOCKET" >"$dir/idle" &
idle=$!
eventually 5 grep -q holding "$dir/idle"
# shellcheck disable=SC2046 # words
is "1000 idle connections at the control socket hold nobody up who comes to the target's" \
    "$(query 'select 1' $(to_target "$WORLD_TARGET"))" 1
holds "nor an administrator" smcred status
wait $slow $idle
like "an admin's verb is refused to alice" "$(as_alice smcred refresh --all 2>&1)" "*no administrator*"
is "the keeper and the relay are still the same" "$(child_pids)" "$before"
is "and alice is in" "$(query 'select 1')" 1
done_testing
