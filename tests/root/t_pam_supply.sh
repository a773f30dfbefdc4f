#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_pam_supply.sh - supply before pam_unix and before pam_smcred itself, by su and pamtester: what a target holds
# reaches the module behind it and nobody else, for the services and the callers that policy names.
. "$(dirname "$0")/world.sh"
. "$(dirname "$0")/pam.sh"
. "$(dirname "$0")/host.sh"
command -v pamtester >/dev/null || skip_all "needs pamtester"
needs_root
needs_world
needs_pam
needs_host
touch "$dir/nothing"
tap=smcred-tap # a target's user, here and in Secrets Manager
supplied='Supplied-Password-1'
new_secret() { printf '{"username":"%s","password":"%s"}' $tap "$1"; }
new_secret "$supplied" | smcred secret create prod/tap/db >/dev/null
for secret in prod/other/db bastion/users/$pam_user; do
    printf '%s' "$supplied" | smcred secret create "$secret" >/dev/null
done
printf '%s\n' '[target tap]' 'secret = prod/tap/db' 'match = tap-db.internal' "allow = root" 'tls = disable' >"$WORLD/etc/conf.d/tap.conf"
chmod 644 "$WORLD/etc/conf.d/tap.conf"

echo "$tap:x:64999:64999::/nonexistent:/bin/sh" >>"$host/etc/passwd"
echo "$tap:!:20000::::::" >>"$host/etc/shadow"
host_knows $pam_user "$supplied"
host_knows $tap "$supplied"

# new_service NAME: of what stands on stdin; account and session are nobody's concern here
new_service() { { cat && printf '%s\n' 'account required pam_permit.so' 'session required pam_permit.so'; } >"$host/etc/pam.d/$1"; }
for service in su other; do
    new_service $service <<'E2'
auth required pam_smcred.so target=tap supply
auth required pam_unix.so use_first_pass
E2
done
new_service both <<'E2'
auth required pam_smcred.so target=tap supply=both
auth required pam_unix.so use_first_pass
auth required pam_smcred.so secret=prod/tap/db use_first_pass
E2
new_service try <<'E2'
auth required pam_smcred.so target=tap supply
auth required pam_smcred.so secret=bastion/users/%u try_first_pass
E2
new_service elsewhere <<'E2'
auth required pam_smcred.so target=prod/other/db supply
auth required pam_unix.so use_first_pass
E2
new_service alone <<'E2'
auth required pam_smcred.so target=tap supply
E2
new_service ignoring <<'E2'
auth required pam_smcred.so target=tap supply fail=ignore
auth required pam_unix.so use_first_pass
E2
for service in su elsewhere alone ignoring; do
    pam_policy $service "supply = tap"
done
pam_policy both "supply = tap" "secrets = prod/tap/*"
pam_policy try "supply = tap" "secrets = bastion/users/*"
pam_policy other "secrets = prod/tap/* tap" # and nothing to supply
sandbox reload "$WORLD"

# enters SERVICE [COMMAND...]: pamtester is in as $pam_user, with nothing to type; run by the command
enters() { on_host "${@:2}" pamtester "$1" $pam_user authenticate <"${typing:-/dev/null}" >"$dir/said" 2>&1; }

holds "a password that is supplied is taken by pam_unix" eventually 1 enters su
unlike "and nobody is asked" "$(cat "$dir/said")" "*assword:*"
holds "su itself lets in by it" enters_su nothing
holds "the audit log has who was supplied with what" audited '"event":"pam_supply"' '"asked_service":"su"' '"target":"tap"' '"outcome":"allowed"'
holds "supply=both makes the person the target's user" enters both
holds "whose password the next module checks" audited '"event":"pam_check"' "\"asked_user\":\"$tap\"" '"outcome":"allowed"'
fails "by itself it lets nobody in" enters alone
fails "a service that policy does not name is supplied with nothing" enters other
holds "and the audit log says by which rule" audited '"event":"pam_supply"' '"asked_service":"other"' '"outcome":"refused"'
fails "nor one that is named with what it is not named for" enters elsewhere
holds "as the log says" audited '"event":"pam_supply"' '"asked_service":"elsewhere"' '"outcome":"refused"'
fails "nor whoever starts a program of their own" enters su setpriv --reuid=$host_other --regid=$host_other --clear-groups
holds "who is named in the log" audited '"event":"pam_supply"' "\"operator\":\"$host_other\"" '"outcome":"refused"'

typing=$dir/nothing holds "try_first_pass asks nobody while it fits" enters try

# The next version is supplied; and what does not fit is asked for where a module says try_first_pass.
new_secret 'Supplied-Password-2' | smcred secret put prod/tap/db >/dev/null
smcred refresh prod/tap/db >/dev/null 2>&1
is_stale() { ! enters su; }
holds "a rotated one is the one that is supplied" eventually 5 is_stale
echo "$supplied" >"$dir/typed"
typing=$dir/typed holds "try_first_pass asks where it does not fit" enters try
like "the person" "$(cat "$dir/said")" "*assword:*"
host_knows $pam_user 'Supplied-Password-2'
holds "pam_unix takes the new one, as well" enters su

# Nobody's, revoked, and no keeper.
printf '{"username":"%s"}' $tap | smcred secret put prod/tap/db >/dev/null
smcred refresh prod/tap/db >/dev/null 2>&1
holds "a secret without a password supplies none" eventually 5 is_stale
new_secret 'Supplied-Password-2' | smcred secret put prod/tap/db >/dev/null
smcred refresh prod/tap/db >/dev/null 2>&1
holds "until it has one" eventually 5 enters su
keeper_stops
fails "with a keeper that is stopped nobody is in" enters su
fails "nor under fail=ignore, as there is nothing to use" enters ignoring
keeper_goes_on
smcred revoke secret prod/tap/db >/dev/null
fails "what is revoked is supplied to nobody" enters su
sandbox stop "$WORLD" keeper
fails "without a keeper nobody is in" enters su
fails "nor under fail=ignore" enters ignoring
empty "no password is in any log" "$(grep -rlF Supplied-Password "$WORLD_LOG")"
done_testing
