#!/bin/bash
# t_backup.sh - a backup is one whole moment; a restore changes nothing unless it can be read whole;
# check finds what is damaged.
. "$(dirname "$0")/server_world.sh"

store=$world/store
admin() { "$server" "$@" 2>> "$world/err"; }
value_of() { call GetSecretValue "{\"SecretId\":\"$1\"}" | sed -n 's/.*"SecretString":"\([^"]*\)".*/\1/p'; }
create() {
    call CreateSecret "{\"Name\":\"$1\",\"SecretString\":\"$2\",\"ClientRequestToken\":\"$(uuid)\"}" > /dev/null
}

init_store
start_server
for i in 1 2 3 4 5; do create "s$i" "canary-value-$i"; done
admin check --dir "$store" > "$world/checked"
[ $? -eq 0 ] && [ "$(cat "$world/checked")" = "ok: 5 values, 0 parameters, 1 access keys" ]
ok $? "check opens everything beside a server"
[ "$(admin check --dir "$store" --json)" = '{"ok":true,"versions":5,"parameters":0,"access_keys":1,"findings":[]}' ]
ok $? "and says so in JSON"

(
    i=0
    while [ ! -e "$world/enough" ] && [ $i -lt 2000 ]; do
        i=$((i + 1))
        create "during$i" x || exit
        echo "$i" >> "$world/acknowledged"
    done
) &
writer=$!
begun() { [ -s "$world/acknowledged" ]; }
patiently begun
least=$(wc -l < "$world/acknowledged")
admin backup --dir "$store" "$world/backup"; ok $? "makes a backup while others write"
most=$(($(wc -l < "$world/acknowledged") + 1)) # that one may be there, too
: > "$world/enough"
wait $writer
if command -v sqlite3 > /dev/null; then
    read -r count last < <(sqlite3 -separator ' ' "$world/backup" \
        "SELECT count(*), max(CAST(substr(name, 7) AS INTEGER)) FROM secret WHERE name LIKE 'during%'")
    [ "$count" = "$last" ] && [ "$count" -ge "$least" ] && [ "$count" -le "$most" ]
    ok $? "that has what was acknowledged before, and of what came after no more than one moment"
else
    skip "that has what was acknowledged before, and of what came after no more than one moment" "no sqlite3"
fi
[ "$(stat -c %a "$world/backup")" = 600 ]; ok $? "that only its owner reads"
! grep -q canary-value "$world/backup"; ok $? "with values sealed"
! compgen -G "$world/backup?*" > /dev/null; ok $? "and nothing beside it"
admin backup --dir "$store" "$world/backup"; ok $? "and again over the last one"
before=$(cd "$store" && md5sum master.key lock && ls -i store.db)
! admin backup --dir "$store" "$store/master.key" && ! admin backup --dir "$store" "$store/store.db" &&
    ! admin backup --dir "$store" "$store/lock" && [ "$(cd "$store" && md5sum master.key lock && ls -i store.db)" = "$before" ]
ok $? "over no other file, above all none of the store's"
! admin backup --dir "$store" "$world/none/backup"; ok $? "says that a place for it is missing"

if command -v sqlite3 > /dev/null; then
    value_of s3 > /dev/null # notes the day
    mkfifo "$world/writer"
    sqlite3 -batch "$store/store.db" < "$world/writer" > /dev/null &
    exec 5> "$world/writer"
    echo 'BEGIN IMMEDIATE;' >&5
    for _ in $(seq 400); do
        sqlite3 "$store/store.db" 'BEGIN IMMEDIATE' 2> /dev/null || break
        sleep 0.05
    done
    [ "$(value_of s3)" = canary-value-3 ]; ok $? "who reads does not wait for who writes"
    exec 5>&-
else
    skip "who reads does not wait for who writes" "no sqlite3"
fi
! admin restore --dir "$store" --force "$world/backup" && tail -1 "$world/err" | grep -q 'in use by another'
ok $? "does not restore under a running server"
create late "after the backup"
stop_server; ok $? "stops"
! admin restore --dir "$store" "$world/backup" && tail -1 "$world/err" | grep -q -- '--force replaces it'
ok $? "does not restore over a store unless told to"
before=$(md5sum "$store/store.db")
head -c 20000 "$world/backup" > "$world/cut"
! admin restore --dir "$store" --force "$world/cut" && [ "$(md5sum "$store/store.db")" = "$before" ]
ok $? "a backup that is cut short changes nothing"
echo 'no database at all, but long enough to be looked at' > "$world/text"
! admin restore --dir "$store" --force "$world/text" && [ "$(md5sum "$store/store.db")" = "$before" ]
ok $? "nor does another file"
! compgen -G "$store/restoring*" > /dev/null; ok $? "and nothing of it is left"
cp "$store/master.key" "$world/master.key"
"$server" --init "$world/other" > /dev/null
! admin restore --dir "$world/other" --force "$world/backup" && tail -1 "$world/err" | grep -q 'another master key'
ok $? "nor does one made with another master key"
admin restore --dir "$store" --force "$world/backup"; ok $? "restores"
start_server
[ "$(value_of s3)" = canary-value-3 ] && [ -z "$(value_of late)" ]; ok $? "what was there, and nothing later"
stop_server
mkdir -m 700 "$world/new" && cp "$world/master.key" "$world/new" && admin restore --dir "$world/new" "$world/backup" &&
    admin check --dir "$world/new" > /dev/null
ok $? "restores into a directory that has the master key alone"

# What a killed server leaves in the log is the store's until the new one is in its place.
start_server
create unfolded "in the log"
kill -9 "$pid"
wait "$pid" 2> /dev/null
pid=
if strace -o "$world/strace" true 2> /dev/null; then
    ! strace -o "$world/strace" -e trace=rename,renameat,renameat2 -e inject=rename,renameat,renameat2:error=EIO \
        "$server" restore --dir "$store" --force "$world/backup" 2> "$world/err" && grep -q 'cannot rename' "$world/err"
    ok $? "a restore that fails in the end says so"
    start_server
    [ "$(value_of unfolded)" = "in the log" ]; ok $? "and the store is the old one, whole"
    stop_server
else
    skip "a restore that fails in the end says so" "no strace"
    skip "and the store is the old one, whole" "no strace"
fi

# --- damage ---------------------------------------------------------------------------------------

cp "$world/other/master.key" "$store/master.key"
! admin check --dir "$store" > "$world/checked" && tail -1 "$world/err" | grep -q 'is not the master key of this store'
ok $? "check notices another master key"
cp "$world/master.key" "$store/master.key"
if command -v sqlite3 > /dev/null; then
    sqlite3 "$store/store.db" "UPDATE version SET sealed = zeroblob(120) WHERE row = 2;
        DELETE FROM label WHERE label = 'AWSCURRENT' AND secret = 3;
        PRAGMA foreign_keys = OFF; DELETE FROM secret WHERE row = 4;
        UPDATE label SET version = 'ffffffff-ffff-ffff-ffff-ffffffffffff' WHERE secret = 5"
    admin check --dir "$store" > "$world/checked"
    [ $? -eq 1 ] && grep -q ':secret:s2-.*does not open' "$world/checked" &&
        grep -q ':secret:s3-.*: has versions, and none is AWSCURRENT' "$world/checked" &&
        grep -q ':secret:s5-.*: AWSCURRENT is on ffffffff-.*none of its versions' "$world/checked" &&
        grep -q 'a row of version belongs to none of secret' "$world/checked"
    ok $? "check names a damaged value, a missing label, a wrong one and an orphan"
    admin check --dir "$store" --json | grep -q '"ok":false.*does not open'; ok $? "in JSON, too"
else
    skip "check names a damaged value, a missing label, a wrong one and an orphan" "no sqlite3"
    skip "in JSON, too" "no sqlite3"
fi
cp "$world/backup" "$store/store.db"
rm -f "$store"/store.db-*
dd if=/dev/urandom of="$store/store.db" bs=4096 seek=4 count=3 conv=notrunc 2> /dev/null
! admin check --dir "$store" > "$world/checked" 2>&1; ok $? "check notices damaged pages"
if command -v sqlite3 > /dev/null; then
    for table in setting access_key secret version label; do
        cp "$world/backup" "$store/store.db"
        page=$(sqlite3 "$store/store.db" "SELECT rootpage FROM sqlite_schema WHERE name = '$table'")
        dd if=/dev/urandom of="$store/store.db" bs=4096 seek=$((page - 1)) count=1 conv=notrunc 2> /dev/null
        ! admin check --dir "$store" > "$world/checked" && grep -qi "page $page\>" "$world/checked" &&
            ! tail -n 1 "$world/err" | grep -q -e 'master key' -e 'made by --init' &&
            admin check --dir "$store" --json | grep -qi "\"ok\":false.*page $page\>"
        ok $? "and names the one of $table"
    done
else
    skip "and names the one of each table" "no sqlite3"
fi
dd if=/dev/urandom of="$store/store.db" bs=4096 count=1 conv=notrunc 2> /dev/null
before=$(md5sum "$store/store.db")
! "$server" --dir "$store" --listen 127.0.0.1:0 2> "$world/err" && grep -q 'cannot open the store' "$world/err"
ok $? "a store with a damaged head is not served"
[ "$(md5sum "$store/store.db")" = "$before" ]; ok $? "and not written to"
rm "$store/store.db"
! "$server" --dir "$store" --listen 127.0.0.1:0 2> "$world/err" && grep -q 'no store at' "$world/err" &&
    [ ! -e "$store/store.db" ]
ok $? "a store that is gone is not made anew"

# --- no room, no writing --------------------------------------------------------------------------

small=$world/small
mkdir "$small"
if mount -t tmpfs -o size=4m tmpfs "$small" 2> /dev/null; then
    trap 'umount -l "$small"; stop_world' EXIT
    "$server" --init "$small/store" > "$world/env"
    # shellcheck disable=SC1091
    . "$world/env"
    store=$small/store
    : > "$world/out"
    "$server" --dir "$store" --listen 127.0.0.1:0 > "$world/out" 2>> "$world/log" &
    pid=$!
    for _ in $(seq 400); do
        url=$(sed -n 's/^listening on //p' "$world/out")
        [ -z "$url" ] || break
        sleep 0.05
    done
    create first kept
    big=$(head -c 30000 /dev/zero | tr '\0' x)
    for i in $(seq 400); do
        call CreateSecret "{\"Name\":\"big$i\",\"SecretString\":\"$big\",\"ClientRequestToken\":\"$(uuid)\"}" > "$world/answer"
        grep -q '"__type"' "$world/answer" && break
    done
    grep -q InternalServiceError "$world/answer"; ok $? "a full disk is an InternalServiceError"
    [ "$(sed -n 's/.*"Name":"\(big1\)".*/\1/p' <(call DescribeSecret '{"SecretId":"big1"}'))" = big1 ] ||
        call DescribeSecret '{"SecretId":"big1"}' | grep -q InternalServiceError
    ok $? "and the server lives on"
    kill -9 "$pid"
    wait "$pid" 2> /dev/null
    pid=
    ! grep -qv '^{.*}$' "$store/trail.jsonl"; ok $? "no line of the trail is cut short"
    mkdir -m 700 "$small/new"
    head -c 8M /dev/zero > "$small/rest" 2> /dev/null
    ! "$server" --init "$small/new" > "$world/again" 2> "$world/err" && [ -s "$world/err" ] && [ -z "$(ls "$small/new")" ]
    ok $? "--init leaves nothing half made"
    rm -f "$store/trail.jsonl" "$small/rest"
    admin check --dir "$store" > "$world/checked"; ok $? "nothing in the store is hurt"
    mount -o remount,ro "$small" &&
        ! "$server" --dir "$store" --listen 127.0.0.1:0 2> "$world/err" && grep -q 'Read-only file system' "$world/err"
    ok $? "a store that cannot be written is not served"
else
    for name in "a full disk is an InternalServiceError" "and the server lives on" \
        "no line of the trail is cut short" "--init leaves nothing half made" "nothing in the store is hurt" \
        "a store that cannot be written is not served"; do
        skip "$name" "cannot mount a tmpfs"
    done
fi

# As somebody else than root, whom no file is closed to.
drop=(env)
[ "$(id -u)" != 0 ] || drop=(setpriv --reuid=65534 --regid=65534 --clear-groups)
theirs=$world/theirs
mkdir "$theirs" && cp "$server" "$theirs/program" && chmod 755 "$world" "$theirs"
[ "$(id -u)" != 0 ] || chown 65534 "$theirs"
if "${drop[@]}" "$theirs/program" --init "$theirs/store" > /dev/null 2>&1; then
    chmod 400 "$theirs/store/store.db"
    ! "${drop[@]}" "$theirs/program" --dir "$theirs/store" --listen 127.0.0.1:0 2> "$world/err" &&
        grep -q "cannot write .*store.db" "$world/err"
    ok $? "nor is one that may only be read"
else
    skip "nor is one that may only be read" "nobody else can run it here"
fi
finish
