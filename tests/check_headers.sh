# SPDX-License-Identifier: LGPL-2.1-or-later
# check_headers.sh - every header compiles alone, and the installed one as C11 and C++ too.
. "$top_srcdir/tests/lib/tap.sh" || exit 1
cd "$top_srcdir" || exit 1
cc=${CC:-cc}

# alone HEADER FLAG...: what the compiler says about a file that includes nothing else
alone() {
    local header=$1
    shift
    # shellcheck disable=SC2086 # the flags are words
    printf '#include "%s"\n' "$header" |
        $cc "$@" -fsyntax-only -Wall -Wextra -I. -include "$top_builddir/config.h" \
            -DSM_SYSCONFDIR='""' -DSM_RUNSTATEDIR='""' -DSM_LOCALSTATEDIR='""' -DSM_LIBDIR='""' \
            -DSM_SBINDIR='""' -DSM_MODULEDIR='""' ${HEADER_CFLAGS:-} - 2>&1
}

for header in */*.h; do
    empty "$header stands alone" "$(alone "$header" -x c -std=gnu17)"
done
empty "libsmcred/smcred.h is C11 without extensions" \
    "$(alone libsmcred/smcred.h -x c -std=c11 -Wpedantic)"
if echo 'int main() {}' | $cc -x c++ -fsyntax-only - 2>/dev/null; then
    empty "libsmcred/smcred.h is C++ too" "$(alone libsmcred/smcred.h -x c++ -std=c++11 -Wpedantic)"
else
    skip "libsmcred/smcred.h is C++ too" "no C++ compiler"
fi

# The check can fail: a header that needs another one is found.
echo 'size_t lonely(void);' >"$dir/lonely.h"
like "a planted header that needs another is found" "$(alone "$dir/lonely.h" -x c)" '*size_t*'
done_testing
