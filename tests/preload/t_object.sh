#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_object.sh - the shim is one object that needs nothing and interposes two names.
. "$top_srcdir/tests/preload/lib.sh" || exit 99

is "needs no library" "$(readelf -dW "$shim" | grep -c NEEDED)" 0
is "exports connect and getaddrinfo alone" \
    "$(nm -D --defined-only "$shim" | awk '{print $3}' | sort | xargs)" "connect getaddrinfo"
is "every name it asks for may be missing" \
    "$(nm -D --undefined-only "$shim" | awk '$1 != "w" {print $2}' | xargs)" ""
is "exports no version that a program would have to name" \
    "$(readelf -VW "$shim" | grep -c 'Version definition')" 0
is "has no thread-local storage" "$(readelf -lW "$shim" | grep -c ' TLS ')" 0
is "has no text relocations" "$(readelf -dW "$shim" | grep -c TEXTREL)" 0
is "binds at once" "$(readelf -dW "$shim" | grep -c 'FLAGS_1.*NOW')" 1
is "is read-only after relocation" "$(readelf -lW "$shim" | grep -c GNU_RELRO)" 1
is "has no executable stack" "$(readelf -lW "$shim" | grep 'GNU_STACK' | grep -c E)" 0
is "is small" "$(($(size -A "$shim" | awk '$1 == ".text" {print $2}') < 16384))" 1
done_testing
