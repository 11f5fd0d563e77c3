/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/config.h"
#include "lib/command_line.h"
#include "lib/memory.h"

#include <ctype.h>
#include <fcntl.h>
#include <ini.h>
#include <limits.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>

#define FILE_LIMIT ((size_t)1024 * 1024)
#define SECONDS_A_YEAR (365LLU * 24 * 3600)

enum kind {
        KIND_TEXT,
        KIND_PATH,
        KIND_FLAG,
        KIND_SECONDS,
        KIND_BYTES,
        KIND_NUMBER,
        KIND_CHOICE,
};

static const struct key {
        enum kind kind;
        size_t offset;
        const char *name;
        const char *value;
        const char *text;
} keys[] = {
#define X(key_kind, field, key_name, default_value, description)                                             \
        {KIND_##key_kind, offsetof(struct config, field), key_name, default_value, description},
        CONFIG_KEYS(X)
#undef X
};

/* What is narrower than the bounds of its kind. */
static const struct bounds {
        const char *name;
        uint64_t minimum, maximum;
} narrower[] = {
        {"backup.level", 1, 19},
        {"daemon.idle", 0, SECONDS_A_YEAR},
        {"download.attempts", 1, 1000},
        {"extract.ratio", 1, 100000},
        {"gate.retry_after", 1, 86400},
        {"gate.settle", 0, 3600},
        {"hooks.timeout", 1, 3600},
};

static struct bounds find_bounds(const struct key *key)
{
        for (size_t i = 0; i < ARRAY_SIZE(narrower); i++)
                if (strcmp(narrower[i].name, key->name) == 0)
                        return narrower[i];
        if (key->kind == KIND_SECONDS)
                return (struct bounds){key->name, 1, SECONDS_A_YEAR};
        if (key->kind == KIND_BYTES)
                return (struct bounds){key->name, 1, 1LLU << 50};
        return (struct bounds){key->name, 1, 1000000000};
}

static const struct key *find_key(const char *name)
{
        for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
                if (strcmp(keys[i].name, name) == 0)
                        return &keys[i];
        return NULL;
}

static void *field_of(struct config *config, const struct key *key)
{
        return (char *)config + key->offset;
}

static int refuse(struct error *err, const struct key *key, const char *value, const char *wanted)
{
        return error_set(
                err, REASON_CONFIGURATION_INVALID, "%s = %.200s: must be %s", key->name, value, wanted);
}

/* An empty value is NULL: not set. */
static int set_text(struct config *config, const struct key *key, const char *value, struct error *err)
{
        char **field = field_of(config, key);
        string_replace(field, *value ? string_copy(value) : NULL);
        return 0;
}

static int set_path(struct config *config, const struct key *key, const char *value, struct error *err)
{
        if (*value && *value != '/')
                return refuse(err, key, value, "an absolute path");
        if (strlen(value) >= PATH_MAX)
                return refuse(err, key, value, "shorter than a path may be (4096 bytes)");
        return set_text(config, key, value, err);
}

/* Compared as text later, so in lower case. */
static int set_sha256(struct config *config, const struct key *key, const char *value, struct error *err)
{
        size_t size = strlen(value);
        if (size != 0 && (size != 64 || strspn(value, "0123456789abcdefABCDEF") != size))
                return refuse(err, key, value, "64 hexadecimal digits");
        _cleanup_free_ char *lower = string_copy(value);
        for (char *digit = lower; *digit; digit++)
                *digit = (char)tolower((unsigned char)*digit);
        return set_text(config, key, lower, err);
}

/* Whether there is such a program is preflight's to say. */
static int set_command(struct config *config, const struct key *key, const char *value, struct error *err)
{
        _cleanup_string_list_ struct string_list words = {0};
        _cleanup_error_ struct error unsplit = {0};
        if (command_line_split(value, &words, &unsplit) < 0)
                return refuse(err, key, value, "a command whose quotes are closed");
        if (words.count > 0 && words.items[0][0] != '/')
                return refuse(err, key, value, "an absolute path, and arguments behind it if you like");
        return set_text(config, key, words.count > 0 ? value : "", err);
}

static int set_flag(struct config *config, const struct key *key, const char *value, struct error *err)
{
        static const struct {
                const char *word;
                bool value;
        } words[] = {
                {"yes", true},
                {"true", true},
                {"on", true},
                {"1", true},
                {"no", false},
                {"false", false},
                {"off", false},
                {"0", false},
        };
        bool *field = field_of(config, key);
        for (size_t i = 0; i < ARRAY_SIZE(words); i++)
                if (strcasecmp(words[i].word, value) == 0) {
                        *field = words[i].value;
                        return 0;
                }
        return refuse(err, key, value, "yes or no");
}

/* Digits, and one of the units when there are some; returns false for what is not, and for what overflows. */
static bool parse_number(const char *value, const char *units, uint64_t *ret)
{
        if (!isdigit((unsigned char)*value))
                return false;
        char *end;
        errno = 0;
        unsigned long long number = strtoull(value, &end, 10);
        if (errno)
                return false;
        unsigned shift = 0;
        if (*end) {
                const char *unit = strchr(units, toupper((unsigned char)*end));
                if (!unit || end[1])
                        return false;
                shift = 10 * (unsigned)(unit - units + 1);
        }
        if (number > UINT64_MAX >> shift)
                return false;
        *ret = (uint64_t)number << shift;
        return true;
}

static int set_number(struct config *config, const struct key *key, const char *value, struct error *err)
{
        uint64_t number;
        bool bytes = key->kind == KIND_BYTES;
        if (!parse_number(value, bytes ? "KMGT" : "", &number))
                return refuse(err, key, value,
                        bytes                       ? "a number, behind it K, M, G or T if you like"
                        : key->kind == KIND_SECONDS ? "a plain number of seconds"
                                                    : "a plain number");
        struct bounds bounds = find_bounds(key);
        if (number < bounds.minimum || number > bounds.maximum)
                return error_set(err, REASON_CONFIGURATION_INVALID,
                        "%s = %.200s: must lie between %ju and %ju", key->name, value,
                        (uintmax_t)bounds.minimum, (uintmax_t)bounds.maximum);
        *(uint64_t *)field_of(config, key) = number;
        return 0;
}

static int set_choice(struct config *config, const struct key *key, const char *value, struct error *err)
{
        size_t size = strlen(value);
        const char *end = strchr(key->text, ':');
        for (const char *choice = key->text; end && choice < end;) {
                size_t length = strcspn(choice, "|:");
                if (length == size && memcmp(choice, value, size) == 0)
                        return set_text(config, key, value, err);
                choice += length + 1;
        }
        return error_set(err, REASON_CONFIGURATION_INVALID, "%s = %.200s: must be one of %.*s", key->name,
                value, (int)(end - key->text), key->text);
}

static int set_key(struct config *config, const struct key *key, const char *value, struct error *err)
{
        for (const char *byte = value; *byte; byte++)
                if ((unsigned char)*byte < ' ' || *byte == 0x7f)
                        return error_set(err, REASON_CONFIGURATION_INVALID,
                                "%s: the value holds a control character", key->name);
        switch (key->kind) {
        case KIND_TEXT:
                if (key->offset == offsetof(struct config, package_sha256))
                        return set_sha256(config, key, value, err);
                if (key->offset == offsetof(struct config, hooks_on_event))
                        return set_command(config, key, value, err);
                return set_text(config, key, value, err);
        case KIND_PATH:
                return set_path(config, key, value, err);
        case KIND_FLAG:
                return set_flag(config, key, value, err);
        case KIND_SECONDS:
        case KIND_BYTES:
        case KIND_NUMBER:
                return set_number(config, key, value, err);
        case KIND_CHOICE:
                return set_choice(config, key, value, err);
        }
        return 0;
}

int config_set(struct config *config, const char *name, const char *value, struct error *err)
{
        const struct key *key = find_key(name);
        if (!key)
                return error_set(err, REASON_CONFIGURATION_INVALID, "there is no key %.100s", name);
        return set_key(config, key, value, err);
}

void config_init(struct config *config)
{
        *config = (struct config){0};
        for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
                _cleanup_error_ struct error err = {0};
                if (set_key(config, &keys[i], keys[i].value, &err) < 0) {
                        fprintf(stderr, "default of %s\n", error_message(&err));
                        abort(); /* the table contradicts itself: the tests see it */
                }
        }
}

void config_deinit(struct config *config)
{
        for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
                switch (keys[i].kind) {
                case KIND_TEXT:
                case KIND_PATH:
                case KIND_CHOICE:
                        freep(field_of(config, &keys[i]));
                        break;
                case KIND_FLAG:
                case KIND_SECONDS:
                case KIND_BYTES:
                case KIND_NUMBER:
                        break;
                }
        *config = (struct config){0};
}

bool config_describe(size_t index, const char **ret_name, const char **ret_default, const char **ret_text)
{
        if (index >= ARRAY_SIZE(keys))
                return false;
        *ret_name = keys[index].name;
        *ret_default = keys[index].value;
        *ret_text = keys[index].text;
        return true;
}

char *config_value(const struct config *config, size_t index)
{
        const char *field = (const char *)config + keys[index].offset;
        switch (keys[index].kind) {
        case KIND_TEXT:
        case KIND_PATH:
        case KIND_CHOICE: {
                const char *text = *(char *const *)(const void *)field;
                return string_copy(text ? text : "");
        }
        case KIND_FLAG:
                return string_copy(*(const bool *)(const void *)field ? "yes" : "no");
        case KIND_SECONDS:
        case KIND_BYTES:
        case KIND_NUMBER:
                return string_format("%llu", (unsigned long long)*(const uint64_t *)(const void *)field);
        }
        return NULL;
}

/* What inih is fed from and what came out. The lines are handed over by read_line, which so knows the number
 * of the line that the handler is called for. */
struct reading {
        struct config *config;
        const char *path;
        const char *rest; /* what is not yet read */
        const char *end;
        unsigned line;
        unsigned set_in_line[ARRAY_SIZE(keys)]; /* 0: not set in this file */
        bool failed;
        struct error *err;
};

static void fail_in_line(struct reading *reading)
{
        error_wrap(reading->err, "%s:%u", reading->path, reading->line);
        reading->err->reason = REASON_CONFIGURATION_INVALID;
        reading->failed = true;
}

static bool line_is_clean(struct reading *reading, const char *line, size_t size, size_t limit)
{
        for (size_t i = 0; i < size; i++) {
                unsigned char byte = (unsigned char)line[i];
                if ((byte < ' ' && byte != '\t' && byte != '\r') || byte == 0x7f) {
                        error_set(reading->err, REASON_CONFIGURATION_INVALID,
                                "byte 0x%02x in column %zu belongs into no configuration file", byte, i + 1);
                        return false;
                }
        }
        if (size > limit) {
                error_set(reading->err, REASON_CONFIGURATION_INVALID,
                        "the line is longer than %zu bytes; a longer value can be given with --set", limit);
                return false;
        }
        return true;
}

/* One line as fgets(3) gives it. Blanks in front are left out: inih would take an indented line as more of
 * the value above it, and an indented key would be lost without a word. */
static char *read_line(char *into, int capacity, void *userdata)
{
        struct reading *reading = userdata;
        if (reading->failed || reading->rest == reading->end)
                return NULL;
        reading->line++;
        const char *line = reading->rest;
        const char *newline = memchr(line, '\n', (size_t)(reading->end - line));
        const char *end = newline ? newline : reading->end;
        reading->rest = newline ? newline + 1 : reading->end;
        while (line < end && (*line == ' ' || *line == '\t'))
                line++;
        size_t size = (size_t)(end - line);
        if (!line_is_clean(reading, line, size, (size_t)capacity - 2)) {
                fail_in_line(reading);
                return NULL;
        }
        memcpy(into, line, size);
        memcpy(into + size, "\n", 2);
        return into;
}

/* Returns 0 on failure, as inih wants it. */
static int handle_key(void *userdata, const char *section, const char *name, const char *value)
{
        struct reading *reading = userdata;
        if (reading->failed)
                return 0;
        _cleanup_free_ char *full = string_format("%s.%s", section, name);
        const struct key *key = find_key(full);
        unsigned *set_in_line = key ? &reading->set_in_line[key - keys] : NULL;
        int result;
        if (set_in_line && *set_in_line)
                result = error_set(reading->err, REASON_CONFIGURATION_INVALID,
                        "%s is set a second time, the first is in line %u", full, *set_in_line);
        else
                result = config_set(reading->config, full, value, reading->err);
        if (result < 0)
                fail_in_line(reading);
        else if (set_in_line)
                *set_in_line = reading->line;
        return result == 0;
}

static int parse(struct reading *reading)
{
        int result = ini_parse_stream(read_line, reading, handle_key, reading);
        /* inih goes on behind a line that it can't read: what was met first is told. */
        if (result > 0 && (!reading->failed || (unsigned)result < reading->line))
                return error_set(reading->err, REASON_CONFIGURATION_INVALID,
                        "%s:%d: neither a [section] nor key = value", reading->path, result);
        if (reading->failed)
                return -1;
        if (result < 0)
                return error_set(
                        reading->err, REASON_CONFIGURATION_INVALID, "%s: could not be parsed", reading->path);
        return 0;
}

/* O_NONBLOCK: a FIFO in the file's place must not hang the start. */
static int read_file(const char *path, struct buffer *ret, struct error *err)
{
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        struct stat status;
        if (fd < 0 || fstat(fd, &status) < 0)
                return error_set_errno(err, errno, "can't open the configuration %s", path);
        if (!S_ISREG(status.st_mode))
                return error_set(err, REASON_CONFIGURATION_INVALID, "%s is not a regular file", path);
        char piece[8192];
        ssize_t count;
        while ((count = read(fd, piece, sizeof(piece))) != 0) {
                if (count < 0 && errno == EINTR)
                        continue;
                if (count < 0)
                        return error_set_errno(err, errno, "can't read the configuration %s", path);
                buffer_append(ret, piece, (size_t)count);
                if (ret->size > FILE_LIMIT)
                        return error_set(err, REASON_CONFIGURATION_INVALID,
                                "%s is larger than 1 MiB: this is no configuration file", path);
        }
        return 0;
}

int config_load(struct config *config, const char *path, struct error *err)
{
        _cleanup_buffer_ struct buffer content = {0};
        if (read_file(path, &content, err) < 0)
                return -1;
        struct reading reading = {
                .config = config,
                .path = path,
                .rest = content.data,
                .end = content.data + content.size,
                .err = err,
        };
        return content.size > 0 ? parse(&reading) : 0;
}
