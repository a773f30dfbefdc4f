# SPDX-License-Identifier: LGPL-2.1-or-later
# clients.sh - the ways to a database, what clients do there, and the tables of doc/clients.md, which are
# what the tests found.  Sourced first by t_*.sh; skips without root.
#
#   shim     the name that is typed, under LD_PRELOAD
#   seccomp  the database's own address, under `smcred exec --seccomp`, without the shim
#   socket   the target's Unix socket, with nothing of ours in the client
#
# shellcheck shell=bash disable=SC2034 # what is set here is used by those who source it
. "$(dirname "${BASH_SOURCE[0]}")/../root/world.sh"
needs_root
work=$dir/work
home=$work/home
mkdir -m 755 "$work"

shim() { timeout 240 as_alice env HOME="$home" "${settings[@]}" "$@" 2>&1 </dev/null; }
socket() { timeout 240 as_alice env -u LD_PRELOAD HOME="$home" "${settings[@]}" "$@" 2>&1 </dev/null; }
seccomp() { socket smcred exec --seccomp -- "$@"; }

# alice_has VARIABLE=VALUE...: in her environment, whatever the way
settings=()
alice_has() { settings=("$@"); }

# clients_world [mariadb|redis]: that of $SMCRED_SANDBOX (a directory that scripts/sandbox up has made), or our own
clients_world() {
    if [ -n "${SMCRED_SANDBOX-}" ]; then
        # shellcheck source=/dev/null
        . "$SMCRED_SANDBOX/env" || exit 99
    else
        [ $# -eq 0 ] || "needs_$1"
        needs_world "$@"
    fi
    install -d -m 700 -o smcred-alice "$home"
    smcred refresh --all >/dev/null # says the databases' ports, which the keeper then puts into the index
    eventually 20 as_alice psql -XAtqw -d orders -c '' -h "$WORLD_HOST" -p "$WORLD_PORT"
    case ${1-} in
    mariadb) eventually 20 as_alice mariadb --no-defaults -e '' -h "$WORLD_MARIADB_HOST" -P "$WORLD_MARIADB_PORT" ;;
    redis) eventually 20 as_alice redis-cli -e -h "$WORLD_REDIS_HOST" -p "$WORLD_REDIS_PORT" ping ;;
    esac
}

needs_redis() {
    if ! command -v redis-server >/dev/null || ! id redis >/dev/null 2>&1; then
        skip_all "needs Redis"
    fi
}

needs_mariadb() {
    if ! command -v mariadb-install-db >/dev/null || ! id mysql >/dev/null 2>&1; then
        skip_all "needs MariaDB"
    fi
}

have() { as_alice sh -c "command -v $1" >/dev/null 2>&1; }
imports() { as_alice env -u LD_PRELOAD /usr/bin/python3 -c "import $1" >/dev/null 2>&1; }
loads() { as_alice env -u LD_PRELOAD perl -M"$1" -e 1 >/dev/null 2>&1; }
has_extension() { as_alice env -u LD_PRELOAD php -m 2>/dev/null | grep -qx "$1"; }

# ---- what comes from registries ----

declare -A fetching=()

# fetch NAME COMMAND...: in the background, in $work, without words and not for ever; `fetched NAME` is true if it came
fetch() {
    (cd "$work" && exec timeout 150 "${@:2}" >"$work/$1.log" 2>&1 </dev/null) &
    fetching[$1]=$!
    at_exit "kill $! 2>/dev/null"
}

fetched() {
    case ${fetching[$1]-no} in
    yes) return 0 ;;
    no) return 1 ;;
    esac
    if wait "${fetching[$1]}"; then fetching[$1]=yes; else fetching[$1]=no; fi
    chmod -R go+rX "$work"
    chmod 700 "$home"
    [ "${fetching[$1]}" = yes ]
}

# ---- the table ----

declare -A results=()
order=()

# is_client NAME: who is spoken of from here on
is_client() {
    client=$1
    [ -n "${results[$client]-}" ] || order+=("$client")
    results[$client]=listed
}

# result WHAT: for $client, this $way; one failure is one too many
result() {
    case ${results[$client|$way]-} in
    FAILED) ;;
    *) results[$client|$way]=$1 ;;
    esac
}

# does WHAT FOUND PATTERN: something that $client does, this $way
does() {
    like "$way: $client: $1" "$2" "$3"
    # shellcheck disable=SC2254 # the pattern is one
    case $2 in
    $3) result yes ;;
    *) result FAILED ;;
    esac
}

# changes_user SAYS COMMAND...: $client, of MySQL's, may change to the user that it is, this $way, and to no other
changes_user() {
    does "changes to her own user" "$($way env CLIENT_CHANGE=smcred-alice "${@:2}" | tail -n 1)" "$1"
    does "and to no other" "$($way env CLIENT_CHANGE=root "${@:2}" | tail -n 1)" "*smcred: target billing logs in as *"
}

# does_not_reach FOUND PATTERN: a way that is none for $client, which says so and does not get elsewhere
does_not_reach() {
    like "$way: $client: is not reached this way, and says so" "$1" "$2"
    # shellcheck disable=SC2254 # the pattern is one
    case $1 in
    $2) result no ;;
    *) result FAILED ;;
    esac
}

# is_missing WHY: for this $way
is_missing() {
    skip "$way: $client" "$1"
    result skipped
}

# installed COMMAND...: whether it is true; if not, $client is missing
installed() {
    "$@" && return
    is_missing "not installed"
    return 1
}

# table [PAGE_NAME]: what was found; with a name, what was skipped is as that page's table says
table() {
    local client way found line page
    page=$(page_table "${1-}")
    for client in "${order[@]}"; do
        line="| $client |"
        for way in shim seccomp socket; do
            found=${results[$client|$way]-–}
            if [ "$found" = skipped ] && [ $# -gt 0 ]; then
                found=$(grep -F "| $client |" <<<"$page" | cut -d'|' -f"$(column $way)" | tr -d ' ')
            fi
            line+=" $found |"
        done
        echo "$line"
    done
}
column() { case $1 in shim) echo 3 ;; seccomp) echo 4 ;; socket) echo 5 ;; esac; }

# page_table NAME: the rows behind "<!-- NAME -->" in doc/clients.md, without their notes
page_table() {
    sed -n "/^<!-- $1 -->\$/,/^\$/p" "$top_srcdir/doc/clients.md" | grep '^| ' | tail -n +2 | cut -d'|' -f1-5 | sed 's/$/|/'
}

# table_is_kept NAME: prints what was found, and holds doc/clients.md against it
table_is_kept() {
    printf '# %s\n' "| client | shim | seccomp | socket |"
    table | sed 's/^/# /'
    empty "doc/clients.md says the same of these clients" "$(diff <(page_table "$1") <(table "$1"))"
}
