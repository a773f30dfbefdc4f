# SPDX-License-Identifier: LGPL-2.1-or-later
# t_pkgconfig.sh - a stranger's program builds with what pkg-config says, and is told why it is refused.
. "$top_srcdir/tests/lib/tap.sh" || exit 1
command -v pkg-config >/dev/null || skip_all "pkg-config is not installed"
library=$top_builddir/libsmcred/.libs/libsmcred.so
[ -e "$library" ] || skip_all "built without shared libraries"
nm -D "$library" | grep -q __asan && skip_all "a sanitized library needs a sanitized program"

# The installed layout, without installing: libtool's files are where pkg-config is told.
mkdir "$dir/include" "$dir/lib"
cp "$top_srcdir/libsmcred/smcred.h" "$dir/include"
cp -P "$top_builddir"/libsmcred/.libs/libsmcred.so* "$dir/lib"
sed "s|^prefix=.*|prefix=$dir|; s|^exec_prefix=.*|exec_prefix=$dir|; s|^libdir=.*|libdir=$dir/lib|
    s|^includedir=.*|includedir=$dir/include|" "$top_builddir/libsmcred/smcred.pc" >"$dir/smcred.pc"
export PKG_CONFIG_PATH=$dir
# shellcheck disable=SC2046 # flags are words
complaint=$(${CC:-cc} -std=c11 -Wall -Wextra -Wpedantic -Werror "$top_srcdir/examples/login.c" \
    $(pkg-config --cflags --libs smcred) -o "$dir/login" 2>&1)
empty "the example builds with pkg-config's flags" "$complaint"

cat >"$dir/plus.cc" <<'END'
#include <smcred.h>
int main() { return smcred_status_text(SMCRED_OK) == nullptr; }
END
if command -v "${CXX:-c++}" >/dev/null; then
    # shellcheck disable=SC2046 # likewise
    complaint=$(${CXX:-c++} -std=c++11 -Wall -Wextra -Wpedantic -Werror "$dir/plus.cc" \
        $(pkg-config --cflags --libs smcred) -o "$dir/plus" 2>&1)
    empty "so does a C++ program" "$complaint"
    LD_LIBRARY_PATH=$dir/lib "$dir/plus"
    is "which runs" "$?" 0
fi

said=$(LD_LIBRARY_PATH=$dir/lib SMCRED_SOCKET=$dir/none "$dir/login" orders 2>&1)
is "and runs" "$?" 1
is "and says why there is no secret" "$said" \
    "orders: unavailable: no keeper answers at $dir/none; is smcredd running?"
done_testing
