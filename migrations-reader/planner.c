/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/planner.h"

#include "lib/files.h"
#include "lib/memory.h"
#include "lib/php_syntax.h"
#include "migrations-reader/migration_base.h"
#include "migrations-reader/plan_source.h"
#include "migrations-reader/post_up.h"

#include <string.h>

#define NAMESPACE "Mautic\\Migrations\\"

struct kept;
static void kept_free(struct kept *kept);

struct planner {
        struct planner_settings settings;
        struct kept *kept; /* NULL: nothing */
        struct plan_source source;
        char **unknown; /* versions whose effect is not known; ends with NULL */
        size_t unknown_count;
        char *server_version; /* Mautic's db_server_version, or NULL: Doctrine asks the server */
};

const char *plan_verdict_name(enum plan_verdict verdict)
{
        static const char *const names[] = {
#define X(name, text, meaning) [name] = text,
                PLAN_VERDICTS(X)
#undef X
        };
        return names[verdict];
}

const char *plan_verdict_meaning(enum plan_verdict verdict)
{
        static const char *const meanings[] = {
#define X(name, text, meaning) [name] = meaning,
                PLAN_VERDICTS(X)
#undef X
        };
        return meanings[verdict];
}

void plan_deinit(struct plan *plan)
{
        free(plan->version);
        free(plan->file);
        free(plan->description);
        free(plan->message);
        free(plan->refused);
        free(plan->notes);
        strings_free(plan->assumes);
        planned_statements_deinit(&plan->statements);
        *plan = (struct plan){0};
}

/* Where classes come from: Mautic's own folders, by Composer's rule for each namespace. */

static char *replace_separators(char *path)
{
        for (char *at = path; *at; at++)
                if (*at == '\\')
                        *at = '/';
        return path;
}

static char *file_of_class(const struct planner *planner, const char *name)
{
        const struct {
                const char *namespace, *folder;
        } places[] = {
                {NAMESPACE, planner->settings.folder},
                {"MauticPlugin\\", "plugins"},
                {"Mautic\\", "app/bundles"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
                size_t size = strlen(places[i].namespace);
                if (strncasecmp(name, places[i].namespace, size) == 0)
                        return replace_separators(string_format("%s/%s.php", places[i].folder, name + size));
        }
        return NULL;
}

static int read_php_file(
        const struct planner *planner, const char *path, struct php_file **ret, struct error *err)
{
        _cleanup_free_ char *source = NULL;
        size_t size = 0;
        int result = file_read(planner->settings.root_fd, path, PHP_SOURCE_LIMIT, &source, &size, err);
        if (result != 0)
                return result;
        return php_file_read(path, source, size, ret, err);
}

static int load_class(void *context, const char *name, struct php_file **ret, struct error *err)
{
        const struct planner *planner = context;
        _cleanup_free_ char *path = file_of_class(planner, name);
        return path ? read_php_file(planner, path, ret, err) : 1;
}

/* One migration */

struct evaluation {
        struct planner *planner;
        struct php_run *run;
        struct migration_world world;
        struct php_value migration, from, to;
        const struct php_file *file;
        struct plan *plan;
};

static void evaluation_deinit(struct evaluation *evaluation)
{
        php_clear(&evaluation->migration);
        php_clear(&evaluation->from);
        php_clear(&evaluation->to);
        php_run_free(evaluation->run);
        migration_world_deinit(&evaluation->world);
}

static enum php_flow call(struct evaluation *evaluation, const char *method, struct php_value schema)
{
        _cleanup_php_value_ struct php_value nothing = PHP_NULL_VALUE;
        return php_call_method(evaluation->run, evaluation->migration, method, &schema, 1, &nothing);
}

/* The getter's value: of a migration that sets nothing of its own the base class's. */
static enum php_flow get(struct evaluation *evaluation, const char *method, struct php_value *ret)
{
        return php_call_method(evaluation->run, evaluation->migration, method, NULL, 0, ret);
}

static enum php_flow make_migration(struct evaluation *evaluation)
{
        struct php_run *run = evaluation->run;
        _cleanup_free_ char *class = string_format(NAMESPACE "Version%s", evaluation->plan->version);
        _cleanup_php_value_ struct php_value connection = doctrine_new_connection(run);
        enum php_flow flow = php_new(run, class, &connection, 1, &evaluation->migration);
        return flow == PHP_OK ? migration_base_prepare(run, evaluation->migration) : flow;
}

static enum php_flow read_facts(struct evaluation *evaluation)
{
        struct plan *plan = evaluation->plan;
        _cleanup_php_value_ struct php_value transactional = PHP_NULL_VALUE, description = PHP_NULL_VALUE;
        enum php_flow flow = get(evaluation, "isTransactional", &transactional);
        if (flow == PHP_OK)
                flow = get(evaluation, "getDescription", &description);
        if (flow != PHP_OK)
                return flow;
        plan->transactional = php_truth(transactional);
        if (description.type == PHP_TYPE_STRING)
                string_replace(&plan->description, string_copy(php_string_bytes(description)));
        return PHP_OK;
}

/* What was changed in $schema, as statements behind those of addSql. */
static enum php_flow add_schema_changes(struct evaluation *evaluation)
{
        _cleanup_php_value_ struct php_value changes = PHP_NULL_VALUE;
        enum php_flow flow =
                doctrine_schema_difference(evaluation->run, evaluation->from, evaluation->to, &changes);
        if (flow != PHP_OK)
                return flow;
        struct php_value sql;
        for (size_t at = 0; php_array_next(changes, &at, NULL, &sql);) {
                const char *bytes = php_string_bytes(sql);
                size_t size = php_string_size(sql);
                planned_statements_add(
                        &evaluation->world.added, bytes, size, PHP_NULL_VALUE, bytes, size, 0, false);
        }
        return PHP_OK;
}

/* The statements as if they had been sent now: what comes behind them sees the schema that they leave. */
static void follow_statements(struct evaluation *evaluation)
{
        struct plan_source *source = &evaluation->planner->source;
        const struct planned_statements *added = &evaluation->world.added;
        string_replace(&evaluation->plan->refused, steal(&evaluation->world.refused));
        for (size_t i = 0; i < added->count; i++) {
                _cleanup_free_ char *why = NULL;
                enum schema_effect effect =
                        plan_source_follow(source, added->items[i].bound, added->items[i].bound_size, &why);
                if (effect == SCHEMA_REFUSED && !evaluation->plan->refused)
                        evaluation->plan->refused = string_format("statement %zu: %s", i + 1, why);
                if (effect == SCHEMA_REFUSED)
                        return;
        }
}

/* Whether postUp stopped only because it asks for what the statements have not done yet. */
static bool waits_for_statements(const struct evaluation *evaluation)
{
        return evaluation->planner->source.depends &&
               php_run_stop(evaluation->run)->kind == PHP_STOP_NEEDS_PHP &&
               post_up_kind(evaluation->file) != POST_UP_WITH_SERVICES;
}

static enum php_flow run_up(struct evaluation *evaluation)
{
        struct php_run *run = evaluation->run;
        enum php_flow flow = make_migration(evaluation);
        if (flow == PHP_OK)
                flow = doctrine_new_schema(run, &evaluation->from);
        if (flow == PHP_OK)
                flow = call(evaluation, "preUp", evaluation->from);
        if (flow == PHP_OK)
                flow = php_clone(run, evaluation->from, &evaluation->to);
        return flow == PHP_OK ? call(evaluation, "up", evaluation->to) : flow;
}

/* Doctrine sends what is written directly at once, and what addSql took down when up() is through. */
static enum php_flow run_migration(struct evaluation *evaluation)
{
        struct plan_source *source = &evaluation->planner->source;
        struct planned_statements *statements = &evaluation->plan->statements;
        enum php_flow flow = run_up(evaluation);
        if (flow == PHP_OK)
                flow = read_facts(evaluation);
        if (flow == PHP_OK)
                flow = add_schema_changes(evaluation);
        planned_statements_move(statements, &source->direct);
        if (flow != PHP_OK)
                return flow;
        follow_statements(evaluation);
        planned_statements_move(statements, &evaluation->world.added);
        evaluation->world.doctrine.schema = plan_source_schema(source);
        flow = call(evaluation, "postUp", evaluation->to);
        if (flow == PHP_STOPPED && waits_for_statements(evaluation)) {
                evaluation->plan->post_up = true;
                evaluation->plan->post_up_alone = post_up_kind(evaluation->file) == POST_UP_ALONE;
                planned_statements_deinit(&source->direct);
                return PHP_OK;
        }
        planned_statements_move(statements, &source->direct);
        return flow;
}

/* The verdict */

static char *message_of(struct evaluation *evaluation, struct php_value exception)
{
        _cleanup_php_value_ struct php_value text = PHP_NULL_VALUE;
        if (php_call_method(evaluation->run, exception, "getMessage", NULL, 0, &text) != PHP_OK ||
                text.type != PHP_TYPE_STRING)
                return string_copy("");
        return string_copy(php_string_bytes(text));
}

static void judge_exception(struct evaluation *evaluation)
{
        struct plan *plan = evaluation->plan;
        _cleanup_php_value_ struct php_value exception = php_copy(php_run_exception(evaluation->run));
        php_run_forget_exception(evaluation->run);
        _cleanup_free_ char *message = message_of(evaluation, exception);
        if (migration_is_skip(evaluation->run, exception)) {
                plan->verdict = PLAN_SKIPPED;
                plan->message = steal(&message);
                return;
        }
        plan->verdict = PLAN_ERROR;
        plan->message = string_format("%s: %s", php_class_of(exception), message);
}

static int judge_stop(struct evaluation *evaluation, struct error *err)
{
        struct plan *plan = evaluation->plan;
        const struct php_stop *stop = php_run_stop(evaluation->run);
        const char *file = stop->file ?: plan->file;
        switch (stop->kind) {
        case PHP_STOP_NEEDS_PHP:
        case PHP_STOP_LIMIT:
                plan->verdict = PLAN_NEEDS_PHP;
                plan->message = string_format("%s, line %u: %s", file, stop->line, stop->message);
                return 0;
        case PHP_STOP_ERROR:
                plan->verdict = PLAN_ERROR;
                plan->message = string_format("%s, line %u: %s", file, stop->line, stop->message);
                return 0;
        case PHP_STOP_FAILED:
                break;
        }
        if (stop->error.reason == REASON_DATABASE_LOST)
                return error_set(err, stop->error.reason, "%s, line %u: %s", file, stop->line,
                        error_message(&stop->error));
        plan->verdict = PLAN_ERROR;
        plan->message = string_format("%s, line %u: %s", file, stop->line, error_message(&stop->error));
        return 0;
}

static int judge(struct evaluation *evaluation, enum php_flow flow, struct error *err)
{
        struct plan *plan = evaluation->plan;
        switch (flow) {
        case PHP_OK:
                plan->verdict = PLAN_EMPTY;
                for (size_t i = 0; i < plan->statements.count; i++)
                        if (!plan->statements.items[i].direct)
                                plan->verdict = PLAN_SQL;
                if (plan->post_up)
                        plan->message = string_copy(
                                "its postUp depends on what these statements leave, and is run after them");
                return 0;
        case PHP_THROWN:
                judge_exception(evaluation);
                break;
        case PHP_STOPPED:
                if (judge_stop(evaluation, err) < 0)
                        return -1;
                break;
        }
        /* What addSql took down is never sent then. */
        size_t kept = 0;
        for (size_t i = 0; i < plan->statements.count; i++) {
                struct planned_statement *statement = &plan->statements.items[i];
                if (statement->direct) {
                        plan->statements.items[kept++] = *statement;
                        continue;
                }
                free(statement->sql);
                free(statement->parameters);
                free(statement->bound);
        }
        plan->statements.count = kept;
        return 0;
}

static void remember_unknown(struct planner *planner, const char *version)
{
        planner->unknown =
                memory_resize(planner->unknown, planner->unknown_count + 2, sizeof(*planner->unknown));
        planner->unknown[planner->unknown_count++] = string_copy(version);
        planner->unknown[planner->unknown_count] = NULL;
}

static char **copy_unknown(const struct planner *planner)
{
        size_t count = planner->unknown_count;
        char **copy = count ? memory_new_array(count + 1, sizeof(*copy)) : NULL;
        for (size_t i = 0; i < count; i++)
                copy[i] = string_copy(planner->unknown[i]);
        return copy;
}

static void evaluation_init(
        struct evaluation *evaluation, struct planner *planner, struct php_file *file, struct plan *plan)
{
        *evaluation = (struct evaluation){
                .planner = planner,
                .plan = plan,
                .file = file,
                .run = php_run_new(PHP_LIMITS_DEFAULT, load_class, planner),
                .world = {.doctrine = {.version = planner->settings.version,
                                  .schema = plan_source_schema(&planner->source),
                                  .source = &planner->source.source},
                        .prefix = planner->settings.prefix,
                        .parameter = planner->settings.parameter,
                        .context = planner->settings.context},
        };
        php_add_standard(evaluation->run);
        doctrine_register(evaluation->run, &evaluation->world.doctrine);
        php_run_set_host(evaluation->run, &evaluation->world);
        migration_base_register(evaluation->run);
}

static int evaluate(struct planner *planner, struct php_file *file, struct plan *plan, struct error *err)
{
        _cleanup_(evaluation_deinit) struct evaluation evaluation;
        evaluation_init(&evaluation, planner, file, plan);
        enum php_flow flow = php_run_file(evaluation.run, file);
        if (flow == PHP_OK)
                flow = run_migration(&evaluation);
        if (evaluation.world.notes.size > 0)
                plan->notes = buffer_steal(&evaluation.world.notes);
        return judge(&evaluation, flow, err);
}

/* A syntax error is one in PHP too; a grammar that knows less than PHP is not excluded, so it needs PHP. */
static int read_migration(
        struct planner *planner, struct plan *plan, struct php_file **ret, struct error *err)
{
        int result = read_php_file(planner, plan->file, ret, err);
        if (result == 1)
                return error_set(err, REASON_MIGRATIONS_UNDETECTED, "%s went away", plan->file);
        if (result == 0)
                return 0;
        if (err->reason != REASON_INVALID_ARGUMENT && err->reason != REASON_UNSAFE_PATH)
                return -1;
        plan->verdict = err->reason == REASON_UNSAFE_PATH ? PLAN_ERROR : PLAN_NEEDS_PHP;
        plan->message = string_format("%s, %s", plan->file, error_message(err));
        error_deinit(err);
        return 1;
}

int planner_plan(
        struct planner *planner, const char *version, const char *file, struct plan *ret, struct error *err)
{
        _cleanup_plan_ struct plan plan = {
                .version = string_copy(version),
                .file = string_copy(file),
                .description = string_copy(""),
                .assumes = copy_unknown(planner),
                .transactional = true,
        };
        _cleanup_(php_file_freep) struct php_file *php = NULL;
        plan_source_next(&planner->source);
        int result = read_migration(planner, &plan, &php, err);
        if (result < 0 || (result == 0 && evaluate(planner, php, &plan, err) < 0))
                return -1;
        if (plan.verdict == PLAN_NEEDS_PHP || plan.verdict == PLAN_ERROR)
                remember_unknown(planner, version);
        *ret = plan;
        plan = (struct plan){0};
        return 0;
}

static void forget_plans(struct planner *planner)
{
        kept_free(steal(&planner->kept));
        plan_source_deinit(&planner->source);
        strings_free(steal(&planner->unknown));
        planner->unknown_count = 0;
}

void planner_reset(struct planner *planner)
{
        forget_plans(planner);
        plan_source_init(&planner->source, planner->settings.database, planner->settings.schema);
}

/* Up to Mautic 3 the configuration tells which server there is; Mautic 4 and 5 ask it. */
static int read_server_version(const struct planner_settings *settings, char **ret, struct error *err)
{
        _cleanup_php_value_ struct php_value value = PHP_NULL_VALUE;

        if (!settings->parameter || settings->version > DOCTRINE_2_10)
                return 0;
        if (settings->parameter(settings->context, "db_server_version", &value, err) < 0)
                return error_wrap(err, "reading db_server_version");
        if (value.type == PHP_TYPE_STRING && php_string_size(value) > 0)
                *ret = string_copy(php_string_bytes(value));
        return 0;
}

static enum php_flow post_up(struct evaluation *evaluation, struct php_file *file)
{
        enum php_flow flow = php_run_file(evaluation->run, file);
        if (flow == PHP_OK)
                flow = make_migration(evaluation);
        if (flow == PHP_OK)
                flow = doctrine_new_schema(evaluation->run, &evaluation->to);
        return flow == PHP_OK ? call(evaluation, "postUp", evaluation->to) : flow;
}

static int end_post_up(struct evaluation *evaluation, enum php_flow flow, struct error *err)
{
        struct plan *plan = evaluation->plan;
        if (judge(evaluation, flow, err) < 0)
                return -1;
        if (plan->verdict == PLAN_EMPTY || plan->verdict == PLAN_SQL)
                return 0;
        return error_set(err, REASON_MIGRATION_FAILED, "postUp of migration %s: %s", plan->version,
                plan->message ? plan->message : plan_verdict_name(plan->verdict));
}

/* The file was read when the plan was made: that it can't be read now is a fault of the site. */
static int read_again(struct planner *planner, struct plan *plan, struct php_file **ret, struct error *err)
{
        int result = read_migration(planner, plan, ret, err);
        return result == 1 ? error_set(err, REASON_MIGRATION_FAILED, "%s", plan->message) : result;
}

static int evaluate_post_up(struct planner *planner, struct plan *plan, struct error *err)
{
        _cleanup_(php_file_freep) struct php_file *file = NULL;
        if (read_again(planner, plan, &file, err) < 0)
                return -1;
        _cleanup_(evaluation_deinit) struct evaluation evaluation;
        evaluation_init(&evaluation, planner, file, plan);
        return end_post_up(&evaluation, post_up(&evaluation, file), err);
}

int planner_run_post_up(
        const struct planner_settings *settings, const char *version, const char *file, struct error *err)
{
        struct planner planner = {.settings = *settings};
        _cleanup_plan_ struct plan plan = {.version = string_copy(version), .file = string_copy(file)};
        plan_source_init(&planner.source, settings->database, settings->schema);
        planner.source.live = true;
        int result = evaluate_post_up(&planner, &plan, err);
        forget_plans(&planner);
        return result;
}

/* An object between its up and its postUp. */
struct kept {
        struct php_file *file;
        struct plan plan;
        struct evaluation evaluation;
};

static void kept_free(struct kept *kept)
{
        if (!kept)
                return;
        if (kept->file)
                evaluation_deinit(&kept->evaluation);
        plan_deinit(&kept->plan);
        php_file_free(kept->file);
        free(kept);
}

int planner_keep(struct planner *planner, const char *version, const char *file, struct error *err)
{
        planner_reset(planner);
        struct kept *kept = planner->kept = memory_new(sizeof(*kept));
        kept->plan = (struct plan){.version = string_copy(version), .file = string_copy(file)};
        if (read_again(planner, &kept->plan, &kept->file, err) < 0)
                return -1;
        struct evaluation *evaluation = &kept->evaluation;
        evaluation_init(evaluation, planner, kept->file, &kept->plan);
        enum php_flow flow = php_run_file(evaluation->run, kept->file);
        if (flow == PHP_OK)
                flow = run_up(evaluation);
        if (flow != PHP_OK)
                return judge(evaluation, flow, err) < 0
                               ? -1
                               : error_set(err, REASON_MIGRATION_FAILED, "migration %s: %s", version,
                                         kept->plan.message);
        planned_statements_deinit(&planner->source.direct);
        return database_query(planner->settings.database, NULL, err, "ROLLBACK");
}

int planner_run_kept_post_up(struct planner *planner, const struct schema *schema, struct error *err)
{
        struct evaluation *evaluation = &planner->kept->evaluation;
        planner->source.live = true;
        planner->source.base = evaluation->world.doctrine.schema = schema;
        return end_post_up(evaluation, call(evaluation, "postUp", evaluation->to), err);
}

int planner_new(const struct planner_settings *settings, struct planner **ret, struct error *err)
{
        _cleanup_free_ char *server_version = NULL;
        if (read_server_version(settings, &server_version, err) < 0)
                return -1;
        if (settings->database && plan_source_begin(settings->database, err) < 0)
                return error_wrap(err, "beginning to plan");
        struct planner *planner = memory_new(sizeof(*planner));
        planner->settings = *settings;
        planner->server_version = steal(&server_version);
        planner_reset(planner);
        *ret = planner;
        return 0;
}

void planner_free(struct planner *planner)
{
        if (!planner)
                return;
        _cleanup_error_ struct error ignored = {0}; /* a lost connection has ended its transaction */
        if (planner->settings.database)
                (void)!database_query(planner->settings.database, NULL, &ignored, "ROLLBACK");
        forget_plans(planner);
        free(planner->server_version);
        free(planner);
}
