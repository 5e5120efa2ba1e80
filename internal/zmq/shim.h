// The batch shim: whole messages in one call, both ways. shim.go is its only user.
#ifndef ZRE_SHIM_H
#define ZRE_SHIM_H

#include <stddef.h>
#include <stdint.h>
#include <zmq.h>

enum {
    ZRE_TABLE = 768 // frames that one call of zre_drain can report
};

// What made zre_drain return. A negative value is an error number of libzmq.
enum {
    ZRE_EMPTY = 0, // libzmq has no more messages for now
    ZRE_FULL = 1,  // the table is full, or as many messages came as were asked for
    ZRE_SPACE = 2  // the next frame needs `need` octets, and was not stored yet
};

// In lens, this bit marks a frame that another one of the same message follows.
#define ZRE_MORE (UINT64_C (1) << 63)
// And this one marks a frame that lies in the passage.
#define ZRE_PASSING (UINT64_C (1) << 62)

typedef struct
{
    int count;                // frames stored by the last call
    size_t need;              // size of the frame in hand, after ZRE_SPACE
    int in_hand;              // msg holds a frame that was received and not stored
    int at;                   // its number in its message, or that of the next one, from 0
    int proven;               // each message gets a frame with what the ZAP handler named its sender
    zmq_msg_t msg;            // the frame in hand; otherwise room for the next one
    uint64_t lens[ZRE_TABLE]; // size of each frame stored by the last call
} zre_receiver;

// zre_hold_memory has the C library keep up to n octets of free memory, for each of its arenas, instead of
// giving it back to the system at once. It does nothing where that is not known to help.
void zre_hold_memory (int n);

zre_receiver *zre_receiver_new (int proven);
void zre_receiver_free (zre_receiver *r);

// zre_drain receives up to `messages` whole messages. Frames are laid into slab one after the other. One of
// `large` octets or more stays in hand, for Go to copy from zre_in_hand to memory of its own; `taken` tells
// the next call that this was done. A frame in hand that was not taken goes to the slab of the next call.
// At least one octet of slab stays free, so that a frame of no octets lies within it as well.
// With `proven` a frame with the ZAP user id is stored behind the first one of each message, as if it had come
// with it. It is read from the second one: the first lacks it at times, in libzmq up to 4.3.4.
// But the first `heads` frames of each message go to passage instead, where they fit and are not large.
int zre_drain (zre_receiver *r, uintptr_t socket, int taken, unsigned char *slab, size_t room, unsigned char *passage,
               size_t passage_room, int heads, size_t large, int messages);

// zre_in_hand gives the octets of the frame in hand, until the next call of zre_drain or zre_skip.
unsigned char *zre_in_hand (zre_receiver *r);

// zre_skip throws away what is left of the message that is being received.
int zre_skip (zre_receiver *r, uintptr_t socket);

// Each of these gives 0 or a negative error number of libzmq, and sends the whole message or nothing.
int zre_send1 (uintptr_t socket, const unsigned char *a, size_t an);
int zre_send2 (uintptr_t socket, const unsigned char *a, size_t an, const unsigned char *b, size_t bn);
// zre_send_packed sends frames that lie in buf one after the other; n > 0.
int zre_send_packed (uintptr_t socket, const unsigned char *buf, const size_t *lens, int n);
// zre_send_frame sends one frame of a longer message; at is its number, from 0.
int zre_send_frame (uintptr_t socket, const unsigned char *a, size_t an, int at, int more);

// Frames that are sent to many: libzmq counts the references to one copy.
typedef struct
{
    int count;
    zmq_msg_t frames[];
} zre_content;

// zre_content_new gives room for that many frames, or NULL.
zre_content *zre_content_new (int room);
// zre_content_add copies a frame; there is room for it. It gives 0 or a negative error number.
int zre_content_add (zre_content *c, const unsigned char *a, size_t an);
void zre_content_free (zre_content *c);
// zre_send_content sends a, then all frames of c.
int zre_send_content (uintptr_t socket, const unsigned char *a, size_t an, zre_content *c);

#endif
