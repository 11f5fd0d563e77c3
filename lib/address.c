/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/address.h"
#include "lib/memory.h"
#include "lib/text.h"

static void free_url(CURLU *url)
{
        curl_url_cleanup(url);
}
DEFINE_CLEANUP(CURLU *, free_url);
static void free_curl_text(char *text)
{
        curl_free(text);
}
DEFINE_CLEANUP(char *, free_curl_text);
#define _cleanup_url_ _cleanup_(free_urlp)
#define _cleanup_curl_text_ _cleanup_(free_curl_textp)

char *address_public(const char *text)
{
        _cleanup_url_ CURLU *url = curl_url();
        _cleanup_curl_text_ char *shown = NULL;
        if (!url || curl_url_set(url, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK ||
                curl_url_set(url, CURLUPART_USER, NULL, 0) != CURLUE_OK ||
                curl_url_set(url, CURLUPART_PASSWORD, NULL, 0) != CURLUE_OK ||
                curl_url_set(url, CURLUPART_QUERY, NULL, 0) != CURLUE_OK ||
                curl_url_set(url, CURLUPART_FRAGMENT, NULL, 0) != CURLUE_OK ||
                curl_url_get(url, CURLUPART_URL, &shown, 0) != CURLUE_OK)
                return string_copy("(an address that can't be read)");
        struct buffer clean = {0};
        text_append_clean(&clean, shown);
        return buffer_steal(&clean);
}

int address_part(const char *text, CURLUPart part, char **ret, struct error *err)
{
        _cleanup_url_ CURLU *url = curl_url();
        _cleanup_curl_text_ char *value = NULL;
        if (!url || curl_url_set(url, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK ||
                curl_url_get(url, part, &value, part == CURLUPART_PATH ? CURLU_URLDECODE : 0) != CURLUE_OK)
                return error_set(err, REASON_INVALID_ARGUMENT,
                        "the address is no URL: it must begin with a scheme such as https:// and hold no "
                        "spaces");
        *ret = string_copy(value);
        return 0;
}
