#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_shim_setuid.sh - in a setuid program the shim listens to no environment variable.
#
# The dynamic linker takes LD_PRELOAD into such a program only from directories of its own, so the test
# puts a setuid shim there for a moment, in a mount namespace where nobody else sees it.
. "$top_srcdir/tests/preload/lib.sh" || exit 99
if [ "$(id -u)" != 0 ] || ! unshare -m true 2>/dev/null; then
    skip "a setuid program" "needs root and mount namespaces"
    done_testing
    exit 0
fi
if sanitized; then
    skip "a setuid program" "a sanitizer's runtime is told by the environment, too"
    done_testing
    exit 0
fi
write_index
start_keeper kind
chmod 755 "$dir"
cp "$here/probe" "$dir/setuid"
cp "$shim" "$dir/libsmcred_preload.so"
chown nobody "$dir/setuid"
chmod 4755 "$dir/setuid"
libdir=$(dirname "$(ldd "$dir/setuid" | awk '$1 == "libc.so.6" {print $3}')")
# in_namespace COMMAND...: by an ordinary user, with the shim in the linker's own directory, setuid.
in_namespace() {
    # shellcheck disable=SC2016
    unshare -m bash -c '
        mount -t tmpfs -o mode=755 shim "$1/upper" && mkdir "$1/upper/u" "$1/upper/w" &&
        mount -t overlay overlay -o "lowerdir=$2,upperdir=$1/upper/u,workdir=$1/upper/w" "$2" &&
        install -m 4755 "$1/libsmcred_preload.so" "$2/libsmcred_preload.so" || exit 77
        shift 2
        exec setpriv --reuid=1 --regid=1 --clear-groups env "$@"' bash "$dir" "$libdir" "$@" 2>&1 8>&- 9<&-
}
mkdir "$dir/upper"
environment=(SMCRED_INDEX="$index" SMCRED_DEBUG=1 LD_PRELOAD=libsmcred_preload.so)
cp "$here/probe" "$dir/plain"
chmod 755 "$dir/plain"
chmod 777 "$dir/control.sock"
plain=$(in_namespace "${environment[@]}" "$dir/plain" connect 127.99.0.1 5432)
if [ $? = 77 ]; then
    skip "a setuid program" "no overlay mounts"
else
    like "the shim is there" "$plain" "*served orders"
    is "in a setuid program it heeds neither SMCRED_INDEX nor SMCRED_DEBUG" \
        "$(in_namespace "${environment[@]}" "$dir/setuid" connect 127.99.0.1 5432)" "Connection refused"
fi
done_testing
