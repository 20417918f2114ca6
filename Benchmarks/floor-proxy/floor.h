// What the two halves of floor-proxy share: setting tunnels up, and moving bytes.
#ifndef FLOOR_H
#define FLOOR_H

#define _GNU_SOURCE
#include <liburing.h>
#include <stddef.h>

enum { BUFFERS = 4096, BUFFER_BYTES = 4096, PIPE_BYTES = 1024 * 1024, NONE = -1 };

// What a submission was, in the lowest bits of its token; the rest is the address of the way.
enum kind { HEAD, CONNECT, ANSWER, RECEIVE, SEND, CANCEL, READY, PARKED };

struct tunnel;

// One direction of a tunnel.
struct way {
    struct tunnel *tunnel;
    int from, to;
    // Buffers that wait to be sent, of which the first is on its way if `is_sending`.
    int first, last;
    int is_sending, is_receiving, is_bulk, has_ended, is_done;
    // While it is bulk: its pipe, and how much of it is full; the next in line.
    int pipe[2];
    size_t piped;
    struct way *next;
};

struct tunnel {
    struct way ways[2];
    // Submissions that have not completed, and places in line; whether nothing else is awaited.
    int pending, is_over;
};

// Where the bytes of a buffer that waits to be sent are, and which one comes behind it.
struct span {
    int begin, end, next;
};

extern char memory[BUFFERS][BUFFER_BYTES];
extern struct span waiting[BUFFERS];
// How much of a stream is moved at a time, and whether a way waits for bytes by a poll.
extern size_t slice;
extern int is_polling;

// Says what failed, and errno, and exits.
_Noreturn void fail(const char *what);
// A submission, which the caller prepares.
struct io_uring_sqe *entry(struct way *way, enum kind kind);
// Has the kernel receive into a buffer of its choice.
void choose_buffer(struct io_uring_sqe *sqe);
void give_back(int buffer);
// Ends both ways of a tunnel; what is on its way completes then.
void end(struct tunnel *tunnel);
// Forgets a tunnel that is over, once nothing of it is pending.
void forget_if_over(struct tunnel *tunnel);

// Receives on a way, for as long as it has messages.
void receive(struct way *way);
// Sends a way's first buffer.
void send_first(struct way *way);
void received(struct way *way, int result, unsigned flags);
void sent(struct way *way, int result);
// There are bytes for a way that waited by a poll.
void unparked(struct way *way);
void stand_in_line(struct way *way);
// Whether ways stand in line to be spliced; and serves some of them.
int has_line(void);
void serve_line(void);
// Gives back what a way holds.
void release(struct way *way);

#endif
