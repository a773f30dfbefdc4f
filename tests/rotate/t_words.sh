#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_words.sh - parser, man page and completion know the same options; a wrong command line does nothing.
. "$top_srcdir/tests/lib/tap.sh" || exit 1
program=$top_builddir/smcred-rotate
man=$top_srcdir/man/smcred-rotate.1
# shellcheck source=../../etc/smcred-rotate.bash-completion
. "$top_srcdir/etc/smcred-rotate.bash-completion"

options=$("$program" --help | sed -n 's/^  \(--[a-z-]*\).*/\1/p' | sort)
is "the completion knows the options" "$(_smcred_rotate_options | tr ' ' '\n' | sort)" "$options"
is "the man page has an entry for each, and for no other" \
    "$(sed -n '/^\.SH OPTIONS/,/^\.SH DATABASES/p' "$man" | grep -A1 '^\.TP' | sed 's/\\-/-/g' |
        grep -oE -- '--[a-z-]+' | sort)" "$options"

complete_words() {
    COMP_WORDS=("$@")
    COMP_CWORD=$(($# - 1))
    _smcred_rotate
    echo "${COMPREPLY[*]}"
}
is "an option is completed" "$(complete_words smcred-rotate --all-s)" "--all-steps"
is "a step too" "$(complete_words smcred-rotate --step fin)" finishSecret
is "and an engine" "$(complete_words smcred-rotate p)" postgres
is "there are four" "$(complete_words smcred-rotate '')" "postgres mysql mariadb redis"

# misused SENTENCE PATTERN ARGUMENT...
misused() {
    local said code
    said=$(AWS_REGION=x "$program" "${@:3}" </dev/null 2>&1)
    code=$?
    like "$1" "$code $said" "2 $2"
}
misused "a secret without a step" '*--all-steps or one --step*' --secret-id x
misused "two kinds of steps" '*--all-steps or one --step*' --secret-id x --all-steps --step setSecret
misused "a step without a secret" '*need a --secret-id*' --step setSecret
misused "a step that is none" '*create_secret is no step*' --secret-id x --step create_secret
misused "two strategies" '*exclude each other*' --single-user --alternating-users
misused "an engine that is none" '*no engine oracle*' oracle
misused "two operands" '*no other operand*' postgres mysql
misused "half of a client certificate" '*go together*' --client-cert x
misused "a length that is none" '*is a number*' --password-length 12x
misused "an empty value" '*--host is empty*' --host ''
misused "an option that is none" '*--nonsense*' --nonsense
if command -v man >/dev/null; then
    empty "the man page is well-formed" "$(man --warnings -E UTF-8 -l -Tutf8 -Z "$man" 2>&1 >/dev/null)"
else
    skip "the man page is well-formed" "man is not installed"
fi
done_testing
