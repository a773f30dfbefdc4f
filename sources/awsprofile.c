/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * awsprofile.c - a line at a time, as strict and as lax as the SDKs' shared test vectors are.
 *
 * Sections and properties are kept in the order they came in; look-ups go from the last one back.
 */
#include "sources/awsprofile.h"

#include <pwd.h>
#include <stdio.h>
#include <strings.h>

#include "sources/ownfile.h"

#define NAME_MAX_BYTES                                                                             \
    256 /* of a section, key or subkey; longer ones are ignored like invalid ones */

struct property {
    size_t section; /* index into sections[] */
    char key[NAME_MAX_BYTES];
    char subkey[NAME_MAX_BYTES]; /* "" for the property itself */
    struct sm_secret *value;
};

struct section {
    enum aws_section kind;
    enum aws_file file;
    bool prefixed; /* [profile NAME] */
    char name[NAME_MAX_BYTES];
};

struct aws_profiles {
    struct sm_vault *vault;
    struct property **properties;
    size_t property_count;
    struct section **sections;
    size_t section_count;
};

/* Where the parser stands. */
struct parser {
    struct aws_profiles *profiles;
    enum aws_file file;
    size_t line;
    bool in_section;  /* after the first header */
    bool in_property; /* a continuation has something to continue */
    bool has_subkeys; /* the property's own value is empty: what follows are its parts */
    bool stored;      /* the section's name and the property's are valid */
    bool section_valid;
    struct sm_error *err;
};

enum smcred_status aws_profiles_new(struct sm_vault *vault, struct aws_profiles **out_profiles)
{
    struct aws_profiles *profiles = calloc(1, sizeof *profiles);
    if (!profiles)
        return SMCRED_NO_MEMORY;
    profiles->vault = vault;
    *out_profiles = profiles;
    return SMCRED_OK;
}

void aws_profiles_free(struct aws_profiles *profiles)
{
    if (!profiles)
        return;
    for (size_t i = 0; i < profiles->property_count; i++) {
        sm_secret_free(profiles->properties[i]->value);
        free(profiles->properties[i]);
    }
    for (size_t i = 0; i < profiles->section_count; i++)
        free(profiles->sections[i]);
    sm_free_ptr(&profiles->properties);
    sm_free_ptr(&profiles->sections);
    sm_free_ptr(&profiles);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

static struct sm_bytes trim(struct sm_bytes bytes)
{
    const char *text = bytes.data;
    size_t from = 0, to = bytes.len;
    while (from < to && is_blank(text[from]))
        from++;
    while (to > from && is_blank(text[to - 1]))
        to--;
    return sm_bytes(text + from, to - from);
}

/* Without what follows a '#' or ';' behind a blank. */
static struct sm_bytes without_comment(struct sm_bytes bytes)
{
    const char *text = bytes.data;
    for (size_t i = 1; i < bytes.len; i++)
        if ((text[i] == '#' || text[i] == ';') && is_blank(text[i - 1]))
            return sm_bytes(text, i);
    return bytes;
}

static bool consists_of(struct sm_bytes name, const char *marks)
{
    const char *text = name.data;
    for (size_t i = 0; i < name.len; i++) {
        char c = text[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!plain && (c == '\0' || !strchr(marks, c)))
            return false;
    }
    return name.len > 0 && name.len < NAME_MAX_BYTES;
}

static void copy_name(char out[NAME_MAX_BYTES], struct sm_bytes name)
{
    memcpy(out, name.data, name.len);
    out[name.len] = '\0';
}

static enum smcred_status broken(const struct parser *parser, const char *what)
{
    return sm_error_set(parser->err, SMCRED_INVALID, "line %zu: %s", parser->line, what);
}

static enum smcred_status out_of_memory(const struct parser *parser)
{
    return sm_error_set(parser->err, SMCRED_NO_MEMORY, "line %zu: out of memory", parser->line);
}

/* Room for one more pointer in a list that doubles. */
static bool grow_list(void *list, size_t count)
{
    void **old, *larger;
    memcpy(&old, list, sizeof old);
    if (count > 0 && (count & (count - 1)) != 0)
        return true;
    larger = realloc(old, (count ? 2 * count : 1) * sizeof *old);
    if (larger)
        memcpy(list, &larger, sizeof larger);
    return larger != NULL;
}

/* "profile dev" -> its kind and name; false for a word we do not know. */
static bool split_header(struct sm_bytes inner, enum aws_file file, struct section *out_section,
                         struct sm_bytes *out_name)
{
    static const struct {
        const char *word;
        enum aws_section kind;
    } kinds[] = {
        {"profile", AWS_PROFILE}, {"sso-session", AWS_SSO_SESSION}, {"services", AWS_SERVICES}};
    *out_section = (struct section){.kind = AWS_PROFILE, .file = file};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        size_t len = strlen(kinds[i].word);
        const char *text = inner.data;
        if (inner.len <= len || memcmp(text, kinds[i].word, len) != 0 || !is_blank(text[len]))
            continue;
        out_section->kind = kinds[i].kind;
        out_section->prefixed = true;
        *out_name = trim(sm_bytes(text + len, inner.len - len));
        return file == AWS_FILE_CONFIG;
    }
    *out_name = inner;
    return file == AWS_FILE_CREDENTIALS || sm_bytes_is(inner, "default");
}

static enum smcred_status add_section(struct parser *parser, const struct section *section,
                                      struct sm_bytes name)
{
    struct aws_profiles *profiles = parser->profiles;
    if (profiles->section_count == AWS_PROPERTIES_MAX)
        return sm_error_set(parser->err, SMCRED_TOO_LARGE, "line %zu: too many sections",
                            parser->line);
    struct section *copy = malloc(sizeof *copy);
    if (!copy || !grow_list(&profiles->sections, profiles->section_count)) {
        free(copy);
        return out_of_memory(parser);
    }
    *copy = *section;
    copy_name(copy->name, name);
    profiles->sections[profiles->section_count++] = copy;
    return SMCRED_OK;
}

/* "[profile dev] ; why" */
static enum smcred_status parse_header(struct parser *parser, struct sm_bytes line)
{
    struct section section;
    struct sm_bytes name;
    const char *text = line.data;
    const char *end = memchr(text, ']', line.len);
    if (!end)
        return broken(parser, "the section's header has no ]");
    struct sm_bytes after = trim(sm_bytes(end + 1, line.len - (size_t)(end + 1 - text)));
    const char *mark = after.data;
    if (after.len > 0 && mark[0] != '#' && mark[0] != ';')
        return broken(parser, "something follows the ] of a section's header");
    parser->in_section = true;
    parser->in_property = false;
    struct sm_bytes inner = trim(sm_bytes(text + 1, (size_t)(end - text - 1)));
    parser->section_valid =
        split_header(inner, parser->file, &section, &name) && consists_of(name, "-_/.%@:+");
    return parser->section_valid ? add_section(parser, &section, name) : SMCRED_OK;
}

static enum smcred_status add_property(struct parser *parser, struct sm_bytes key,
                                       struct sm_bytes subkey, struct sm_bytes value)
{
    struct aws_profiles *profiles = parser->profiles;
    if (profiles->property_count == AWS_PROPERTIES_MAX)
        return sm_error_set(parser->err, SMCRED_TOO_LARGE, "line %zu: too many properties",
                            parser->line);
    struct property *property = calloc(1, sizeof *property);
    if (!property || !grow_list(&profiles->properties, profiles->property_count) ||
        sm_secret_new(profiles->vault, value, &property->value) != SMCRED_OK) {
        free(property);
        return out_of_memory(parser);
    }
    property->section = profiles->section_count - 1;
    copy_name(property->key, key);
    copy_name(property->subkey, subkey);
    profiles->properties[profiles->property_count++] = property;
    return SMCRED_OK;
}

/* "name = value" */
static bool split_property(struct sm_bytes line, struct sm_bytes *out_key,
                           struct sm_bytes *out_value)
{
    const char *text = line.data;
    const char *equal = memchr(text, '=', line.len);
    if (!equal)
        return false;
    size_t at = (size_t)(equal - text);
    *out_key = trim(sm_bytes(text, at));
    *out_value = sm_bytes(equal + 1, line.len - at - 1);
    return true;
}

static enum smcred_status parse_property(struct parser *parser, struct sm_bytes line)
{
    struct sm_bytes key, value;
    if (!parser->in_section)
        return broken(parser, "text before the first section");
    if (!split_property(line, &key, &value))
        return broken(parser, "a property without =");
    if (key.len == 0)
        return broken(parser, "a property without a name");
    value = trim(without_comment(value));
    parser->in_property = true;
    parser->has_subkeys = value.len == 0;
    parser->stored = parser->section_valid && consists_of(key, "-_");
    return parser->stored ? add_property(parser, key, sm_bytes("", 0), value) : SMCRED_OK;
}

/* Appends a line to the value of the last property. */
static enum smcred_status append_value(struct parser *parser, struct sm_bytes more)
{
    struct aws_profiles *profiles = parser->profiles;
    struct property *last = profiles->properties[profiles->property_count - 1];
    struct sm_bytes have = sm_secret_view(last->value);
    struct sm_secret *longer;
    size_t room;
    if (have.len + 1 + more.len > SM_SECRET_MAX)
        return sm_error_set(parser->err, SMCRED_TOO_LARGE, "line %zu: too long a value",
                            parser->line);
    if (sm_secret_alloc(profiles->vault, have.len + 1 + more.len, &longer) != SMCRED_OK)
        return out_of_memory(parser);
    char *at = sm_secret_room(longer, &room);
    memcpy(at, have.data, have.len);
    at[have.len] = '\n';
    memcpy(at + have.len + 1, more.data, more.len);
    sm_secret_grow(longer, have.len + 1 + more.len);
    sm_secret_free(last->value);
    last->value = longer;
    return SMCRED_OK;
}

static enum smcred_status parse_continuation(struct parser *parser, struct sm_bytes line)
{
    struct sm_bytes key, value;
    if (!parser->in_property)
        return broken(parser, "a continuation of nothing");
    line = trim(line);
    if (!parser->has_subkeys)
        return parser->stored ? append_value(parser, line) : SMCRED_OK;
    if (!split_property(line, &key, &value))
        return broken(parser, "a sub-property without =");
    if (key.len == 0)
        return broken(parser, "a sub-property without a name");
    if (!parser->stored || !consists_of(key, "-_"))
        return SMCRED_OK;
    struct property *owner = parser->profiles->properties[parser->profiles->property_count - 1];
    return add_property(parser, sm_bytes_of(owner->key), key, trim(value));
}

static enum smcred_status parse_line(struct parser *parser, struct sm_bytes line)
{
    const char *text = line.data;
    if (trim(line).len == 0 || text[0] == '#' || text[0] == ';')
        return SMCRED_OK;
    if (text[0] == '[')
        return parse_header(parser, line);
    if (is_blank(text[0]))
        return parse_continuation(parser, line);
    return parse_property(parser, line);
}

enum smcred_status aws_profiles_add(struct aws_profiles *profiles, enum aws_file file,
                                    struct sm_bytes text, struct sm_error *err)
{
    struct parser parser = {.profiles = profiles, .file = file, .err = err};
    size_t from = 0;
    while (from < text.len) {
        const char *line = (const char *)text.data + from;
        const char *end = memchr(line, '\n', text.len - from);
        size_t len = end ? (size_t)(end - line) : text.len - from;
        from += len + 1;
        parser.line++;
        enum smcred_status status = parse_line(&parser, sm_bytes(line, len));
        if (status != SMCRED_OK)
            return status;
    }
    return SMCRED_OK;
}

static enum smcred_status load_file(struct aws_profiles *profiles, enum aws_file file,
                                    const char *path, struct sm_error *err)
{
    sm_autosecret struct sm_secret *text = NULL;
    struct sm_error said = {.text = ""};
    enum smcred_status status =
        own_file_read(path, OWN_FILE_ANY, profiles->vault, &text, NULL, err);
    if (status == SMCRED_NOT_FOUND)
        return SMCRED_OK;
    if (status != SMCRED_OK)
        return status;
    status = aws_profiles_add(profiles, file, sm_secret_view(text), &said);
    if (status != SMCRED_OK)
        return sm_error_set(err, status, "%.200s: %.200s", path, said.text);
    return SMCRED_OK;
}

/*
 * $HOME, or of who has none, as daemons do, what passwd(5) says.  Of a directory that is not there
 * or is closed to us, as systemd's ProtectHome= does, there is nothing to say.
 */
static bool find_home(const char *(*env)(const char *name), char *out_home, size_t size)
{
    const char *home = env("HOME");
    char room[4096];
    struct passwd entry, *found = NULL;
    if (!home || !home[0]) {
        if (getpwuid_r(geteuid(), &entry, room, sizeof room, &found) != 0 || !found ||
            access(found->pw_dir, X_OK) != 0)
            return false;
        home = found->pw_dir;
    }
    return strlen(home) < size && stpcpy(out_home, home);
}

enum smcred_status aws_profiles_load(struct sm_vault *vault, const char *(*env)(const char *name),
                                     struct aws_profiles **out_profiles, struct sm_error *err)
{
    static const struct {
        enum aws_file file;
        const char *variable;
        const char *name;
    } files[] = {{AWS_FILE_CONFIG, "AWS_CONFIG_FILE", "config"},
                 {AWS_FILE_CREDENTIALS, "AWS_SHARED_CREDENTIALS_FILE", "credentials"}};
    struct aws_profiles *profiles;
    enum smcred_status status = aws_profiles_new(vault, &profiles);
    if (status != SMCRED_OK)
        return sm_error_set(err, status, "out of memory");
    for (size_t i = 0; i < sizeof files / sizeof *files && status == SMCRED_OK; i++) {
        char path[4096], home[4000];
        const char *given = env(files[i].variable);
        if (given && given[0])
            (void)snprintf(path, sizeof path, "%s", given); /* too long: there is no such file */
        else if (find_home(env, home, sizeof home))
            (void)snprintf(path, sizeof path, "%s/.aws/%s", home, files[i].name); /* likewise */
        else
            continue;
        status = load_file(profiles, files[i].file, path, err);
    }
    if (status != SMCRED_OK) {
        aws_profiles_free(profiles);
        return status;
    }
    *out_profiles = profiles;
    return SMCRED_OK;
}

/* [profile default] in config makes its [default] there as if it were not. */
static bool is_shadowed(const struct aws_profiles *profiles, const struct section *section)
{
    if (section->file != AWS_FILE_CONFIG || section->prefixed)
        return false;
    for (size_t i = 0; i < profiles->section_count; i++) {
        const struct section *other = profiles->sections[i];
        if (other->kind == AWS_PROFILE && other->file == AWS_FILE_CONFIG && other->prefixed &&
            strcmp(other->name, section->name) == 0)
            return true;
    }
    return false;
}

static bool is_section(const struct aws_profiles *profiles, size_t index, enum aws_section kind,
                       const char *name)
{
    const struct section *section = profiles->sections[index];
    return section->kind == kind && strcmp(section->name, name) == 0 &&
           !is_shadowed(profiles, section);
}

bool aws_profiles_has(const struct aws_profiles *profiles, enum aws_section section,
                      const char *name)
{
    for (size_t i = 0; i < profiles->section_count; i++)
        if (is_section(profiles, i, section, name))
            return true;
    return false;
}

const struct sm_secret *aws_profiles_get(const struct aws_profiles *profiles,
                                         enum aws_section section, const char *name,
                                         const char *key, const char *subkey)
{
    for (size_t i = profiles->property_count; i > 0; i--) {
        const struct property *property = profiles->properties[i - 1];
        if (strcasecmp(property->key, key) == 0 &&
            strcasecmp(property->subkey, subkey ? subkey : "") == 0 &&
            is_section(profiles, property->section, section, name))
            return property->value;
    }
    return NULL;
}

const char *aws_profiles_text(const struct aws_profiles *profiles, enum aws_section section,
                              const char *name, const char *key)
{
    const struct sm_secret *value = aws_profiles_get(profiles, section, name, key, NULL);
    const char *text = value ? sm_secret_view(value).data : NULL; /* ends in NUL */
    return text && text[0] ? text : NULL;
}
