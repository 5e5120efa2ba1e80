//go:build libzmq

// Many sockets in one process, for mesh.go. Each gives 0 or a negative error number of libzmq.
#ifndef RAWZMQ_MESH_H
#define RAWZMQ_MESH_H

#include <stddef.h>

// mesh_greet sends one message of one frame on each socket.
int mesh_greet (void **sockets, int n, size_t header);
// mesh_await receives each messages on each of the n sockets.
int mesh_await (void **sockets, int n, int each);

#endif
