#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_readme.sh - README's five minutes, typed line by line by somebody who has read nothing else.
#
# All of it happens in namespaces of its own, with /usr, /etc and /var of which a copy is written, so
# that nothing is installed on this machine.  The build is the one that README's own lines made: what
# scripts/dev configures, if it is still configured so.
. "$(dirname "$0")/../root/world.sh"
needs_root
if [ -z "${alone-}" ]; then
    unshare -mnp --fork true 2>/dev/null || skip_all "needs namespaces"
    rm -rf "$dir"
    alone=1 exec unshare -mnp --fork --kill-child --mount-proc bash "$0"
fi
unset MAKEFLAGS MAKEOVERRIDES MAKELEVEL LD_LIBRARY_PATH
unset "${!AWS_@}" "${!SMCRED_@}" 2>/dev/null

# block N: the Nth block of indented lines of that chapter
block() {
    awk -v wanted="$1" '/^## /{ on = /^## Five minutes/ } !on { next }
        /^    /{ if (!inside) count++; inside = 1; if (count == wanted) print substr($0, 5); next }
        /./{ inside = 0 } !/./{ if (inside && count == wanted) print }' "$top_srcdir/README.md"
}
# typed LINE: as root in the shell that all lines share
typed() {
    local status
    echo "# root$ $1"
    eval "$1" >"$dir/said" 2>&1 </dev/null
    status=$?
    if [ $status = 0 ]; then ok "root: $1"; else not_ok "root: $1" "$(tail -n 20 "$dir/said")"; fi
    return $status
}

wanted=$(block 1 | sed -n 's|^ *\.\./\.\./configure ||p')
[ -n "$wanted" ] || { not_ok "README configures" "no such line in its first block"; done_testing; exit 0; }
# shellcheck disable=SC2086 # words
if [ "$(cat "$top_builddir/.arguments" 2>/dev/null)" != "$(printf '%q ' $wanted)" ]; then
    skip_all "this build is not configured as README says"
fi

mkdir "$dir/layers" && mount -t tmpfs -o mode=755 layers "$dir/layers" || skip_all "cannot mount"
at_exit "umount -l /usr /etc /var '$dir/layers'"
for place in usr etc var; do
    mkdir "$dir/layers/$place" "$dir/layers/$place.work"
    mount -t overlay -o "lowerdir=/$place,upperdir=$dir/layers/$place,workdir=$dir/layers/$place.work" \
        overlay "/$place" 2>/dev/null || skip_all "no overlay mounts"
done
mount -t tmpfs -o mode=755 run /run
perl -MSocket -e 'socket(my $s, PF_INET, SOCK_DGRAM, 0); ioctl($s, 0x8914, my $up = pack("Z16s", "lo", 1)) or die' ||
    skip_all "no loopback in a network of its own"

# The reader's machine has no smcred yet, an operator, and a database with TLS; other worlds' users have
# other numbers, so that whoever ends theirs does not end ours.
sed -i '/^smcred/d' /etc/passwd /etc/group /etc/shadow /etc/gshadow
sed -i '/^SYS_UID_M\|^SYS_GID_M/d' /etc/login.defs
printf '%s\n' 'SYS_UID_MIN 500' 'SYS_UID_MAX 599' 'SYS_GID_MIN 500' 'SYS_GID_MAX 599' >>/etc/login.defs
userdel alice 2>/dev/null
useradd --uid 4711 --create-home --home-dir "$dir/alice" --shell /bin/bash alice
groupadd --force dba
echo "127.0.0.1 localhost orders-db.internal" >/etc/hosts
pgbin=$(find /usr/lib/postgresql -maxdepth 2 -name bin | sort -V | tail -n 1)
as_the_database() { (cd / && setpriv --reuid=postgres --regid=postgres --init-groups "$@"); }
install -d -o postgres "$dir/pg"
as_the_database "$pgbin/initdb" -D "$dir/pg/data" --auth-local=peer --auth-host=scram-sha-256 --no-sync >"$dir/said" 2>&1
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=orders-db.internal \
    -addext subjectAltName=DNS:orders-db.internal -keyout "$dir/pg/key" -out "$dir/pg/certificate" 2>/dev/null
chown postgres "$dir/pg/key"
printf '%s\n' "unix_socket_directories = '$dir/pg'" 'ssl = on' "ssl_key_file = '$dir/pg/key'" 'fsync = off' \
    "ssl_cert_file = '$dir/pg/certificate'" >>"$dir/pg/data/postgresql.conf"
as_the_database "$pgbin/pg_ctl" -D "$dir/pg/data" -l "$dir/pg/log" -t 240 -w start >"$dir/said" 2>&1
as_the_database "$pgbin/psql" -qX -h "$dir/pg" postgres >"$dir/said" 2>&1 <<<"create role orders_app login password 'from the five minutes'; create database orders owner orders_app;"

# ---- build and install: the first two lines made the tree we stand in ----
cd "$top_builddir" || exit 99
while IFS= read -r line; do
    case $line in
    ./autogen.sh* | ../../configure*) continue ;;
    make*) # worlds of scripts/sandbox install from this build too
        exec {lock}>"$top_builddir/.sandbox.lock"
        flock "$lock"
        typed "$line"
        exec {lock}>&-
        ;;
    *) typed "$line" ;;
    esac
done < <(block 1 | grep .)
holds "what is installed is found" test -x /usr/sbin/smcredd -a -x /usr/bin/smcred -a -s /etc/smcred/smcred.conf
like "and the sample configuration is valid, in a region" \
    "$(AWS_REGION=us-east-1 smcredd --check-config 2>&1)" "*: ok*"

# ---- Secrets Manager ----
cd "$dir" || exit 99
printf '{"engine":"postgres","host":"orders-db.internal","port":5432,"username":"orders_app",%s}\n' \
    '"password":"from the five minutes","dbname":"orders"' >orders.json
install -m 644 "$dir/pg/certificate" /etc/smcred/rds-ca.pem
address=$(block 2 | sed -n 's/.*--listen \([0-9.:]*\).*/\1/p')
answering() { (exec 3<>"/dev/tcp/${address%:*}/${address##*:}"); }
while IFS= read -r line; do
    typed "$line"
    case $line in
    *\&) holds "Secrets Manager answers at $address" eventually 10 answering ;;
    esac
done < <(block 2 | grep .)

# ---- smcred ----
block 3 | sed '/^smcredd/,$d' >/etc/smcred/smcred.conf
while IFS= read -r line; do
    typed "${line% && smcredd}" # which stays in front; a reader has a second terminal
    (smcredd >"$dir/smcredd.log" 2>&1 </dev/null &)
done < <(block 3 | grep ^smcredd)
up() { grep -q ready "$dir/smcredd.log"; }
eventually 10 up || not_ok "smcredd is ready" "$(cat "$dir/smcredd.log")"

# ---- and as alice ----
as_the_reader() { (cd "$dir/alice" && setpriv --reuid=alice --regid=alice --init-groups env -i HOME="$dir/alice" \
    USER=alice PATH=/usr/local/bin:/usr/bin:/bin bash -c "$1" 2>&1 <<<'select current_user;'); }
chmod 755 "$dir"
while IFS= read -r line; do
    case $line in
    *psql*) like "alice: $line" "$(as_the_reader "$line")" "*orders_app*" ;;
    *) like "alice: $line" "$(as_the_reader "$line")" "*orders*" ;;
    esac
done < <(block 4 | grep .)
done_testing
