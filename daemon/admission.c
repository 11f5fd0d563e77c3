/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/admission.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#define JSON_TYPE "application/json"

struct origin {
        const char *host; /* with its port, when that is not the scheme's own */
        size_t length;
        const char *port; /* the scheme's own: ":443" */
};

/* 1: none that has a host, such as "null". */
static int origin_split(const char *text, struct origin *ret)
{
        static const struct {
                const char *scheme, *port;
        } schemes[] = {{"http://", ":80"}, {"https://", ":443"}};
        for (size_t i = 0; i < ARRAY_SIZE(schemes); i++) {
                size_t scheme = strlen(schemes[i].scheme), port = strlen(schemes[i].port);
                if (strncasecmp(text, schemes[i].scheme, scheme) != 0)
                        continue;
                size_t length = strlen(text + scheme);
                if (length > port && string_equal(text + scheme + length - port, schemes[i].port))
                        length -= port;
                *ret = (struct origin){text + scheme, length, schemes[i].port};
                return length > 0 ? 0 : 1;
        }
        return 1;
}

static bool is_host(const struct origin *origin, const char *named, size_t length)
{
        if (length < origin->length || strncasecmp(named, origin->host, origin->length) != 0)
                return false;
        const char *rest = named + origin->length;
        size_t rest_length = length - origin->length;
        return rest_length == 0 ||
               (rest_length == strlen(origin->port) && strncmp(rest, origin->port, rest_length) == 0);
}

/* named: one host, or what several proxies have written, with commas between. */
static bool names_host(const char *named, const struct origin *origin)
{
        while (named && *named) {
                named += strspn(named, ", \t");
                size_t length = strcspn(named, ", \t");
                if (length > 0 && is_host(origin, named, length))
                        return true;
                named += length;
        }
        return false;
}

/* A browser names the page that asks by its origin. Ours is the host that it asked for, which a proxy hands
 * on in X-Forwarded-Host when it does not keep Host; a foreign page can set neither. */
static bool is_own_origin(const struct api_request *request)
{
        struct origin origin;
        return origin_split(request->origin, &origin) == 0 &&
               (names_host(request->host, &origin) || names_host(request->forwarded_host, &origin));
}

static bool is_foreign_page(const struct api_request *request)
{
        const char *site = request->fetch_site;
        if (site && !string_equal(site, "same-origin") && !string_equal(site, "none"))
                return true;
        return request->origin && !is_own_origin(request);
}

/* "localhost", an address in 127.0.0.0/8 or "[::1]", a port behind it or not. */
static bool is_local_host(const char *host)
{
        struct in_addr address;
        size_t length = *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":");
        if (length > strlen(host) || (host[length] && host[length] != ':') ||
                strspn(host + length + !!host[length], "0123456789") !=
                        strlen(host + length + !!host[length]))
                return false;
        _cleanup_free_ char *name = memory_copy(host, length);
        return strcasecmp(name, "localhost") == 0 || string_equal(name, "[::1]") ||
               (inet_pton(AF_INET, name, &address) == 1 && ntohl(address.s_addr) >> 24 == IN_LOOPBACKNET);
}

bool admission_knows_host(const struct api_request *request, struct api_reply *reply)
{
        if (!request->remote || (request->host && is_local_host(request->host)))
                return true;
        api_problem(reply, 403, REASON_HOST_FOREIGN,
                "the header Host must be localhost or a loopback address; a proxy sets it to what it "
                "connects to");
        return false;
}

bool admission_has_token(const struct token *token, struct api_request *request, struct api_reply *reply)
{
        if (!request->remote)
                return true;
        request->may_drive = token && token_fits(token, request->authorization);
        if (!request->may_drive)
                api_problem(reply, 401, REASON_TOKEN_MISSING,
                        "this address needs the header Authorization: Bearer with the token of "
                        "listen.token_file");
        return request->may_drive;
}

bool admission_may_drive(const struct api_request *request, struct api_reply *reply)
{
        if (is_foreign_page(request))
                api_problem(reply, 403, REASON_ORIGIN_FOREIGN,
                        "a web page of another origin may not drive the upgrade; a proxy in between must "
                        "hand on Host or X-Forwarded-Host as the browser named it");
        else if (!request->may_drive)
                api_problem(reply, 403, REASON_FORBIDDEN,
                        "only root, the daemon's own user and members of daemon.group may drive the upgrade");
        else
                return true;
        return false;
}

bool admission_says_json(const struct api_request *request, struct api_reply *reply)
{
        size_t length = request->content_type ? strcspn(request->content_type, "; \t") : 0;
        if (length == strlen(JSON_TYPE) && strncasecmp(request->content_type, JSON_TYPE, length) == 0)
                return true;
        api_problem(reply, 415, REASON_INVALID_ARGUMENT,
                "%s needs the header Content-Type: " JSON_TYPE ", also without a body", request->method);
        return false;
}
