/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Builds zip archives byte by byte, so that a test can also make one that no zip program would. Stored, not
 * compressed, unless the packed bytes are given. Source of the layout: PKWARE's APPNOTE.TXT 6.3.10,
 * section 4.3. */

#include "lib/memory.h"

#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

struct zip_item {
        const char *name;
        const char *data; /* NULL: empty */
        unsigned mode; /* S_IFMT bits and permissions; 0: not from a unix */
        size_t name_size; /* 0: strlen(name) */
        unsigned flags; /* 1: encrypted */
        unsigned method; /* 0: stored */
        unsigned claimed_size; /* 0: the true one */
        unsigned wrong_crc; /* 1: the CRC does not fit */
        const void *packed; /* what stands in the archive in place of data, whose CRC is told */
        size_t packed_size;
};

static inline void zip_number(struct buffer *buffer, uint64_t value, int size)
{
        for (int i = 0; i < size; i++, value >>= 8)
                buffer_append(buffer, &(char){(char)(value & 0xff)}, 1);
}

static inline uint32_t zip_item_crc(const struct zip_item *item)
{
        const char *data = item->data ? item->data : "";
        return (uint32_t)crc32(0, (const Bytef *)data, (uInt)strlen(data)) ^ (item->wrong_crc ? 1 : 0);
}

/* What local and central header have in common, from "version needed" to "extra field length". */
static inline void zip_item_middle(struct buffer *buffer, const struct zip_item *item)
{
        size_t size = item->data ? strlen(item->data) : 0;
        size_t packed_size = item->packed ? item->packed_size : size;
        zip_number(buffer, 20, 2);
        zip_number(buffer, item->flags, 2);
        zip_number(buffer, item->method, 2);
        zip_number(buffer, 0x6000, 2); /* 12:00:00 */
        zip_number(buffer, 0x50c6, 2); /* 2020-06-06 */
        zip_number(buffer, zip_item_crc(item), 4);
        zip_number(buffer, packed_size, 4);
        zip_number(buffer, item->claimed_size > 0 ? item->claimed_size : size, 4);
        zip_number(buffer, item->name_size > 0 ? item->name_size : strlen(item->name), 2);
        zip_number(buffer, 0, 2);
}

static inline void zip_build(const struct zip_item *items, size_t count, struct buffer *ret)
{
        _cleanup_buffer_ struct buffer directory = {0};
        for (size_t i = 0; i < count; i++) {
                const struct zip_item *item = &items[i];
                size_t offset = ret->size;
                size_t name_size = item->name_size > 0 ? item->name_size : strlen(item->name);
                buffer_append(ret, "PK\3\4", 4);
                zip_item_middle(ret, item);
                buffer_append(ret, item->name, name_size);
                if (item->packed)
                        buffer_append(ret, item->packed, item->packed_size);
                else if (item->data)
                        buffer_append_string(ret, item->data);
                buffer_append(&directory, "PK\1\2", 4);
                zip_number(&directory, item->mode ? 0x031e : 0x001e, 2);
                zip_item_middle(&directory, item);
                zip_number(&directory, 0, 2); /* comment */
                zip_number(&directory, 0, 2); /* disk */
                zip_number(&directory, 0, 2); /* internal attributes */
                zip_number(&directory, (uint64_t)item->mode << 16, 4);
                zip_number(&directory, offset, 4);
                buffer_append(&directory, item->name, name_size);
        }
        size_t offset = ret->size;
        buffer_append(ret, directory.data, directory.size);
        buffer_append(ret, "PK\5\6", 4);
        zip_number(ret, 0, 4);
        zip_number(ret, count, 2);
        zip_number(ret, count, 2);
        zip_number(ret, directory.size, 4);
        zip_number(ret, offset, 4);
        zip_number(ret, 0, 2);
}
