/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "api_fixture.h"
#include "daemon/page_assets.h"

static int set_up_page(void **state)
{
        return set_up_site(state, "a<b>\"&'c");
}

static const char *get(struct fixture *fixture, const char *path, const char *if_none_match, bool may_drive)
{
        struct api_request request = {
                .method = "GET", .path = path, .if_none_match = if_none_match, .may_drive = may_drive};
        api_reply_deinit(&fixture->reply);
        assert_int_equal(api_begin(fixture->api, &request, &fixture->reply), API_ANSWERED);
        return fixture->reply.body.data ? fixture->reply.body.data : "";
}

static void assert_holds(const char *page, const char *text)
{
        if (!strstr(page, text))
                fail_msg("the page does not hold: %s", text);
}

static void assert_lacks(const char *page, const char *text)
{
        if (strstr(page, text))
                fail_msg("the page holds: %s", text);
}

static void test_page_of_an_idle_site(void **state)
{
        const char *page = get(*state, "/", NULL, true);
        struct fixture *fixture = *state;
        assert_int_equal(fixture->reply.status, 200);
        assert_string_equal(fixture->reply.content_type, "text/html; charset=utf-8");
        assert_null(fixture->reply.etag);
        assert_null(fixture->reply.cache);
        assert_holds(page, "data-state=\"idle\"");
        assert_holds(page, "Nothing on the site has been changed.");
        assert_holds(page, "id=\"error\" hidden");
        assert_holds(page, "id=\"progress\" hidden");
        assert_holds(page, "data-may-drive=\"yes\"");
        assert_holds(page, "a&lt;b&gt;&quot;&amp;&#39;c");
        assert_holds(page, "/srv/g\xef\xbf\xbdltig");
        assert_lacks(page, "a<b>");
        assert_lacks(page, "{{");
}

static void test_page_of_a_running_stage(void **state)
{
        struct fixture *fixture = *state;
        fixture->fake.state = UPGRADE_RUNNING;
        const char *page = get(fixture, "/", NULL, false);
        assert_holds(page, "data-state=\"running\" data-tone=\"busy\" data-may-drive=\"no\"");
        assert_holds(page, "Stage 2 of 2: Back up the database");
        assert_holds(page, "max=\"40\" value=\"10\"");
        assert_holds(page, "25 %");
        assert_holds(page, "data-stage=\"backup_database\" data-state=\"running\"");
        assert_lacks(page, "id=\"progress\" hidden");
}

static void test_page_of_a_failed_stage(void **state)
{
        struct fixture *fixture = *state;
        fixture->fake.state = UPGRADE_FAILED;
        fixture->fake.with_error = true;
        const char *page = get(fixture, "/", NULL, true);
        assert_holds(page, "ERR_DATABASE_BACKUP_FAILED");
        assert_holds(page, "disk_full");
        assert_holds(page, "writing \xef\xbf\xbd: No space left on device");
        assert_holds(page, "http://mau.tc/m3-upgrade-error#err_database_backup_failed");
        assert_lacks(page, "id=\"error\" hidden");
}

/* Each state has its words, and none is left out of the list that the scripts read. */
static void test_words_of_every_state(void **state)
{
        struct fixture *fixture = *state;
        for (int i = 0; upgrade_state_name((enum upgrade_state)i); i++) {
                _cleanup_free_ char *word = string_format(
                        "<li data-state=\"%s\" data-tone=", upgrade_state_name((enum upgrade_state)i));
                fixture->fake.state = (enum upgrade_state)i;
                assert_holds(get(fixture, "/", NULL, true), word);
        }
        for (int i = 0; stage_state_name((enum stage_state)i); i++) {
                _cleanup_free_ char *word =
                        string_format("<li data-state=\"%s\">", stage_state_name((enum stage_state)i));
                assert_holds(fixture->reply.body.data, word);
                _cleanup_free_ char *none = string_format("%s(null)", word);
                assert_lacks(fixture->reply.body.data, none);
        }
}

/* No script, style or handler stands in the page itself: the policy would forbid it. */
static void test_policy(void **state)
{
        struct fixture *fixture = *state;
        const char *page = get(fixture, "/", NULL, true);
        assert_string_equal(fixture->reply.policy,
                "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
                "img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
        assert_lacks(page, "<style");
        assert_lacks(page, " style=");
        assert_lacks(page, " onclick=");
        assert_lacks(page, "src=\"/");
        assert_lacks(page, "href=\"/");
}

static void test_assets(void **state)
{
        static const struct {
                const char *path, *type, *begin;
        } assets[] = {
                {"/assets/page.css", "text/css; charset=utf-8", "/* SPDX"},
                {"/assets/page.js", "text/javascript; charset=utf-8", "// SPDX"},
                {"/assets/icon.svg", "image/svg+xml", "<svg"},
        };
        struct fixture *fixture = *state;
        for (size_t i = 0; i < ARRAY_SIZE(assets); i++) {
                const char *body = get(fixture, assets[i].path, NULL, false);
                assert_int_equal(fixture->reply.status, 200);
                assert_string_equal(fixture->reply.content_type, assets[i].type);
                assert_string_equal(fixture->reply.cache, "no-cache");
                assert_int_equal(strncmp(body, assets[i].begin, strlen(assets[i].begin)), 0);
                assert_int_equal(fixture->reply.body.size, strlen(body));
        }
}

static void test_etag(void **state)
{
        struct fixture *fixture = *state;
        get(fixture, "/assets/page.css", NULL, false);
        const char *style = fixture->reply.etag;
        get(fixture, "/assets/page.js", NULL, false);
        assert_string_not_equal(style, fixture->reply.etag);
        get(fixture, "/assets/page.css", style, false);
        assert_int_equal(fixture->reply.status, 304);
        assert_int_equal(fixture->reply.body.size, 0);
        assert_string_equal(fixture->reply.etag, style);
        _cleanup_free_ char *several = string_format("\"other\", W/%s", style);
        get(fixture, "/assets/page.css", several, false);
        assert_int_equal(fixture->reply.status, 304);
        get(fixture, "/assets/page.css", "\"other\"", false);
        assert_int_equal(fixture->reply.status, 200);
}

static void test_what_is_no_asset(void **state)
{
        static const char *const paths[] = {
                "/assets/", "/assets/index.html", "/assets/nothing.js", "/assets/../v1", "/index.html"};
        struct fixture *fixture = *state;
        for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
                get(fixture, paths[i], NULL, true);
                assert_int_equal(fixture->reply.status, 404);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_page_of_an_idle_site, set_up_page, tear_down),
                cmocka_unit_test_setup_teardown(test_page_of_a_running_stage, set_up_page, tear_down),
                cmocka_unit_test_setup_teardown(test_page_of_a_failed_stage, set_up_page, tear_down),
                cmocka_unit_test_setup_teardown(test_words_of_every_state, set_up_page, tear_down),
                cmocka_unit_test_setup_teardown(test_policy, set_up_page, tear_down),
                cmocka_unit_test_setup_teardown(test_assets, set_up_page, tear_down),
                cmocka_unit_test_setup_teardown(test_etag, set_up_page, tear_down),
                cmocka_unit_test_setup_teardown(test_what_is_no_asset, set_up_page, tear_down),
        };
        return cmocka_run_group_tests_name("page", tests, NULL, NULL);
}
