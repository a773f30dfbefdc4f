/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * parent.h - S0, between the root parent and the processes it started (doc/processes.md).
 *
 * The parent believes its children only this far: the keeper may ask for a relay for a uid, and a
 * relay may ask for nothing.  Every child finds its end of the socketpair as descriptor 3.
 */
#ifndef SM_PARENT_H
#define SM_PARENT_H

#define PARENT_FD       3
#define PARENT_ALIVE_MS 5000

/*
 * To a keeper that was silent for too long, before it is killed: who waits at its sockets is to be
 * told so.  It reaches a keeper that hangs, and with SIGCONT one that was stopped.
 */
#define PARENT_GIVE_UP SIGUSR1

enum par_verb {
    PAR_SPAWN = 1,  /* keeper: UID.  Answered by PAR_RELAY */
    PAR_RELAY = 2,  /* to keeper: UID PID + the keeper's end of S2.  Unasked for relays that live on
                       from the keeper before; a status instead of a descriptor if it failed */
    PAR_GONE = 3,   /* to keeper: UID PID, a relay has exited */
    PAR_KEEPER = 4, /* to relay: + the relay's end of S2, of this keeper or of a new one */
    PAR_READY = 5,  /* keeper: the sockets are open, clients may come */
    PAR_END = 6,    /* keeper: PID, a relay that broke the protocol; end it */
    PAR_ALIVE = 7,  /* keeper: its loop turns; every PARENT_ALIVE_MS from READY on */
};

enum par_tag {
    PAR_T_UID = 1, /* u32 */
    PAR_T_PID = 2, /* u32 */
};

#endif
