/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* fake_page.c - writes common/page.h's layout, apart from the keeper's own writer. */
#include "tests/lib/fake_page.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct fake_page fake_page_new(int64_t valid_until_ms)
{
    struct fake_page page = {.size = FAKE_PAGE_SIZE};
    page.fd = memfd_create("fake-page", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (page.fd < 0 || ftruncate(page.fd, FAKE_PAGE_SIZE) != 0)
        abort();
    page.header = mmap(NULL, page.size, PROT_READ | PROT_WRITE, MAP_SHARED, page.fd, 0);
    if (page.header == MAP_FAILED)
        abort();
    page.header->magic = PAGE_MAGIC;
    page.header->version = PAGE_VERSION;
    page.header->size = FAKE_PAGE_SIZE;
    page.header->valid_until_ms = valid_until_ms;
    page.header->port = 5432;
    fake_page_write(&page, FAKE_PAGE_PASSWORD, "v1");
    return page;
}

void fake_page_write(struct fake_page *page, const char *password, const char *version_id)
{
    const char *const texts[PAGE_FIELD_COUNT] = {
        [PAGE_NAME] = "prod/orders/db",
        [PAGE_ARN] = "arn:aws:secretsmanager:us-east-1:123456789012:secret:prod/orders/db-AbCdEf",
        [PAGE_VERSION_ID] = version_id,
        [PAGE_USERNAME] = "orders_app",
        [PAGE_PASSWORD] = password,
        [PAGE_HOST] = "orders-db.internal",
        [PAGE_DBNAME] = "orders",
        [PAGE_ENGINE] = "postgres",
    };
    struct page_header *header = page->header;
    atomic_fetch_add(&header->sequence, 1);
    uint32_t at = sizeof *header;
    for (size_t i = 0; i < PAGE_FIELD_COUNT; i++) {
        uint32_t len = (uint32_t)strlen(texts[i]);
        memcpy((char *)header + at, texts[i], len + 1);
        header->field[i].offset = at;
        header->field[i].len = len;
        at += len + 1;
    }
    header->used = (uint32_t)((at + 7) / 8 * 8 - sizeof *header);
    header->state = PAGE_READY;
    atomic_fetch_add(&header->sequence, 1);
}

void fake_page_set_state(struct fake_page *page, enum page_state state)
{
    atomic_fetch_add(&page->header->sequence, 1);
    page->header->state = (uint16_t)state;
    atomic_fetch_add(&page->header->sequence, 1);
}

void fake_page_seal(struct fake_page *page)
{
    if (fcntl(page->fd, F_ADD_SEALS,
              F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL) != 0)
        abort();
}

void fake_page_free(struct fake_page *page)
{
    (void)munmap(page->header, page->size); /* mapped above */
    (void)close(page->fd);                  /* not written to */
}
