/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/schema/ddl.h"

#include "lib/memory.h"
#include "migrations-reader/schema/charsets.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

void table_options_deinit(struct table_options *options)
{
        free(options->engine);
        free(options->charset);
        free(options->collation);
        free(options->comment);
        free(options->row_format);
        *options = (struct table_options){0};
}

/* Those of which a server without the plugin would not know have no name here. */
static const struct engine {
        const char *word, *name;
} engines[] = {
        {"INNODB", "InnoDB"},
        {"INNOBASE", "InnoDB"},
        {"MYISAM", "MyISAM"},
        {"ARIA", "Aria"},
        {"MEMORY", "MEMORY"},
        {"HEAP", "MEMORY"},
        {"CSV", "CSV"},
        {"ARCHIVE", NULL},
        {"BLACKHOLE", NULL},
        {"COLUMNSTORE", NULL},
        {"CONNECT", NULL},
        {"EXAMPLE", NULL},
        {"FEDERATED", NULL},
        {"FEDERATEDX", NULL},
        {"MERGE", NULL},
        {"MROONGA", NULL},
        {"MRG_MYISAM", NULL},
        {"NDB", NULL},
        {"NDBCLUSTER", NULL},
        {"OQGRAPH", NULL},
        {"PERFORMANCE_SCHEMA", NULL},
        {"ROCKSDB", NULL},
        {"S3", NULL},
        {"SEQUENCE", NULL},
        {"SPHINX", NULL},
        {"SPIDER", NULL},
        {"TOKUDB", NULL},
        {"XTRADB", NULL},
};

static char *take_word_value(struct ddl *ddl)
{
        (void)sql_take_mark(&ddl->cursor, '=');
        if (sql_take_word(&ddl->cursor, "BINARY") || sql_take_word(&ddl->cursor, "DEFAULT"))
                return sql_token_text(ddl->cursor.next - 1, NULL); /* reserved words */
        char *name = sql_take_name(&ddl->cursor);
        return name ?: sql_take_string(&ddl->cursor);
}

static bool read_engine(struct ddl *ddl, struct table_options *options)
{
        _cleanup_free_ char *word = take_word_value(ddl);
        if (!word)
                return ddl_syntax(ddl);
        for (size_t i = 0; i < ARRAY_SIZE(engines); i++) {
                if (strcasecmp(engines[i].word, word) != 0)
                        continue;
                if (!engines[i].name)
                        return ddl_doubt(ddl, "the engine %s is not followed", word);
                string_replace(&options->engine, string_copy(engines[i].name));
                return true;
        }
        return ddl_refuse(ddl, 1286, "Unknown storage engine '%s'", word);
}

static bool read_charset(struct ddl *ddl, struct table_options *options)
{
        _cleanup_free_ char *word = take_word_value(ddl);
        if (!word)
                return ddl_syntax(ddl);
        if (strcasecmp(word, "DEFAULT") == 0) {
                string_replace(&options->charset, string_copy(ddl->schema->charset));
                return true;
        }
        char *charset = charset_name(&ddl->schema->server, word);
        if (charset && options->charset && strcmp(charset, options->charset) != 0)
                (void)ddl_refuse(ddl, 1302,
                        "Conflicting declarations: 'CHARACTER SET %s' and 'CHARACTER SET %s'",
                        options->charset, charset);
        string_replace(&options->charset, charset);
        return charset ? ddl->number == 0 : ddl_refuse(ddl, 1115, "Unknown character set: '%s'", word);
}

static bool read_collation(struct ddl *ddl, struct table_options *options)
{
        _cleanup_free_ char *word = take_word_value(ddl);
        if (!word)
                return ddl_syntax(ddl);
        string_replace(&options->collation, collation_name(&ddl->schema->server, word));
        return options->collation || ddl_doubt(ddl, "the collation %s is not known here", word);
}

static bool read_comment(struct ddl *ddl, struct table_options *options)
{
        (void)sql_take_mark(&ddl->cursor, '=');
        string_replace(&options->comment, sql_take_string(&ddl->cursor));
        return options->comment || ddl_syntax(ddl);
}

static bool read_auto_increment(struct ddl *ddl, struct table_options *options)
{
        (void)sql_take_mark(&ddl->cursor, '=');
        options->has_auto_increment = true;
        return sql_take_number(&ddl->cursor, &options->auto_increment) || ddl_syntax(ddl);
}

static bool read_row_format(struct ddl *ddl, struct table_options *options)
{
        static const char *const formats[] = {
                "DYNAMIC", "COMPACT", "REDUNDANT", "COMPRESSED", "FIXED", "PAGE"};
        (void)sql_take_mark(&ddl->cursor, '=');
        options->has_row_format = true;
        string_replace(&options->row_format, NULL);
        if (sql_take_word(&ddl->cursor, "DEFAULT"))
                return true;
        for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
                if (sql_take_word(&ddl->cursor, formats[i])) {
                        options->row_format = string_copy(formats[i]);
                        return true;
                }
        return ddl_syntax(ddl);
}

/* Options that the snapshot doesn't hold. */
static bool skip_value(struct ddl *ddl, struct table_options *options)
{
        (void)options;
        (void)sql_take_mark(&ddl->cursor, '=');
        if (sql_at_end(&ddl->cursor))
                return ddl_syntax(ddl);
        ddl->cursor.next++;
        return true;
}

static const struct option {
        const char *words;
        bool (*read)(struct ddl *ddl, struct table_options *options);
} table_option_words[] = {
        {"ENGINE", read_engine},
        {"TYPE", read_engine},
        {"DEFAULT CHARACTER SET", read_charset},
        {"DEFAULT CHARSET", read_charset},
        {"CHARACTER SET", read_charset},
        {"CHARSET", read_charset},
        {"DEFAULT COLLATE", read_collation},
        {"COLLATE", read_collation},
        {"COMMENT", read_comment},
        {"AUTO_INCREMENT", read_auto_increment},
        {"ROW_FORMAT", read_row_format},
        {"AVG_ROW_LENGTH", skip_value},
        {"CHECKSUM", skip_value},
        {"DELAY_KEY_WRITE", skip_value},
        {"KEY_BLOCK_SIZE", skip_value},
        {"MAX_ROWS", skip_value},
        {"MIN_ROWS", skip_value},
        {"PACK_KEYS", skip_value},
        {"STATS_AUTO_RECALC", skip_value},
        {"STATS_PERSISTENT", skip_value},
        {"STATS_SAMPLE_PAGES", skip_value},
};

bool read_option(struct ddl *ddl, struct table_options *options)
{
        for (size_t i = 0; i < ARRAY_SIZE(table_option_words); i++)
                if (sql_take_words(&ddl->cursor, table_option_words[i].words))
                        return table_option_words[i].read(ddl, options);
        return false;
}

/* What one of character set and collation says about the other. */
bool finish_options(struct ddl *ddl, struct table_options *options)
{
        if (!options->charset && !options->collation)
                return true;
        if (!options->collation) {
                options->collation = charset_default_collation(&ddl->schema->server, options->charset);
                return true;
        }
        _cleanup_free_ char *charset = collation_charset(options->collation);
        if (options->charset && strcmp(charset, options->charset) != 0)
                return ddl_refuse(ddl, 1253, "COLLATION '%s' is not valid for CHARACTER SET '%s'",
                        options->collation, options->charset);
        string_replace(&options->charset, steal(&charset));
        return true;
}
