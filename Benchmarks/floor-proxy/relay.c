// Moving bytes: messages on the ring, streams by splice(2).
#include "floor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

// So many slices are moved before completions are looked at again.
enum { TURN = 2 };

struct span waiting[BUFFERS];
static struct way *line_first, *line_last;
static int pipes[BUFFERS][2];
static int pipe_count;

static void put_pipe_away(struct way *way) {
    if (way->pipe[0] == NONE) return;
    if (way->piped == 0 && pipe_count < BUFFERS) {
        memcpy(pipes[pipe_count++], way->pipe, sizeof way->pipe);
    } else {
        close(way->pipe[0]);
        close(way->pipe[1]);
    }
    way->pipe[0] = NONE;
    way->piped = 0;
}

void release(struct way *way) {
    while (way->first != NONE) {
        int buffer = way->first;
        way->first = waiting[buffer].next;
        give_back(buffer);
    }
    put_pipe_away(way);
}

// All that the way had has been sent.
static void finish(struct way *way) {
    struct tunnel *tunnel = way->tunnel;
    way->is_done = 1;
    put_pipe_away(way);
    if (tunnel->ways[0].is_done && tunnel->ways[1].is_done) {
        tunnel->is_over = 1;
    } else {
        shutdown(way->to, SHUT_WR);
    }
}

static void await(struct way *way, int descriptor, unsigned events, enum kind kind) {
    struct io_uring_sqe *sqe = entry(way, kind);
    io_uring_prep_poll_add(sqe, descriptor, events);
}

// --- Messages

void receive(struct way *way) {
    way->is_receiving = 1;
    if (is_polling) {
        await(way, way->from, POLLIN | POLLRDHUP, PARKED);
        return;
    }
    struct io_uring_sqe *sqe = entry(way, RECEIVE);
    io_uring_prep_recv_multishot(sqe, way->from, NULL, 0, 0);
    choose_buffer(sqe);
}

void unparked(struct way *way) {
    struct io_uring_sqe *sqe = entry(way, RECEIVE);
    io_uring_prep_recv(sqe, way->from, NULL, BUFFER_BYTES, 0);
    choose_buffer(sqe);
}

void send_first(struct way *way) {
    struct span *span = &waiting[way->first];
    struct io_uring_sqe *sqe = entry(way, SEND);
    io_uring_prep_send(sqe, way->to, memory[way->first] + span->begin,
                       (size_t)(span->end - span->begin), MSG_NOSIGNAL | MSG_WAITALL);
    way->is_sending = 1;
}

static void append(struct way *way, int buffer, int count) {
    waiting[buffer] = (struct span){.begin = 0, .end = count, .next = NONE};
    if (way->first == NONE) {
        way->first = buffer;
    } else {
        waiting[way->last].next = buffer;
    }
    way->last = buffer;
    if (!way->is_sending) send_first(way);
}

// What came before has been sent, and nothing more is received: now it is spliced, or done.
static void go_on(struct way *way) {
    if (way->is_receiving || way->is_sending || way->first != NONE) return;
    if (way->is_bulk) {
        stand_in_line(way);
    } else if (way->has_ended) {
        finish(way);
    }
}

void received(struct way *way, int result, unsigned flags) {
    if (!(flags & IORING_CQE_F_MORE)) way->is_receiving = 0;
    if (result > 0) {
        append(way, (int)(flags >> IORING_CQE_BUFFER_SHIFT), result);
    } else if (result == 0) {
        way->has_ended = 1;
    } else if (result != -ENOBUFS && result != -ECANCELED) {
        end(way->tunnel);
        return;
    }
    int is_full = result == BUFFER_BYTES || result == -ENOBUFS;
    if (is_full && !way->is_bulk) {
        way->is_bulk = 1;
        if (way->is_receiving) {
            struct io_uring_sqe *sqe = entry(way, CANCEL);
            io_uring_prep_cancel64(sqe, (uintptr_t)way | RECEIVE, 0);
        }
    } else if (!way->is_receiving && !way->is_bulk && !way->has_ended) {
        receive(way);
    }
    go_on(way);
}

void sent(struct way *way, int result) {
    int buffer = way->first;
    way->is_sending = 0;
    if (result != waiting[buffer].end - waiting[buffer].begin) {
        end(way->tunnel);
        return;
    }
    way->first = waiting[buffer].next;
    give_back(buffer);
    if (way->first != NONE) send_first(way);
    go_on(way);
}

// --- Streams

void stand_in_line(struct way *way) {
    way->tunnel->pending++;
    way->next = NULL;
    if (line_first == NULL) {
        line_first = way;
    } else {
        line_last->next = way;
    }
    line_last = way;
}

int has_line(void) {
    return line_first != NULL;
}

static void take_pipe(struct way *way) {
    if (way->pipe[0] != NONE) return;
    if (pipe_count > 0) {
        memcpy(way->pipe, pipes[--pipe_count], sizeof way->pipe);
        return;
    }
    if (pipe2(way->pipe, O_NONBLOCK) != 0) fail("pipe2");
    // Where there is no room for it the kernel leaves the size as it is.
    fcntl(way->pipe[1], F_SETPIPE_SZ, PIPE_BYTES);
}

static ssize_t move(int from, int to, size_t count) {
    return splice(from, NULL, to, NULL, count, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
}

// Fills the way's empty pipe; whether there is something in it now.
static int fill(struct way *way) {
    take_pipe(way);
    ssize_t count = move(way->from, way->pipe[1], slice);
    if (count > 0) {
        way->piped = (size_t)count;
        return 1;
    }
    if (count == 0) {
        way->has_ended = 1;
        finish(way);
    } else if (errno == EAGAIN) {
        put_pipe_away(way);
        await(way, way->from, POLLIN | POLLRDHUP, READY);
    } else {
        end(way->tunnel);
    }
    return 0;
}

// Moves a slice at most; then waits for what is missing, or gets in line again.
static void serve(struct way *way) {
    size_t moved = 0;
    while (moved < slice) {
        if (way->piped == 0 && !fill(way)) return;
        ssize_t count = move(way->pipe[0], way->to, way->piped);
        if (count < 0 && errno == EAGAIN) {
            await(way, way->to, POLLOUT, READY);
            return;
        }
        if (count < 0) {
            end(way->tunnel);
            return;
        }
        way->piped -= (size_t)count;
        moved += (size_t)count;
    }
    stand_in_line(way);
}

void serve_line(void) {
    for (int count = 0; count < TURN && line_first != NULL; count++) {
        struct way *way = line_first;
        struct tunnel *tunnel = way->tunnel;
        line_first = way->next;
        if (!tunnel->is_over) serve(way);
        tunnel->pending--;
        forget_if_over(tunnel);
    }
}
