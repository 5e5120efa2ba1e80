#include "shim.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

// Go's scheduler sends signals to threads that run C code, so any call may be interrupted: EINTR is
// never more than a reason to try again.

void zre_hold_memory (int n)
{
#ifdef __GLIBC__
    // The second goes with the first: setting either ends the automatic adjustment of both.
    mallopt (M_TRIM_THRESHOLD, n);
    mallopt (M_MMAP_THRESHOLD, n);
#else
    (void) n;
#endif
}

zre_receiver *zre_receiver_new (int proven)
{
    zre_receiver *r = malloc (sizeof *r);
    if (r) {
        r->count = 0;
        r->need = 0;
        r->in_hand = 0;
        r->at = 0;
        r->proven = proven;
        zmq_msg_init (&r->msg);
    }
    return r;
}

void zre_receiver_free (zre_receiver *r)
{
    zmq_msg_close (&r->msg);
    free (r);
}

// next receives a frame into r->msg and sets *size; it gives 0 or a negative error number.
static int next (zre_receiver *r, void *socket, size_t *size)
{
    int rc;
    do
        rc = zmq_msg_recv (&r->msg, socket, ZMQ_DONTWAIT);
    while (rc < 0 && errno == EINTR);
    if (rc < 0)
        return -errno;
    // zmq_msg_recv reports a size that an int cannot hold as INT_MAX.
    *size = rc < INT_MAX ? (size_t) rc : zmq_msg_size (&r->msg);
    return 0;
}


int zre_drain (zre_receiver *r, uintptr_t socket, int taken, unsigned char *slab, size_t room, unsigned char *passage,
               size_t passage_room, int heads, size_t large, int messages)
{
    size_t size;
    r->count = 0;
    while (1) {
        if (r->in_hand) {
            r->in_hand = 0;
            size = zmq_msg_size (&r->msg);
        } else {
            const int rc = next (r, (void *) socket, &size);
            if (rc < 0)
                return rc == -EAGAIN ? ZRE_EMPTY : rc;
        }
        uint64_t mark = 0;
        if (r->proven && r->at == 1) {
            const char *name = zmq_msg_gets (&r->msg, "User-Id");
            if (!name)
                name = "";
            const size_t length = strlen (name);
            if (1 < heads && length <= passage_room) {
                memcpy (passage, name, length);
                passage += length;
                passage_room -= length;
                mark = ZRE_PASSING;
            } else if (length < room) {
                memcpy (slab, name, length);
                slab += length;
                room -= length;
            } else {
                r->in_hand = 1;
                r->need = length;
                return ZRE_SPACE;
            }
            r->lens[r->count++] = length | mark | ZRE_MORE;
            r->at++;
            mark = 0;
            if (r->count == ZRE_TABLE) {
                r->in_hand = 1;
                return ZRE_FULL;
            }
        }
        if (taken)
            taken = 0;
        else if (r->at < heads && size < large && size <= passage_room) {
            memcpy (passage, zmq_msg_data (&r->msg), size);
            passage += size;
            passage_room -= size;
            mark = ZRE_PASSING;
        } else if (size >= large || size >= room) {
            r->in_hand = 1;
            r->need = size;
            return ZRE_SPACE;
        } else {
            memcpy (slab, zmq_msg_data (&r->msg), size);
            slab += size;
            room -= size;
        }
        const int more = zmq_msg_more (&r->msg);
        r->lens[r->count++] = size | mark | (more ? ZRE_MORE : 0);
        r->at = more ? r->at + 1 : 0;
        if (!more && --messages <= 0)
            return ZRE_FULL;
        if (r->count == ZRE_TABLE)
            return ZRE_FULL;
    }
}

unsigned char *zre_in_hand (zre_receiver *r)
{
    return zmq_msg_data (&r->msg);
}

int zre_skip (zre_receiver *r, uintptr_t socket)
{
    size_t size;
    if (r->in_hand)
        r->in_hand = 0;
    else {
        const int rc = next (r, (void *) socket, &size);
        if (rc < 0)
            return rc;
    }
    while (zmq_msg_more (&r->msg)) {
        const int rc = next (r, (void *) socket, &size);
        if (rc < 0)
            return rc;
    }
    r->at = 0;
    // What the last frame held need not wait for the next one to be freed.
    zmq_msg_close (&r->msg);
    zmq_msg_init (&r->msg);
    return 0;
}

static int put (void *socket, const void *buf, size_t n, int flags)
{
    int rc;
    do
        rc = zmq_send (socket, buf, n, ZMQ_DONTWAIT | flags);
    while (rc < 0 && errno == EINTR);
    return rc < 0 ? -errno : 0;
}

int zre_send1 (uintptr_t socket, const unsigned char *a, size_t an)
{
    return put ((void *) socket, a, an, 0);
}

// libzmq looks at the queue's length only before the first frame. A later one fails when the connection
// goes in between; then libzmq takes the message back, all of it.
int zre_send2 (uintptr_t socket, const unsigned char *a, size_t an, const unsigned char *b, size_t bn)
{
    const int rc = put ((void *) socket, a, an, ZMQ_SNDMORE);
    return rc < 0 ? rc : put ((void *) socket, b, bn, 0);
}

int zre_send_frame (uintptr_t socket, const unsigned char *a, size_t an, int at, int more)
{
    const int rc = put ((void *) socket, a, an, more ? ZMQ_SNDMORE : 0);
    // libzmq has taken the message back and drops its other frames, up to the last. This is the last.
    if (rc < 0 && at > 0 && more)
        put ((void *) socket, NULL, 0, 0);
    return rc;
}

int zre_send_packed (uintptr_t socket, const unsigned char *buf, const size_t *lens, int n)
{
    for (int i = 0; i < n; i++) {
        const int rc = zre_send_frame (socket, buf, lens[i], i, i < n - 1);
        if (rc < 0)
            return rc;
        buf += lens[i];
    }
    return 0;
}

zre_content *zre_content_new (int room)
{
    zre_content *c = malloc (sizeof *c + (size_t) room * sizeof c->frames[0]);
    if (c)
        c->count = 0;
    return c;
}

int zre_content_add (zre_content *c, const unsigned char *a, size_t an)
{
    zmq_msg_t *msg = &c->frames[c->count];
    if (zmq_msg_init_size (msg, an) < 0)
        return -errno;
    if (an > 0)
        memcpy (zmq_msg_data (msg), a, an);
    c->count++;
    return 0;
}

void zre_content_free (zre_content *c)
{
    for (int i = 0; i < c->count; i++)
        zmq_msg_close (&c->frames[i]);
    free (c);
}

int zre_send_content (uintptr_t socket, const unsigned char *a, size_t an, zre_content *c)
{
    int rc = put ((void *) socket, a, an, c->count > 0 ? ZMQ_SNDMORE : 0);
    for (int i = 0; rc == 0 && i < c->count; i++) {
        const int more = i < c->count - 1;
        zmq_msg_t msg;
        zmq_msg_init (&msg);
        zmq_msg_copy (&msg, &c->frames[i]);
        do
            rc = zmq_msg_send (&msg, (void *) socket, ZMQ_DONTWAIT | (more ? ZMQ_SNDMORE : 0));
        while (rc < 0 && errno == EINTR);
        if (rc >= 0) {
            rc = 0;
            continue;
        }
        rc = -errno;
        zmq_msg_close (&msg);
        if (more)
            put ((void *) socket, NULL, 0, 0); // as in zre_send_frame
    }
    return rc;
}
