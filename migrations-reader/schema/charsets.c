/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/schema/charsets.h"

#include "lib/memory.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* Source: information_schema.CHARACTER_SETS of MariaDB 10.11. */
static const struct charset {
        const char *name, *collation;
        unsigned width;
} charsets[] = {
        {"armscii8", "armscii8_general_ci", 1},
        {"ascii", "ascii_general_ci", 1},
        {"big5", "big5_chinese_ci", 2},
        {"binary", "binary", 1},
        {"cp1250", "cp1250_general_ci", 1},
        {"cp1251", "cp1251_general_ci", 1},
        {"cp1256", "cp1256_general_ci", 1},
        {"cp1257", "cp1257_general_ci", 1},
        {"cp850", "cp850_general_ci", 1},
        {"cp852", "cp852_general_ci", 1},
        {"cp866", "cp866_general_ci", 1},
        {"cp932", "cp932_japanese_ci", 2},
        {"dec8", "dec8_swedish_ci", 1},
        {"eucjpms", "eucjpms_japanese_ci", 3},
        {"euckr", "euckr_korean_ci", 2},
        {"gb2312", "gb2312_chinese_ci", 2},
        {"gbk", "gbk_chinese_ci", 2},
        {"geostd8", "geostd8_general_ci", 1},
        {"greek", "greek_general_ci", 1},
        {"hebrew", "hebrew_general_ci", 1},
        {"hp8", "hp8_english_ci", 1},
        {"keybcs2", "keybcs2_general_ci", 1},
        {"koi8r", "koi8r_general_ci", 1},
        {"koi8u", "koi8u_general_ci", 1},
        {"latin1", "latin1_swedish_ci", 1},
        {"latin2", "latin2_general_ci", 1},
        {"latin5", "latin5_turkish_ci", 1},
        {"latin7", "latin7_general_ci", 1},
        {"macce", "macce_general_ci", 1},
        {"macroman", "macroman_general_ci", 1},
        {"sjis", "sjis_japanese_ci", 2},
        {"swe7", "swe7_swedish_ci", 1},
        {"tis620", "tis620_thai_ci", 1},
        {"ucs2", "ucs2_general_ci", 2},
        {"ujis", "ujis_japanese_ci", 3},
        {"utf16", "utf16_general_ci", 4},
        {"utf16le", "utf16le_general_ci", 4},
        {"utf32", "utf32_general_ci", 4},
        {"utf8mb3", "utf8mb3_general_ci", 3},
        {"utf8mb4", "utf8mb4_general_ci", 4},
};

static unsigned version_of(const struct database_server *server)
{
        return server->major * 10000 + server->minor * 100 + server->patch;
}

/* How the three-byte utf8 is called. */
static const char *utf8_name(const struct database_server *server)
{
        return version_of(server) >= (server->mariadb ? 100600u : 80030u) ? "utf8mb3" : "utf8";
}

static const struct charset *find_charset(const char *name)
{
        if (strcasecmp(name, "utf8") == 0)
                name = "utf8mb3";
        for (size_t i = 0; i < ARRAY_SIZE(charsets); i++)
                if (strcasecmp(charsets[i].name, name) == 0)
                        return &charsets[i];
        return NULL;
}

char *charset_name(const struct database_server *server, const char *name)
{
        const struct charset *charset = find_charset(name);
        if (!charset)
                return NULL;
        return string_copy(strcmp(charset->name, "utf8mb3") == 0 ? utf8_name(server) : charset->name);
}

char *collation_charset(const char *collation)
{
        return memory_copy(collation, strcspn(collation, "_"));
}

char *collation_name(const struct database_server *server, const char *name)
{
        _cleanup_free_ char *prefix = collation_charset(name);
        _cleanup_free_ char *charset = charset_name(server, prefix);
        const char *rest = name + strlen(prefix);
        if (!charset || (!*rest && strcmp(charset, "binary") != 0))
                return NULL;
        char *collation = string_format("%s%s", charset, rest);
        for (char *c = collation; *c; c++)
                *c = (char)tolower((unsigned char)*c);
        return collation;
}

char *charset_default_collation(const struct database_server *server, const char *charset)
{
        const struct charset *found = find_charset(charset);
        if (!found)
                return NULL;
        bool is_unicode = strcmp(found->name, "utf8mb4") == 0;
        if (is_unicode && !server->mariadb && server->major >= 8)
                return string_copy("utf8mb4_0900_ai_ci");
        if (is_unicode && server->mariadb && version_of(server) >= 110500)
                return string_copy("utf8mb4_uca1400_ai_ci");
        return collation_name(server, found->collation);
}

char *charset_binary_collation(const char *charset)
{
        return strcmp(charset, "binary") == 0 ? string_copy(charset) : string_format("%s_bin", charset);
}

unsigned charset_width(const char *charset)
{
        const struct charset *found = charset ? find_charset(charset) : NULL;
        return found ? found->width : 1;
}
