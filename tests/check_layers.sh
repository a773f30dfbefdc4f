# SPDX-License-Identifier: LGPL-2.1-or-later
# check_layers.sh - who may include whom.  A wrong arrow is printed with its line.
. "$top_srcdir/tests/lib/tap.sh" || exit 1
cd "$top_srcdir" || exit 1

# allowed DIR: the directories, beside its own, whose headers files in DIR may include.  Everybody may
# include libsmcred/smcred.h.  keeper, relay, server and rotate never include each other: what two of
# them share is a protocol, and its header is in common/.
allowed() {
    case $1 in
    common) echo ;;
    libsmcred | preload | sources | relay | server) echo common ;;
    keeper | rotate) echo common sources ;;
    pam) echo common libsmcred ;;
    tools) echo common libsmcred sources ;;
    esac
}

# wrong_arrows DIR: lines of DIR's files that include what they may not
wrong_arrows() {
    local own=$1 arrow layer
    grep -rnE '^ *# *include +"' --include='*.[ch]' "$own" | while IFS= read -r arrow; do
        layer=${arrow#*\"}
        case $layer in
        libsmcred/smcred.h\" | "$own"/*) continue ;;
        esac
        case " $(allowed "$own") " in
        *" ${layer%%/*} "*) ;;
        *) echo "$arrow" ;;
        esac
    done
}

for directory in common libsmcred sources keeper relay pam preload server rotate tools; do
    [ -d "$directory" ] || continue
    empty "$directory includes only what it may" "$(wrong_arrows "$directory")"
done

empty "every project include names its layer" \
    "$(grep -rnE '^ *# *include +"[^/"]+"' --include='*.[ch]' common libsmcred sources keeper relay \
        pam preload server rotate tools tests fuzz)"

# The check can fail: a wrong arrow is found.
mkdir "$dir/relay" && echo '#include "keeper/cache.h"' >"$dir/relay/bad.c"
like "a planted arrow from relay to keeper is found" "$(cd "$dir" && wrong_arrows relay)" '*bad.c:1:*'
done_testing
