/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * inifile.c - the INI form of a file of secrets.  Called by file.c.
 *
 * libinih would cut a password at " ;", so it is read here.
 */
#include "sources/inifile.h"

#include "sources/wipe.h"

static struct sm_bytes trim(struct sm_bytes bytes)
{
    const char *text = bytes.data;
    size_t from = 0, to = bytes.len;
    while (from < to && (text[from] == ' ' || text[from] == '\t' || text[from] == '\r'))
        from++;
    while (to > from && (text[to - 1] == ' ' || text[to - 1] == '\t' || text[to - 1] == '\r'))
        to--;
    return sm_bytes(text + from, to - from);
}

/* A copy that ends in NUL; free with wipe_free(). */
static char *text_of(struct sm_bytes bytes)
{
    char *text = wipe_malloc(bytes.len + 1);
    if (text) {
        memcpy(text, bytes.data, bytes.len);
        text[bytes.len] = '\0';
    }
    return text;
}

/* object[key], made if it is not there. */
static cJSON *member_object(cJSON *object, const char *key)
{
    cJSON *found = cJSON_GetObjectItemCaseSensitive(object, key);
    return found ? found : cJSON_AddObjectToObject(object, key);
}

/* "[NAME]" or "[NAME LABEL]" -> the object its lines go into; NULL if it is neither, or there
 * twice. */
static cJSON *open_section(cJSON *root, struct sm_bytes line)
{
    const char *text = line.data;
    if (line.len < 3 || text[line.len - 1] != ']')
        return NULL;
    struct sm_bytes inner = trim(sm_bytes(text + 1, line.len - 2));
    char *name = text_of(inner);
    cJSON *section = NULL;
    if (name && name[0]) {
        char *blank = strpbrk(name, " \t");
        const char *label = "AWSCURRENT";
        if (blank) {
            *blank = '\0';
            label = blank + 1 + strspn(blank + 1, " \t");
        }
        cJSON *secret = member_object(root, name);
        if (secret && !strpbrk(label, " \t") && !cJSON_HasObjectItem(secret, label))
            section = cJSON_AddObjectToObject(secret, label);
    }
    wipe_free(name);
    return section;
}

/* "key = value" */
static bool add_value(cJSON *section, struct sm_bytes line)
{
    const char *text = line.data;
    const char *equal = memchr(text, '=', line.len);
    if (!section || !equal || equal == text)
        return false;
    size_t at = (size_t)(equal - text);
    char *key = text_of(trim(sm_bytes(text, at)));
    char *value = text_of(trim(sm_bytes(equal + 1, line.len - at - 1)));
    bool added = key && value && key[0] && !cJSON_GetObjectItemCaseSensitive(section, key) &&
                 cJSON_AddStringToObject(section, key, value);
    wipe_free(key);
    wipe_free(value);
    return added;
}

cJSON *ini_file_parse(struct sm_bytes text, size_t *out_line)
{
    size_t from = 0, line_number = 0;
    bool fine = text.len > 0 && !memchr(text.data, '\0', text.len);
    wipe_hook_cjson();
    cJSON *root = cJSON_CreateObject();
    cJSON *section = NULL;
    while (root && fine && from < text.len) {
        const char *start = (const char *)text.data + from;
        const char *end = memchr(start, '\n', text.len - from);
        size_t len = end ? (size_t)(end - start) : text.len - from;
        struct sm_bytes line = trim(sm_bytes(start, len));
        const char *first = line.data;
        from += len + 1;
        line_number++;
        if (line.len == 0 || first[0] == '#' || first[0] == ';')
            continue;
        if (first[0] == '[')
            fine = (section = open_section(root, line)) != NULL;
        else
            fine = add_value(section, line);
    }
    *out_line = line_number;
    if (fine && root)
        return root;
    json_free(root);
    return NULL;
}
