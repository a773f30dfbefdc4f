# SPDX-License-Identifier: LGPL-2.1-or-later
# t_words.sh - parser, man page and completion know the same commands and options.
. "$top_srcdir/tests/lib/tap.sh" || exit 1
smcred=$top_builddir/smcred
man=$top_srcdir/man/smcred.1
# shellcheck source=../../etc/smcred.bash-completion
. "$top_srcdir/etc/smcred.bash-completion"

# What --help says: commands, and the options of one of them or of none.
commands() { "$smcred" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z-]*\( [a-z-][a-z-]*\)\{0,1\}\)  .*/\1/p'; }
# shellcheck disable=SC2086 # "secret put" is two words
options() { "$smcred" $1 --help | sed -n 's/^  \(--[a-z-]*\).*/\1/p' | sort; }

# The man page as text without markup, and the part of it about one command.
plain() { sed 's/\\f[BIR]//g; s/\\-/-/g; s/^\.\(B\|BR\|RB\|I\) //' "$man"; }
entry() {
    plain | sed -n '/^\.SH COMMANDS/,/^\.SH OPTIONS/p' |
        awk -v name="$1" '/^\.RS/ { depth++ } /^\.RE/ { depth-- }
            /^\.TP/ && !depth { on = 0; head = 1; next }
            head { on = index($0 " ", name " ") == 1; head = 0 } on'
}
common=$(options '')

for option in $common; do
    like "$option stands in the man page" "$(plain | sed -n '/^\.SH OPTIONS/,/^\.SH EXIT/p')" "*$option*"
done
is "the completion knows the options in front" "$(_smcred_options '' | tr ' ' '\n' | sort)" "$common"
while IFS= read -r command; do
    like "$command stands in the man page" "$(entry "$command")" "$command*"
    for option in $(options "$command"); do
        case " $(echo $common) " in *" $option "*) continue ;; esac
        like "and its option $option" "$(entry "$command")" "*$option*"
    done
    is "and the completion knows its options" \
        "$(_smcred_options "$command" | tr ' ' '\n' | sort)" "$(options "$command")"
done < <(commands)

# And no more than those: what the man page names, the parser has.
for option in $(plain | sed -n '/^\.SH COMMANDS/,/^\.SH EXIT/p' | grep -oE '(^|[ [|])--[a-z-]+' |
    grep -oE -- '--[a-z-]+' | sort -u); do
    like "the man page's $option exists" \
        "$(options ''; commands | while IFS= read -r command; do options "$command"; done)" "*$option*"
done

complete_words() {
    COMP_WORDS=("$@")
    COMP_CWORD=$(($# - 1))
    _smcred
    echo "${COMPREPLY[*]}"
}
is "all commands are completed" "$(complete_words smcred '' | tr ' ' '\n' | sort -u)" \
    "$(commands | cut -d' ' -f1 | sort -u)"
is "and the second word of secret" "$(complete_words smcred secret '' | tr ' ' '\n' | sort)" \
    "$(commands | sed -n 's/^secret //p' | sort)"
is "a command's option is completed" "$(complete_words smcred explain --ho)" --host
is "an option's argument is not taken for a command" \
    "$(complete_words smcred --socket targets conn)" connect

if command -v man >/dev/null; then
    empty "the man page is well-formed" "$(man --warnings -E UTF-8 -l -Tutf8 -Z "$man" 2>&1 >/dev/null)"
else
    skip "the man page is well-formed" "man is not installed"
fi
done_testing
