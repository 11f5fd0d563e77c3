/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/package_note.h"

#include "lib/files.h"
#include "lib/memory.h"
#include "states/stages.h"

#include <jansson.h>
#include <string.h>

#define NOTE_LIMIT 65536

void package_note_deinit(struct package_note *note)
{
        free(note->source);
        free(note->sha256);
        free(note->version);
        *note = (struct package_note){0};
}

/* It is read by a version that may be another one than has written it: what is not understood is no note. */
static bool note_parse(const char *text, size_t size, struct package_note *ret)
{
        json_auto_t *json = json_loadb(text, size, 0, NULL);
        const char *source, *sha256 = NULL, *version = NULL;
        json_int_t bytes = 0;
        if (json_unpack(json, "{s:s, s?I, s?s, s?s}", "source", &source, "size", &bytes, "sha256", &sha256,
                    "version", &version) != 0)
                return false;
        bool judged = sha256 && version && bytes > 0 && strlen(sha256) == 64;
        *ret = (struct package_note){
                .source = string_copy(source),
                .size = judged ? (uint64_t)bytes : 0,
                .sha256 = judged ? string_copy(sha256) : NULL,
                .version = judged ? string_copy(version) : NULL,
        };
        return true;
}

int package_note_read(int state_fd, struct package_note *ret, struct error *err)
{
        _cleanup_free_ char *text = NULL;
        size_t size = 0;
        int found = file_read(state_fd, NAME_STATE_PACKAGE_NOTE, NOTE_LIMIT, &text, &size, err);
        if (found < 0 && err->reason == REASON_INVALID_ARGUMENT) { /* too large for one of ours */
                error_deinit(err);
                return 1;
        }
        if (found != 0)
                return found;
        return note_parse(text, size, ret) ? 0 : 1;
}

int package_note_write(int state_fd, const struct package_note *note, struct error *err)
{
        json_auto_t *json = json_pack("{s:s}", "source", note->source); /* NULL: a name that is not UTF-8 */
        if (note->sha256) {
                json_object_set_new(json, "size", json_integer((json_int_t)note->size));
                json_object_set_new(json, "sha256", json_string(note->sha256));
                json_object_set_new(json, "version", json_string(note->version));
        }
        _cleanup_free_ char *text = json_dumps(json, JSON_COMPACT);
        if (!text)
                return error_set(err, REASON_INVALID_ARGUMENT, "the package's source is not UTF-8");
        return file_write_atomic(state_fd, NAME_STATE_PACKAGE_NOTE, text, strlen(text), 0600, err);
}

int package_note_remove(int state_fd, struct error *err)
{
        return file_remove(state_fd, NAME_STATE_PACKAGE_NOTE, err) < 0 ? -1 : 0;
}
