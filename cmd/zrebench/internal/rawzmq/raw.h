//go:build libzmq

// Loops over libzmq, for rawzmq.go. Each returns 0 or a negative error number of libzmq.
#ifndef RAWZMQ_H
#define RAWZMQ_H

#include <stddef.h>
#include <stdint.h>

// raw_open makes a socket of type ZMQ_ROUTER or ZMQ_DEALER. With hwm 0 the queues have no bound.
int raw_open (void *context, void **socket, int type, int hwm);
// raw_curve_server and raw_curve_client have the socket use CURVE. Keys are text in Z85.
int raw_curve_server (void *socket, const char *secret);
int raw_curve_client (void *socket, const char *server, const char *public, const char *secret);
int raw_bind (void *socket, const char *endpoint, char *bound, size_t room);
int raw_connect (void *socket, const char *endpoint, const char *identity, size_t n);
// raw_close lets what is queued leave first.
void raw_close (void *context, void **sockets, int n);

// raw_send sends count messages, each to all n sockets.
int raw_send (void **sockets, int n, int64_t count, size_t header, size_t content);
// raw_receive receives count messages; octets is what all frames but the identities have.
int raw_receive (void *socket, int64_t count, int64_t *octets);
// raw_ping sends a message, waits for one, and so on; times gets the nanoseconds of each round.
int raw_ping (void *out, void *in, int64_t count, size_t header, size_t content, int64_t *times);
// raw_pong waits for a message, sends one of the same size, and so on.
int raw_pong (void *out, void *in, int64_t count);

#endif
