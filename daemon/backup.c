/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The backup of the database through the API: what is known of it, and its proof. */
#include "daemon/answers.h"

#include "lib/text.h"

json_t *api_backup(const struct backup_facts *backup)
{
        if (!backup->path)
                return json_null();
        return json_pack("{s:o, s:I, s:o, s:o, s:o, s:o}", "path", text_json(backup->path), "size",
                (json_int_t)backup->size, "sha256", text_json(backup->sha256), "finished_at",
                api_time(backup->time_ms), "verification", api_verification(backup->verification), "problem",
                text_json(backup->problem));
}

int answer_backup(
        struct api *api, const struct api_request *request, struct api_reply *reply, struct error *err)
{
        _cleanup_(checkpoint_closep) struct checkpoint *checkpoint = NULL;
        _cleanup_backup_facts_ struct backup_facts facts = {0};
        int r = checkpoint_open_reader(api->options.state_path, &checkpoint, err);
        if (r < 0 || (r == 0 && backup_facts_load(checkpoint, &facts, err) < 0))
                return error_wrap(err, "looking for the backup");
        if (!facts.path)
                return error_set(err, REASON_NOT_FOUND,
                        "no backup has been made yet: start makes one, in its second stage");
        api_reply_json(reply, 200, api_backup(&facts));
        return 0;
}

int answer_backup_verify(
        struct api *api, const struct api_request *request, struct api_reply *reply, struct error *err)
{
        _cleanup_backup_verification_ struct backup_verification verification = {0};
        if (api->options.upgrade.verify(api->options.upgrade.userdata, &verification, err) < 0)
                return -1;
        _cleanup_free_ char *text = backup_verification_text(&verification);
        api_reply_json(reply, 200, api_verification(text));
        return 0;
}
