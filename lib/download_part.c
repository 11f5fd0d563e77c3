/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/download_part.h"
#include "lib/files.h"
#include "lib/interrupted.h"
#include "lib/memory.h"
#include "lib/sha256.h"

#include <jansson.h>
#include <string.h>

#define NOTE_LIMIT 65536
#define SYNC_INTERVAL (UINT64_C(16) << 20) /* what a power cut may cost */

/* Names this boot of the machine; empty when it can't be learnt, which equals no boot. */
static char *boot_name(void)
{
        char text[64] = "";
        _cleanup_fclose_ FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");
        if (!file || !fgets(text, sizeof(text), file))
                return string_copy("");
        text[strcspn(text, "\n")] = '\0';
        return string_copy(text);
}

static int save_note(struct download_part *part, struct error *err)
{
        _cleanup_free_ char *boot = boot_name();
        json_t *note = json_pack("{s:s, s:s*, s:I, s:I, s:s}", "address", part->address, "validator",
                part->validator, "length", (json_int_t)part->length, "synced", (json_int_t)part->synced,
                "boot", boot);
        _cleanup_free_ char *text = note ? json_dumps(note, JSON_COMPACT) : NULL;
        json_decref(note);
        if (!text) /* a validator that is no UTF-8 was refused before: the note is plain ASCII */
                return error_set(
                        err, REASON_INTERNAL, "the note for %s can't be written as JSON", part->name);
        return file_write_atomic(part->folder_fd, part->note_name, text, strlen(text), 0600, err);
}

/* Takes over what the note says, when it is about this URL; otherwise the part stays of size 0. */
static void use_note(struct download_part *part, const char *text, size_t size, uint64_t file_size)
{
        const char *address = "", *validator = NULL, *boot = "";
        json_int_t length = 0, synced = 0;
        _cleanup_free_ char *this_boot = boot_name();
        json_t *note = json_loadb(text, size, 0, NULL);
        if (note &&
                json_unpack(note, "{s:s, s?s, s:I, s:I, s:s}", "address", &address, "validator", &validator,
                        "length", &length, "synced", &synced, "boot", &boot) == 0 &&
                validator && length >= 0 && synced >= 0 && strcmp(address, part->address) == 0) {
                bool same_boot = this_boot[0] != '\0' && strcmp(boot, this_boot) == 0;
                uint64_t trusted = same_boot || (uint64_t)synced > file_size ? file_size : (uint64_t)synced;
                if (length == 0 || trusted <= (uint64_t)length) {
                        part->validator = string_copy(validator);
                        part->length = (uint64_t)length;
                        part->size = trusted;
                        part->synced = (uint64_t)synced < trusted ? (uint64_t)synced : trusted;
                }
        }
        json_decref(note);
}

static int load(struct download_part *part, struct error *err)
{
        struct stat status;
        if (fstat(part->fd, &status) < 0)
                return error_set_errno(err, errno, "can't examine %s", part->name);
        if (!S_ISREG(status.st_mode))
                return error_set(err, REASON_UNSAFE_PATH, "%s is not a regular file", part->name);
        _cleanup_free_ char *note = NULL;
        size_t size = 0;
        _cleanup_error_ struct error ignored = {0};
        /* A note that can't be read is no note: the download begins anew. */
        if (file_read(part->folder_fd, part->note_name, NOTE_LIMIT, &note, &size, &ignored) == 0)
                use_note(part, note, size, (uint64_t)status.st_size);
        if (part->size < (uint64_t)status.st_size &&
                uninterrupted(ftruncate(part->fd, (off_t)part->size)) < 0)
                return error_set_errno(err, errno, "can't shorten %s", part->name);
        return 0;
}

int download_part_open(
        int folder_fd, const char *name, const char *url, struct download_part *ret, struct error *err)
{
        struct download_part part = {
                .folder_fd = folder_fd,
                .name = string_format("%s.part", name),
                .note_name = string_format("%s.part.json", name),
                .address = memory_new(SHA256_HEX_SIZE),
                .fd = -1,
        };
        sha256_of(url, strlen(url), part.address);
        if (file_open(folder_fd, part.name, O_RDWR | O_CREAT | O_NONBLOCK, 0600, &part.fd, err) < 0 ||
                load(&part, err) < 0) {
                download_part_deinit(&part);
                return -1;
        }
        *ret = part;
        return 0;
}

void download_part_deinit(struct download_part *part)
{
        if (part->name) /* else it was never opened: its descriptor is a zeroed struct's */
                closep(&part->fd);
        free(part->name);
        free(part->note_name);
        free(part->address);
        free(part->validator);
        *part = (struct download_part){.fd = -1};
}

int download_part_restart(
        struct download_part *part, const char *validator, uint64_t length, struct error *err)
{
        if (uninterrupted(ftruncate(part->fd, 0)) < 0)
                return error_set_errno(err, errno, "can't empty %s", part->name);
        if (file_sync(part->fd, part->name, err) < 0)
                return -1;
        part->size = part->synced = 0;
        part->length = length;
        string_replace(&part->validator, string_copy(validator));
        return save_note(part, err);
}

int download_part_append(struct download_part *part, const void *data, size_t size, struct error *err)
{
        const char *rest = data;
        while (size > 0) {
                ssize_t count = pwrite(part->fd, rest, size, (off_t)part->size);
                if (count < 0 && errno == EINTR)
                        continue;
                if (count <= 0)
                        return error_set_errno(err, count < 0 ? errno : EIO, "can't write %s", part->name);
                part->size += (uint64_t)count;
                rest += count;
                size -= (size_t)count;
        }
        if (part->size - part->synced < SYNC_INTERVAL || !part->validator)
                return 0;
        if (file_sync(part->fd, part->name, err) < 0)
                return -1;
        part->synced = part->size;
        return save_note(part, err);
}

int download_part_publish(struct download_part *part, const char *name, struct error *err)
{
        if (file_sync(part->fd, part->name, err) < 0)
                return -1;
        int renamed = file_rename(part->folder_fd, part->name, part->folder_fd, name, err);
        if (renamed > 0)
                return error_set(err, REASON_EVIDENCE_CONTRADICTS, "%s was taken away during the download",
                        part->name);
        if (renamed < 0)
                return -1;
        return file_remove(part->folder_fd, part->note_name, err) < 0 ? -1 : 0;
}

int download_part_remove(struct download_part *part, struct error *err)
{
        if (file_remove(part->folder_fd, part->name, err) < 0)
                return -1;
        return file_remove(part->folder_fd, part->note_name, err) < 0 ? -1 : 0;
}
