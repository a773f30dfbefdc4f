/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * login.c - the smallest program that is trusted with a secret.
 *
 *     cc login.c $(pkg-config --cflags --libs smcred) -o login && ./login orders
 *
 * Says as whom and where it would log in.  The password goes to a database driver, never to a
 * terminal.
 */
#include <smcred.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    struct smcred *cred;
    struct smcred_snapshot *snap;
    size_t len;
    if (argc != 2) {
        fprintf(stderr, "usage: %s TARGET\n", argv[0]);
        return 2;
    }
    enum smcred_status status = smcred_open(NULL, &cred);
    if (status != SMCRED_OK) {
        fprintf(stderr, "%s\n", smcred_status_text(status));
        return 1;
    }
    status = smcred_get(cred, argv[1], NULL, &snap);
    if (status != SMCRED_OK) {
        fprintf(stderr, "%s: %s: %s\n", argv[1], smcred_status_text(status), smcred_error(cred));
        smcred_close(cred);
        return 1;
    }
    (void)smcred_snapshot_password(snap, &len);
    printf("%s@%s:%u/%s, version %s, a password of %zu bytes\n", smcred_snapshot_username(snap),
           smcred_snapshot_host(snap), (unsigned)smcred_snapshot_port(snap),
           smcred_snapshot_dbname(snap), smcred_snapshot_version_id(snap), len);
    smcred_snapshot_free(snap);
    smcred_close(cred);
    return 0;
}
