#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_papers.sh - every option of pam_smcred stands in its man page, and every option of a sample is one.
. "$top_srcdir/tests/lib/tap.sh" || exit 1
cd "$top_srcdir" || exit 1

mapfile -t words < <(sed -n 's/^    {"\([a-z_]*\)", \..*/\1/p' pam/options.c)
[ ${#words[@]} -gt 10 ] && ok "options are found" || not_ok "options are found" "${words[*]}"
options=$(sed -n '/^\.SH OPTIONS/,/^\.SH RETURN/p' man/pam_smcred.8 | grep -A1 '^\.TP' | grep '^\.B')
for word in "${words[@]}"; do
    like "$word is in the man page" "$options" "*$word*"
done

# lines FILE: what stands behind our module, a word a line
lines() {
    sed -n 's/#.*//; s/.*pam_smcred\.so//p' "$1" | tr ' ' '\n' | sed 's/=.*//; /^$/d'
}
for sample in etc/pam.d/* etc/pam-configs/smcred; do
    empty "$sample uses options that there are" \
        "$(lines "$sample" | sort -u | grep -vxF "$(printf '%s\n' "${words[@]}")")"
done
empty "so do the man page's stacks" "$(sed -n '/^\.SH EXAMPLES/,$p' man/pam_smcred.8 >"$dir/man"
    lines "$dir/man" | sort -u | grep -vxF "$(printf '%s\n' "${words[@]}")")"

codes=$(sed -n '/^\.TS/,/^\.TE/p' man/pam_smcred.8)
empty "every code of the table in the code is in the man page's" \
    "$(sed -n '/^static struct row row_of/,/^}/p' pam/codes.c | grep -oE 'PAM_[A-Z_]+' | sort -u | while read -r code; do
        [[ $codes = *"${code#PAM_}"* ]] || echo "$code"
    done)"
done_testing
