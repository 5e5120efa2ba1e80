//go:build libzmq

#include "mesh.h"

#include <errno.h>
#include <stdlib.h>
#include <zmq.h>

int mesh_greet (void **sockets, int n, size_t header)
{
    char *buf = calloc (1, header + 1);
    if (!buf)
        return -ENOMEM;
    int rc = 0;
    for (int i = 0; i < n && rc >= 0; i++)
        do
            rc = zmq_send (sockets[i], buf, header, 0);
        while (rc < 0 && errno == EINTR);
    const int error = rc < 0 ? -errno : 0;
    free (buf);
    return error;
}

int mesh_await (void **sockets, int n, int each)
{
    zmq_msg_t msg;
    zmq_msg_init (&msg);
    int rc = 0;
    for (int i = 0; i < n && rc >= 0; i++)
        for (int got = 0; got < each && rc >= 0;) {
            do
                rc = zmq_msg_recv (&msg, sockets[i], 0);
            while (rc < 0 && errno == EINTR);
            if (rc >= 0 && !zmq_msg_more (&msg))
                got++;
        }
    const int error = rc < 0 ? -errno : 0;
    zmq_msg_close (&msg);
    return error;
}
