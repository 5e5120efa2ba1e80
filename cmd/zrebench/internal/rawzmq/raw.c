//go:build libzmq

#include "raw.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zmq.h>

// Go's scheduler sends signals to threads that run C code, so any call may be interrupted: EINTR is
// never more than a reason to try again.

static int64_t now (void)
{
    struct timespec t;
    clock_gettime (CLOCK_MONOTONIC, &t);
    return (int64_t) t.tv_sec * 1000000000 + t.tv_nsec;
}

int raw_open (void *context, void **socket, int type, int hwm)
{
    *socket = zmq_socket (context, type);
    if (!*socket)
        return -errno;
    zmq_setsockopt (*socket, ZMQ_SNDHWM, &hwm, sizeof hwm);
    zmq_setsockopt (*socket, ZMQ_RCVHWM, &hwm, sizeof hwm);
    const int linger = 10000; // ms, so that a peer that is gone does not keep raw_close for ever
    zmq_setsockopt (*socket, ZMQ_LINGER, &linger, sizeof linger);
    return 0;
}

static int set_key (void *socket, int option, const char *key)
{
    return zmq_setsockopt (socket, option, key, strlen (key) + 1) < 0 ? -errno : 0;
}

int raw_curve_server (void *socket, const char *secret)
{
    const int yes = 1;
    if (zmq_setsockopt (socket, ZMQ_CURVE_SERVER, &yes, sizeof yes) < 0)
        return -errno;
    return set_key (socket, ZMQ_CURVE_SECRETKEY, secret);
}

int raw_curve_client (void *socket, const char *server, const char *public, const char *secret)
{
    int rc = set_key (socket, ZMQ_CURVE_SERVERKEY, server);
    if (rc == 0)
        rc = set_key (socket, ZMQ_CURVE_PUBLICKEY, public);
    if (rc == 0)
        rc = set_key (socket, ZMQ_CURVE_SECRETKEY, secret);
    return rc;
}

int raw_bind (void *socket, const char *endpoint, char *bound, size_t room)
{
    int rc;
    do
        rc = zmq_bind (socket, endpoint);
    while (rc < 0 && errno == EINTR);
    if (rc < 0 || zmq_getsockopt (socket, ZMQ_LAST_ENDPOINT, bound, &room) < 0)
        return -errno;
    return 0;
}

int raw_connect (void *socket, const char *endpoint, const char *identity, size_t n)
{
    if (n > 0 && zmq_setsockopt (socket, ZMQ_ROUTING_ID, identity, n) < 0)
        return -errno;
    int rc;
    do
        rc = zmq_connect (socket, endpoint);
    while (rc < 0 && errno == EINTR);
    return rc < 0 ? -errno : 0;
}

void raw_close (void *context, void **sockets, int n)
{
    for (int i = 0; i < n; i++)
        zmq_close (sockets[i]);
    while (zmq_ctx_term (context) < 0 && errno == EINTR)
        ;
}

static int put (void *socket, const void *buf, size_t n, int flags)
{
    int rc;
    do
        rc = zmq_send (socket, buf, n, flags);
    while (rc < 0 && errno == EINTR);
    return rc < 0 ? -errno : 0;
}

static int put2 (void *socket, const void *buf, size_t header, size_t content)
{
    const int rc = put (socket, buf, header, ZMQ_SNDMORE);
    return rc < 0 ? rc : put (socket, buf, content, 0);
}

// get receives one message, adds up its octets except the identity, and gives the size of its second
// and of its last frame.
static int get (void *socket, zmq_msg_t *msg, int64_t *octets, size_t *header, size_t *content)
{
    for (int i = 0;; i++) {
        int rc;
        do
            rc = zmq_msg_recv (msg, socket, 0);
        while (rc < 0 && errno == EINTR);
        if (rc < 0)
            return -errno;
        const size_t size = zmq_msg_size (msg);
        if (i > 0)
            *octets += size;
        if (i == 1)
            *header = size;
        if (!zmq_msg_more (msg)) {
            *content = size;
            return 0;
        }
    }
}

int raw_send (void **sockets, int n, int64_t count, size_t header, size_t content)
{
    char *buf = calloc (1, header + content + 1);
    if (!buf)
        return -ENOMEM;
    int rc = 0;
    for (int64_t i = 0; i < count && rc == 0; i++)
        for (int j = 0; j < n && rc == 0; j++)
            rc = put2 (sockets[j], buf, header, content);
    free (buf);
    return rc;
}

int raw_receive (void *socket, int64_t count, int64_t *octets)
{
    zmq_msg_t msg;
    zmq_msg_init (&msg);
    size_t header, content;
    int rc = 0;
    *octets = 0;
    for (int64_t i = 0; i < count && rc == 0; i++)
        rc = get (socket, &msg, octets, &header, &content);
    zmq_msg_close (&msg);
    return rc;
}

int raw_ping (void *out, void *in, int64_t count, size_t header, size_t content, int64_t *times)
{
    char *buf = calloc (1, header + content + 1);
    if (!buf)
        return -ENOMEM;
    zmq_msg_t msg;
    zmq_msg_init (&msg);
    int64_t octets = 0;
    int rc = 0;
    for (int64_t i = 0; i < count && rc == 0; i++) {
        const int64_t begin = now ();
        size_t h, c;
        rc = put2 (out, buf, header, content);
        if (rc == 0)
            rc = get (in, &msg, &octets, &h, &c);
        times[i] = now () - begin;
    }
    zmq_msg_close (&msg);
    free (buf);
    return rc;
}

int raw_pong (void *out, void *in, int64_t count)
{
    zmq_msg_t msg;
    zmq_msg_init (&msg);
    char *buf = NULL;
    size_t room = 0;
    int64_t octets = 0;
    int rc = 0;
    for (int64_t i = 0; i < count && rc == 0; i++) {
        size_t header = 0, content = 0;
        rc = get (in, &msg, &octets, &header, &content);
        if (rc == 0 && header + content + 1 > room) {
            room = header + content + 1;
            free (buf);
            buf = calloc (1, room);
            if (!buf)
                rc = -ENOMEM;
        }
        if (rc == 0)
            rc = put2 (out, buf, header, content);
    }
    zmq_msg_close (&msg);
    free (buf);
    return rc;
}
