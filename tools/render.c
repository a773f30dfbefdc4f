/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * render.c - tables and lines on standard output.  Called by the subcommands when --json is not
 * given.
 */
#include "tools/render.h"

#include <ctype.h>

#define COLUMNS_MAX 16
#define TITLE_WIDTH 18
#define GAP         2
#define BOLD        "\033[1m"
#define PLAIN       "\033[0m"

/* The width of one UTF-8 sequence's first byte is 1, of its other bytes 0. */
static bool continues(unsigned char byte)
{
    return (byte & 0xc0) == 0x80;
}

int render_text(FILE *out, const char *text)
{
    int width = 0;
    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte < 0x20 || byte == 0x7f) {
            width += out ? fprintf(out, "\\x%02x", byte) : 4;
            continue;
        }
        if (out)
            (void)putc(byte, out); /* checked when standard output is closed */
        width += !continues(byte);
    }
    return width;
}

static int text_width(const char *text)
{
    return render_text(NULL, text);
}

static void pad(int columns)
{
    if (columns > 0)
        (void)printf("%*s", columns, "");
}

/* A member of a row; an array of texts is shown joined by blanks. */
static int print_member(FILE *out, const cJSON *row, const char *member)
{
    char scratch[DOCUMENT_SCRATCH];
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(row, member);
    if (!cJSON_IsArray(item))
        return render_text(out, document_text(row, member, scratch));
    int width = 0;
    const cJSON *element;
    cJSON_ArrayForEach(element, item)
    {
        if (!cJSON_IsString(element))
            continue;
        if (width > 0)
            width += render_text(out, " ");
        width += render_text(out, element->valuestring);
    }
    return width;
}

static void measure(const cJSON *rows, const struct render_column *columns, int *widths)
{
    const cJSON *row;
    for (size_t i = 0; columns[i].title; i++)
        widths[i] = text_width(columns[i].title);
    cJSON_ArrayForEach(row, rows)
    {
        for (size_t i = 0; columns[i].title; i++) {
            int width = print_member(NULL, row, columns[i].member);
            if (width > widths[i])
                widths[i] = width;
        }
    }
}

void render_table(const struct tool_context *ctx, const cJSON *rows,
                  const struct render_column *columns)
{
    int widths[COLUMNS_MAX] = {0};
    const cJSON *row;
    measure(rows, columns, widths);
    (void)fputs(ctx->colour ? BOLD : "", stdout);
    for (size_t i = 0; columns[i].title; i++) {
        int width = render_text(stdout, columns[i].title);
        if (columns[i + 1].title)
            pad(widths[i] - width + GAP);
    }
    (void)puts(ctx->colour ? PLAIN : "");
    cJSON_ArrayForEach(row, rows)
    {
        for (size_t i = 0; columns[i].title; i++) {
            int width = print_member(stdout, row, columns[i].member);
            if (columns[i + 1].title)
                pad(widths[i] - width + GAP);
        }
        (void)putchar('\n');
    }
}

static void print_title(const struct tool_context *ctx, const char *title)
{
    (void)fputs(ctx->colour ? BOLD : "", stdout);
    int width = render_text(stdout, title);
    (void)fputs(ctx->colour ? PLAIN : "", stdout);
    pad(width < TITLE_WIDTH ? TITLE_WIDTH - width : 1);
}

/* The members of the first row are the columns: a keeper writes all rows alike. */
static void render_rows(const struct tool_context *ctx, const cJSON *rows)
{
    struct render_column columns[COLUMNS_MAX + 1] = {0};
    size_t count = 0;
    const cJSON *member;
    cJSON_ArrayForEach(member, cJSON_GetArrayItem(rows, 0))
    {
        if (count < COLUMNS_MAX)
            columns[count++] = (struct render_column){member->string, member->string};
    }
    (void)fputs(ctx->colour ? BOLD : "", stdout);
    (void)render_text(stdout, rows->string);
    (void)puts(ctx->colour ? ":" PLAIN : ":");
    render_table(ctx, rows, columns);
}

static bool holds_objects(const cJSON *item)
{
    return cJSON_IsArray(item) && cJSON_IsObject(cJSON_GetArrayItem(item, 0));
}

static bool is_empty(const cJSON *item)
{
    return (cJSON_IsString(item) && *item->valuestring == '\0') ||
           (cJSON_IsArray(item) && cJSON_GetArraySize(item) == 0);
}

/* False: there was none. */
static bool render_singles(const struct tool_context *ctx, const cJSON *object)
{
    bool said = false;
    const cJSON *item;
    cJSON_ArrayForEach(item, object)
    {
        if (cJSON_IsObject(item) || holds_objects(item) || is_empty(item))
            continue;
        print_title(ctx, item->string);
        (void)print_member(stdout, object, item->string);
        (void)putchar('\n');
        said = true;
    }
    return said;
}

void render_object(const struct tool_context *ctx, const cJSON *object)
{
    bool said = render_singles(ctx, object);
    const cJSON *item;
    cJSON_ArrayForEach(item, object)
    {
        if (!cJSON_IsObject(item) && !holds_objects(item))
            continue;
        if (said)
            (void)putchar('\n');
        said = true;
        if (holds_objects(item)) {
            render_rows(ctx, item);
            continue;
        }
        (void)render_text(stdout, item->string);
        (void)printf(":\n");
        render_object(ctx, item);
    }
}
