#!/bin/bash
# t_papers.sh - every option and key that is parsed stands in its man page; every key in etc/smcred.conf.
set -u
count=0

# has FILE PATTERN WHAT
has()
{
    count=$((count + 1))
    if grep -q -- "$2" "$top_srcdir/$1"; then
        echo "ok $count - $3 is in $1"
    else
        echo "not ok $count - $3 is in $1"
    fi
}

while read -r section name; do
    if [ "$section" = option ]; then
        has man/smcredd.8 "^\.B[IR]* \\\\-\\\\-${name//-/\\\\-}\( \|\$\)" "--$name"
    else
        has man/smcred.conf.5 "^\.BR* $name\( \|\$\)" "[$section] $name"
        has etc/smcred.conf "^[#;]* *$name *=" "[$section] $name"
    fi
done < <("$top_builddir/tests/keeper/list_keys"
    # What modules know, they alone know: from their sources.
    sed -n 's/^ *\[SET_[A-Z_]*\] = "\([a-z_]*\)".*/aws \1/p' "$top_srcdir/sources/secretsmanager.c"
    sed -n '/^static bool knows/,/^}/p' "$top_srcdir/sources/file.c" | grep -o '"[a-z_]*"' | tr -d '"' | sed 's/^/file /')
[ "$count" -gt 80 ] || echo "not ok 1 - nothing is parsed"
echo "1..$count"
