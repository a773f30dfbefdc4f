# SPDX-License-Identifier: LGPL-2.1-or-later
"""GetRandomPassword: every option, every refusal, and how the characters are spread."""
import collections
import string

from client import at_least, at_most

PUNCTUATION = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
TYPES = {
    "ExcludeUppercase": string.ascii_uppercase,
    "ExcludeLowercase": string.ascii_lowercase,
    "ExcludeNumbers": string.digits,
    "ExcludePunctuation": PUNCTUATION,
}
EVERYTHING = "".join(TYPES.values())


def run(c):
    def draws(sentence, members, length, allowed, required=()):
        def fits(text):
            return (
                len(text) == length
                and set(text) <= set(allowed)
                and all(set(text) & set(each) for each in required)
            )

        c.gives(sentence, "GetRandomPassword", members, {"RandomPassword": fits})

    def refuses(sentence, members, message, kind="InvalidParameterException"):
        c.fails(sentence, "GetRandomPassword", members, kind, message)

    draws("by default", {}, 32, EVERYTHING, TYPES.values())
    draws("the shortest", {"PasswordLength": 4}, 4, EVERYTHING, TYPES.values())
    draws("the longest", {"PasswordLength": 4096}, 4096, EVERYTHING, TYPES.values())
    draws("one character", {"PasswordLength": 1, "RequireEachIncludedType": False}, 1, EVERYTHING)
    for option, characters in TYPES.items():
        left = set(EVERYTHING) - set(characters)
        required = [each for name, each in TYPES.items() if name != option]
        draws(option, {option: True, "PasswordLength": 3}, 3, left, required)
        draws(
            "only that: all but %s" % option,
            {name: True for name in TYPES if name != option},
            32,
            characters,
        )
    draws(
        "IncludeSpace",
        {"IncludeSpace": True, "PasswordLength": 5},
        5,
        EVERYTHING + " ",
        [*TYPES.values(), " "],
    )
    draws(
        "ExcludeCharacters",
        {"ExcludeCharacters": "/@\"'\\:aB1", "PasswordLength": 2000},
        2000,
        set(EVERYTHING) - set("/@\"'\\:aB1"),
    )
    draws(
        "a type emptied where none is required",
        {"ExcludeCharacters": string.digits, "RequireEachIncludedType": False},
        32,
        set(EVERYTHING) - set(string.digits),
    )
    refuses("too short", {"PasswordLength": 3},
            "Password length is too short based on the required types.")  # fmt: skip
    refuses("too short with a space", {"PasswordLength": 4, "IncludeSpace": True},
            "Password length is too short based on the required types.")  # fmt: skip
    refuses("a required type emptied", {"ExcludeCharacters": string.digits},
            "All characters of the desired type have been excluded")  # fmt: skip
    nothing = "All characters have been excluded from selection"
    refuses("nothing left", {"ExcludeCharacters": EVERYTHING, "RequireEachIncludedType": False}, nothing)
    refuses("no type left", {name: True for name in TYPES}, nothing)
    refuses("length 4097", {"PasswordLength": 4097},
            at_most("'4097'", "passwordLength", 4096, "value"), "ValidationException")  # fmt: skip
    refuses("length 0", {"PasswordLength": 0}, at_least("'0'", "passwordLength", 1, "value"),
            "ValidationException")  # fmt: skip
    refuses("too many to exclude", {"ExcludeCharacters": "x" * 4097},
            at_most("'%s'" % ("x" * 2048), "excludeCharacters", 4096), "ValidationException")  # fmt: skip

    # 40 * 4096 characters of 94 kinds: about 1743 each, and 6 deviations are 250.
    spread = collections.Counter()
    for _ in range(40):
        spread.update(c.do("GetRandomPassword", PasswordLength=4096)["RandomPassword"])
    wrong = {each: spread[each] for each in EVERYTHING if abs(spread[each] - 40 * 4096 / 94) > 300}
    c.say("GetRandomPassword: all characters are equally likely", repr(wrong) if wrong else None)
    # The required characters are drawn first: without a shuffle the first would be a capital.
    first = collections.Counter()
    for _ in range(300):
        text = c.do("GetRandomPassword", PasswordLength=4)["RandomPassword"]
        first.update(name for name, each in TYPES.items() if text[0] in each)
    wrong = [name for name in TYPES if not 30 <= first[name] <= 130]
    c.say("GetRandomPassword: no place belongs to a type", repr(first) if wrong else None)
