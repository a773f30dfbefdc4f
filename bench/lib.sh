# bench/lib.sh - what the benches share: a built tree, a sandbox, medians, one line of JSON.
#
# Sourced by each bench.  A bench explains itself on standard error and ends with one line of JSON on
# standard output.  Both sides of a comparison run interleaved in one run; only ratios are compared.
set -euo pipefail

bench_name=$(basename "$0")
bench_top=$(cd "$(dirname "$0")/.." && pwd)
bench_build=${SMCRED_BUILD:-$bench_top/build/plain} # one that a caller names is built already
bench_dir=

if [ "${1:-}" = --help ]; then # what stands above the bench's first command
    sed -n '1d; /^#/!q; s/^# \{0,1\}//p' "$0"
    exit 0
fi

# The engines that a bench can do stand in its first lines, as in: --engine postgres|mysql.
bench_engine=postgres
if [ "${1:-}" = --engine ]; then
    bench_engines=$(sed -n '/^#/!q; s/^# .*--engine \([a-z|]*\).*/\1/p' "$0" | paste -sd '|')
    case "|${bench_engines:=postgres}|" in
    *"|${2:-none}|"*) bench_engine=$2 ;;
    *) echo "$bench_name: --engine is $bench_engines" >&2 && exit 2 ;;
    esac
    shift 2 # of the bench's own arguments
fi

say() {
    printf '%s: %s\n' "$bench_name" "$*" >&2
}

# Builds the tree, starts a sandbox and reads its environment.
bench_up() {
    [ "$(id -u)" = 0 ] || { say "needs root, for the sandbox's users"; exit 77; }
    if [ -z "${SMCRED_BUILD:-}" ]; then
        say "building"
        "$bench_top/scripts/dev" build >&2
        [ $# = 0 ] || (cd "$bench_build" && make -s "$@" >&2)
    fi
    bench_dir=$(mktemp -d "${TMPDIR:-/tmp}/smcred-bench.XXXXXX")
    chmod 755 "$bench_dir"
    trap bench_down EXIT
    say "starting a sandbox"
    local engines=()
    case $bench_engine in
    mysql) engines=(mariadb) ;;
    redis) engines=(redis) ;;
    esac
    "$bench_top/scripts/sandbox" up "$bench_dir/world" "${engines[@]}" >&2
    # shellcheck source=/dev/null
    . "$bench_dir/world/env"
}

bench_down() {
    [ -n "$bench_dir" ] || return 0
    "$bench_top/scripts/sandbox" down "$bench_dir/world" >&2 || true
    rm -rf "$bench_dir"
}

# manager OPERATION JSON: Secrets Manager's answer to the administrator
manager() {
    curl -fsS --max-time 60 --aws-sigv4 aws:amz:us-east-1:secretsmanager \
        -K <(printf 'user = "%s:%s"\n' "$AWS_ACCESS_KEY_ID" "$AWS_SECRET_ACCESS_KEY") \
        -H "X-Amz-Target: secretsmanager.$1" -H 'Content-Type: application/x-amz-json-1.1' \
        --data-binary "$2" "$AWS_ENDPOINT_URL_SECRETS_MANAGER/"
}

# median < numbers, one a line
median() {
    sort -g | awk '{ v[NR] = $1 } END { if (NR == 0) exit 1;
        print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}

# ratio A B: A divided by B, three places
ratio() {
    awk -v a="$1" -v b="$2" 'BEGIN { printf "%.3f\n", a / b }'
}

# Lets root read the value of the target orders, for benches of libsmcred.
allow_value_to_root() {
    sed -i '/^\[target orders\]/a allow_value = root' "$WORLD/etc/smcred.conf"
    "$bench_top/scripts/sandbox" reload "$WORLD"
    sleep 0.5 # the reload is asynchronous
}

# world_pids USER PROGRAM: the processes of USER that run PROGRAM of this world's installation
world_pids() {
    local pid
    for pid in $(ps -o pid= -u "$1"); do
        if [ "$(readlink "/proc/$pid/exe")" = "$(readlink -f "$WORLD/smcred/$2")" ]; then
            echo "$pid"
        fi
    done
}
