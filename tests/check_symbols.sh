# SPDX-License-Identifier: LGPL-2.1-or-later
# check_symbols.sh - what our shared objects export is what their maps list, and what they need is
# what they may.
. "$top_srcdir/tests/lib/tap.sh" || exit 1
cd "$top_builddir" || exit 1

# exported OBJECT: dynamic symbols it defines, sorted; version nodes and the linker's own left out
exported() {
    nm -D --defined-only "$1" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' | sort
}

# listed MAP: names between "global:" and "local:", sorted
listed() {
    sed 's/#.*//' "$1" | tr ';{}' '\n\n\n' |
        awk '/global:/ { on = 1; sub(/.*global:/, "") } /local:/ { on = 0 } on && NF { print $1 }' |
        sort
}

# needed OBJECT: its DT_NEEDED, without the C library and the loader that is part of it
# What a sanitized build adds is the compiler's doing.
needed() {
    readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | grep -vE '^(libc|ld-linux.*|lib[a-z]*san)\.so\.'
}

library=libsmcred/.libs/libsmcred.so
if [ -e "$library" ]; then
    is "libsmcred.so exports what its map lists" "$(exported "$library")" \
        "$(listed "$top_srcdir/libsmcred/libsmcred.map")"
    is "and the map lists what smcred.h declares" \
        "$(listed "$top_srcdir/libsmcred/libsmcred.map")" \
        "$(grep -A1 '^SMCRED_API' "$top_srcdir/libsmcred/smcred.h" | tr '\n' ' ' |
            grep -oE 'smcred_[a-z_]+\(' | tr -d '(' | sort -u)"
    empty "every symbol has its version" "$(nm -D --defined-only --with-symbol-versions "$library" |
        awk '$2 == "T" && $3 !~ /@@SMCRED_[0-9]+\.[0-9]+$/')"
    empty "libsmcred.so needs the C library alone" "$(needed "$library")"
    like "its soname is libsmcred.so.0" "$(readelf -d "$library")" '*SONAME*libsmcred.so.0]*'
else
    skip "libsmcred.so exports what its map lists" "built without shared libraries"
fi

shim=preload/libsmcred_preload.so
if [ -e "$shim" ]; then
    empty "the shim needs nothing at all" "$(readelf -d "$shim" | grep NEEDED)"
    map=$(ls "$top_srcdir"/preload/*.map 2>/dev/null)
    [ -z "$map" ] || is "the shim exports what its map lists" "$(exported "$shim")" "$(listed "$map")"
fi

for module in sources/.libs/libsmcred_source_*.so; do
    [ -e "$module" ] || continue
    is "${module##*/} exports its one symbol" "$(exported "$module")" smcred_source
done

pam=.libs/pam_smcred.so
if [ -e "$pam" ]; then
    is "pam_smcred.so exports what its map lists" "$(exported "$pam")" "$(listed "$top_srcdir/pam/pam_smcred.map")"
    is "pam_smcred.so needs libpam and the C library alone" "$(needed "$pam")" libpam.so.0
    wants=$(nm -D --undefined-only "$pam")
    keeps_away="it neither reads the environment nor ends a process nor starts a thread"
    if [[ $wants == *__asan_* ]]; then
        skip "$keeps_away" "AddressSanitizer has the linker keep what nobody calls"
    else
        empty "$keeps_away" "$(grep -wE 'getenv|_?exit|abort|signal|sigaction|pthread_create|fork|system|setenv|dlopen' <<<"$wants")"
    fi
fi

# The check can fail: a symbol that no map lists is found.
echo 'int ghost; int smcred_open(void); int smcred_open(void) { return ghost; }' >"$dir/planted.c"
${CC:-cc} -shared -fPIC -o "$dir/planted.so" "$dir/planted.c" &&
    like "a planted export is found" "$(exported "$dir/planted.so" |
        comm -23 - <(listed "$top_srcdir/libsmcred/libsmcred.map"))" '*ghost*'
done_testing
