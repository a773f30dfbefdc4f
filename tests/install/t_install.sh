#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_install.sh - `make install` into an empty root puts everything in its place, a second one keeps what
# an administrator wrote, and `make uninstall` takes all of it away.
. "$top_srcdir/tests/lib/tap.sh" || exit 1
unset MAKEFLAGS MAKEOVERRIDES MAKELEVEL
root=$dir/root

# Worlds of scripts/sandbox install from this build too, and libtool links again while it installs.
run_make() {
    flock "$top_builddir/.sandbox.lock" make -s -C "$top_builddir" "$@" DESTDIR="$root" >"$dir/make.log" 2>&1 ||
        sed 's/^/# /' "$dir/make.log"
}
# variable NAME: what make says that it is
variable() {
    printf 'include Makefile\nprint:\n\t@echo "$(%s)"\n' "$1" | make -s -C "$top_builddir" -f - print
}

run_make install
modules=$(variable pkglibdir) sbin=$(variable sbindir) conf=$(variable sysconfdir)/smcred
units=$(variable systemdsystemunitdir) man=$(variable mandir)
for file in "$(variable bindir)/smcred" "$(variable bindir)/smcred-rotate" "$sbin/smcredd" "$sbin/smcred-server" \
    "$(variable libexecdir)/smcred-relay" "$modules/libsmcred_preload.so" "$(variable includedir)/smcred.h" \
    "$(variable pkgconfigdir)/smcred.pc" "$conf/smcred.conf" "$conf/smcred-server.conf" "$units/smcredd.service" \
    "$units/smcred-server.service" "$(variable sysusersdir)/smcred.conf" \
    "$(variable tmpfilesdir)/smcred.conf" "$(variable bashcompletiondir)/smcred" \
    "$(variable bashcompletiondir)/smcred-rotate" "$man/man1/smcred.1" "$man/man1/smcred-rotate.1" \
    "$man/man5/smcred.conf.5" "$man/man8/smcredd.8" "$man/man8/smcred-server.8"; do
    if [ -s "$root$file" ]; then ok "$file is installed"; else not_ok "$file is installed"; fi
done
if [ -e "$top_builddir/libsmcred/.libs/libsmcred.so" ]; then
    for module in secretsmanager file; do
        file=$modules/libsmcred_source_$module.so
        if [ -s "$root$file" ]; then ok "$file is installed"; else not_ok "$file is installed"; fi
    done
fi
if [ -e "$top_builddir/.libs/pam_smcred.so" ]; then
    for file in "$(variable pamexecdir)/pam_smcred.so" "$man/man8/pam_smcred.8" "$(variable docdir)/pam.d/sshd" \
        "$(variable datadir)/pam-configs/smcred"; do
        if [ -s "$root$file" ]; then ok "$file is installed"; else not_ok "$file is installed"; fi
    done
fi
if [ -d "$root$conf/conf.d" ]; then ok "so is an empty conf.d"; else not_ok "so is an empty conf.d"; fi

# The units name what is installed, and no directory is left to guess.
empty "no placeholder is left in what is installed" "$(grep -rlE '@[a-z]+@' "$root$units" "$root$(variable sysusersdir)" \
    "$root$(variable tmpfilesdir)" "$root$(variable pkgconfigdir)")"
for program in $(sed -n 's/^Exec[A-Za-z]*=\([^ ]*\).*/\1/p' "$root$units"/*.service | sort -u); do
    case $program in
    /bin/*) continue ;;
    esac
    if [ -x "$root$program" ]; then ok "the units' $program is there"; else not_ok "the units' $program is there"; fi
done
is "smcred-server.service starts it with the installed configuration" \
    "$(sed -n 's/^ExecStart=.* --config //p' "$root$units/smcred-server.service")" "$conf/smcred-server.conf"
is "whose store is in the directory that the unit makes" "$(sed -n 's/^dir = //p' "$root$conf/smcred-server.conf")" \
    "/var/lib/$(sed -n 's/^StateDirectory=//p' "$root$units/smcred-server.service")/store"
if command -v systemd-analyze >/dev/null; then
    mkdir "$dir/units"
    for unit in "$root$units"/*.service; do
        sed "s|=$(variable sbindir)/|=$root$sbin/|" "$unit" >"$dir/units/${unit##*/}"
        empty "systemd-analyze verify finds nothing wrong with ${unit##*/}" \
            "$(systemd-analyze verify --man=no "$dir/units/${unit##*/}" 2>&1 | grep -F "$dir/units")"
    done
else
    skip "systemd-analyze verify finds nothing wrong with the units" "no systemd-analyze"
fi
if command -v systemd-sysusers >/dev/null; then
    mkdir -p "$dir/empty/usr/lib" "$dir/empty/etc"
    cp -R "$root$(variable sysusersdir)" "$dir/empty/usr/lib/"
    is "systemd-sysusers makes the three users" "$(systemd-sysusers --root="$dir/empty" >"$dir/log" 2>&1
        grep -c '^smcred' "$dir/empty/etc/passwd" 2>&1)" 3
else
    skip "systemd-sysusers makes the three users" "no systemd-sysusers"
fi

if [ "$(id -u)" = 0 ]; then
    # Every line that stands as a comment is one that could be uncommented, for people of this host.
    sed -e '/^# \(client_\|server_public_key\|access_key_id\|secret_access_key_file\)/d; s/^# \([a-z_]* *=\)/\1/; s/^#\[/[/' -e 's/^\(allow[a-z_]*\) *=.*/\1 = root/; s/^allow_insecure.*/allow_insecure = no/' \
        -e "s|^sources *=.*|sources = secretsmanager file|; s|^module_dir.*|module_dir = $root$modules|" -e "s|^file *=.*|file = $dir/audit.jsonl|" "$root$conf/smcred.conf" >"$dir/whole.conf"
    echo '{}' >"$dir/secrets.json"
    chmod 600 "$dir/secrets.json"
    sed -i "s|^path *=.*|path = $dir/secrets.json|" "$dir/whole.conf"
    like "smcredd finds nothing wrong with any line of the sample configuration" \
        "$("$root$sbin/smcredd" --config "$dir/whole.conf" --user root --check-config 2>&1)" "*: ok, 1 target*"
else
    skip "smcredd finds nothing wrong with any line of the sample configuration" "needs root, who must own it"
fi

for file in smcred.conf smcred-server.conf; do echo '# of this host' >>"$root$conf/$file"; done
run_make install
is "a second install keeps the administrator's configuration" \
    "$(tail -qn 1 "$root$conf/smcred.conf" "$root$conf/smcred-server.conf" | sort -u)" "# of this host"
run_make uninstall
is "and so does uninstall" "$(find "$root" -type f | sort)" "$root$conf/smcred-server.conf
$root$conf/smcred.conf"
rm "$root$conf/smcred.conf" "$root$conf/smcred-server.conf"
run_make install
run_make uninstall
empty "which leaves nothing else" "$(find "$root" ! -type d; ls -d "$root$conf" "$root$modules" 2>/dev/null)"
# A file of the tarball that is called as a target is made by that target first.
unlike "make dist runs no test" "$(make -n -C "$top_builddir" dist)" "*check-TESTS*"
done_testing
