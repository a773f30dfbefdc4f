# SPDX-License-Identifier: LGPL-2.1-or-later
# check_papers.sh - each file says in its first lines what it is for; what the papers point at is there;
# what programs print as their options stands in their man pages, and the other way round.
. "$top_srcdir/tests/lib/tap.sh" || exit 1
cd "$top_srcdir" || exit 1
layers=(common libsmcred sources keeper relay pam preload server rotate tools tests fuzz bench examples scripts)

# ---- first lines ----

# nameless FILE...: those whose first lines do not say their name and what it is for
nameless() {
    local file name
    for file in "$@"; do
        name=${file##*/}
        head -n 12 "$file" | grep -qE "(^|[ /*])${name//./\\.}( [^-]*)? - |/${name//./\\.}( [^-]*)? - " && continue
        [[ $name = *.py ]] && head -n 6 "$file" | grep -q '"""[A-Za-z]' && continue
        echo "$file"
    done
}
mapfile -t files < <(find "${layers[@]}" -type f \( -name '*.[ch]' -o -name '*.sh' -o -name '*.py' -o -name '*.mk' \) 2>/dev/null | sort)
for program in check demo scripts/* bench/*; do
    case ${program##*/} in
    *.* | *_probe) ;;
    *) [ ! -f "$program" ] || files+=("$program") ;;
    esac
done
empty "${#files[@]} files say in their first lines what they are for" "$(nameless "${files[@]}")"
empty "a bench explains itself, and does no more, when it is asked to" "$(for bench in bench/*; do
    case ${bench##*/} in
    *.* | *_probe) continue ;;
    esac
    [[ $(timeout 20 "$bench" --help 2>&1) = "$bench - "* ]] || echo "$bench"
done)"
printf '/* SPDX */\n/* does things */\n' >"$dir/silent.c"
is "a planted one that does not is found" "$(nameless "$dir/silent.c")" "$dir/silent.c"

# ---- what papers point at ----

# dead FILE...: links in Markdown, and words that look like paths of this tree, with nothing behind them
dead() {
    local file link base
    for file in "$@"; do
        base=$(dirname "$file")
        grep -oE '\]\([^)#: ]+[)#]' "$file" | sed 's/^](//; s/[)#]$//' | while read -r link; do
            [ -e "$base/$link" ] || [ -e "$link" ] || echo "$file: $link"
        done
        grep -oE '(^|[ `(])(common|libsmcred|sources|keeper|relay|preload|server|rotate|tools|tests|fuzz|bench|examples|doc|man|etc|scripts)/[a-z][A-Za-z0-9_./-]*' "$file" |
            sed 's/^[ `(]//; s/[.,:;]*$//' | grep -v '[A-Z]' | sort -u | while read -r link; do
            [ -e "$link" ] || compgen -G "$link.*" >/dev/null || [ -e "${link}.in" ] ||
                grep -qE "(^|[ /])${link//./\\.}([ \$]|$)" "${link%%/*}"/local.mk "${link%/*}"/local.mk 2>/dev/null ||
                echo "$file: $link"
        done
    done
}
papers=(README.md HACKING CONTRIBUTING SECURITY NEWS doc/*.md)
empty "README, HACKING and doc/ point at what is there" "$(dead "${papers[@]}")"
printf 'See [this](doc/nothing.md), and scripts/nothing-either.\n' >"$dir/paper.md"
like "planted dead links are found" "$(dead "$dir/paper.md")" "*doc/nothing.md*scripts/nothing-either*"
empty "every page of doc/ is reached from another one" "$(for page in doc/*.md; do
    grep -lF "${page##*/}" README.md HACKING CONTRIBUTING doc/*.md | grep -qvxF "$page" || echo "$page"
done)"

# ---- smcred-server's options; smcred and smcredd have tests of their own ----

server=$top_builddir/smcred-server
page=man/smcred-server.8
listed() { sed -n '1{/ COMMAND \.\.\.;/!q}; s/^  \([a-z-]*\) .*/\1/p'; }
# commands WORD...: what below it has options of its own, one a line
commands() {
    local names name
    names=$("$server" "$@" --help | listed)
    [ -n "$names" ] || echo "$*"
    for name in $names; do
        commands "$@" "$name"
    done
}
options() { grep -oE -- '--[a-z][a-z-]*' | sort -u; }
# described FILTER: the options that stand in what awk's FILTER leaves of the man page
described() { awk "$1" "$page" | grep -oE 'Fl -[a-z][a-z-]*' | sed 's/^Fl -/--/' | sort -u; }
mapfile -t commands < <(for name in $("$server" help | listed); do commands "$name"; done)
like "smcred-server's commands are found" "${commands[*]}" "*access-key create*key rotate*trail*"
empty "every option that smcred-server prints stands in its man page, and no other" \
    "$(comm -3 <(described '/^\.It Fl/') <("$server" --help | options))"
for command in "${commands[@]}"; do
    # shellcheck disable=SC2086 # words
    empty "and every one of $command" "$(comm -13 <(described "/^\\.It /{ on = /^\\.It Cm ${command%% *}( |\$)/ } on") \
        <("$server" $command --help | options))"
done
done_testing
