// A proxy that answers CONNECT and moves bytes, and does nothing else: no rules, no limits, no
// timers, no counters, no log, and next to no care. What it takes is what the kernel takes, and so
// the floor for every proxy that is measured beside it.
//
//     floor-proxy PORT [SLICE [poll]]
//
// One thread, one ring. Messages are received and sent on the ring; a way whose buffer came full is
// spliced from then on, SLICE bytes at a time (1 MiB, or less), after each turn's messages. With
// `poll` a way that is silent has a poll on the ring instead of a receive, which takes less memory.
// The head must come in one piece, ask for an IPv4 address, and be no longer than a buffer.
#include "floor.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ENTRIES = 4096 };

char memory[BUFFERS][BUFFER_BYTES];
size_t slice = PIPE_BYTES;
int is_polling;
static struct io_uring ring;
static struct io_uring_buf_ring *buffers;
static const char answer[] = "HTTP/1.1 200 OK\r\n\r\n";

void fail(const char *what) {
    perror(what);
    exit(1);
}

struct io_uring_sqe *entry(struct way *way, enum kind kind) {
    struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);
    if (sqe == NULL) {
        io_uring_submit(&ring);
        sqe = io_uring_get_sqe(&ring);
    }
    if (sqe == NULL) fail("io_uring_get_sqe");
    sqe->user_data = (uintptr_t)way | kind;
    way->tunnel->pending++;
    return sqe;
}

void choose_buffer(struct io_uring_sqe *sqe) {
    sqe->flags |= IOSQE_BUFFER_SELECT;
}

void give_back(int buffer) {
    int mask = io_uring_buf_ring_mask(BUFFERS);
    io_uring_buf_ring_add(buffers, memory[buffer], BUFFER_BYTES, (unsigned short)buffer, mask, 0);
    io_uring_buf_ring_advance(buffers, 1);
}

// --- Ends

void end(struct tunnel *tunnel) {
    tunnel->is_over = 1;
    shutdown(tunnel->ways[0].from, SHUT_RDWR);
    if (tunnel->ways[0].to != NONE) shutdown(tunnel->ways[0].to, SHUT_RDWR);
}

void forget_if_over(struct tunnel *tunnel) {
    if (!tunnel->is_over || tunnel->pending > 0) return;
    release(&tunnel->ways[0]);
    release(&tunnel->ways[1]);
    close(tunnel->ways[0].from);
    if (tunnel->ways[0].to != NONE) close(tunnel->ways[0].to);
    free(tunnel);
}

// --- Set-up

static void accepted(int client) {
    struct tunnel *tunnel = calloc(1, sizeof *tunnel);
    if (tunnel == NULL) fail("calloc");
    for (int index = 0; index < 2; index++) {
        struct way *way = &tunnel->ways[index];
        way->tunnel = tunnel;
        way->first = way->pipe[0] = way->to = NONE;
    }
    struct way *up = &tunnel->ways[0];
    up->from = client;
    struct io_uring_sqe *sqe = entry(up, HEAD);
    io_uring_prep_recv(sqe, client, NULL, BUFFER_BYTES, 0);
    choose_buffer(sqe);
}

// Where a head ends, and the address that it asks for; 0 if it isn't whole, or asks for none.
static int parse(const char *head, int count, struct sockaddr_in *origin) {
    static const char method[] = "CONNECT ";
    char host[INET_ADDRSTRLEN] = {0};
    const char *last = memmem(head, (size_t)count, "\r\n\r\n", 4);
    if (last == NULL || memcmp(head, method, sizeof method - 1) != 0) return 0;
    const char *begin = head + sizeof method - 1;
    const char *colon = memchr(begin, ':', (size_t)(last - begin));
    if (colon == NULL || colon - begin >= INET_ADDRSTRLEN) return 0;
    memcpy(host, begin, (size_t)(colon - begin));
    uint16_t port = (uint16_t)atoi(colon + 1);
    *origin = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port)};
    return inet_pton(AF_INET, host, &origin->sin_addr) == 1 ? (int)(last + 4 - head) : 0;
}

static void got_head(struct way *up, int result, unsigned flags) {
    // The kernel reads an address when its connect is submitted, which is before so many others.
    static struct sockaddr_in origins[2 * ENTRIES];
    static unsigned count;
    if (result <= 0) {
        end(up->tunnel);
        return;
    }
    // What came behind the head is sent once there is somebody to send it to.
    int buffer = (int)(flags >> IORING_CQE_BUFFER_SHIFT);
    struct sockaddr_in *origin = &origins[count++ % (2 * ENTRIES)];
    waiting[buffer] = (struct span){parse(memory[buffer], result, origin), result, NONE};
    up->first = up->last = buffer;
    if (waiting[buffer].begin == 0) {
        end(up->tunnel);
        return;
    }
    int on = 1, upstream = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (upstream < 0) fail("socket");
    setsockopt(upstream, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    up->to = up->tunnel->ways[1].from = upstream;
    up->tunnel->ways[1].to = up->from;
    struct io_uring_sqe *sqe = entry(up, CONNECT);
    io_uring_prep_connect(sqe, upstream, (struct sockaddr *)origin, sizeof *origin);
}

static void connected(struct way *up, int result) {
    if (result < 0) {
        end(up->tunnel);
        return;
    }
    struct io_uring_sqe *sqe = entry(up, ANSWER);
    io_uring_prep_send(sqe, up->from, answer, sizeof answer - 1, MSG_NOSIGNAL | MSG_WAITALL);
    if (waiting[up->first].begin < waiting[up->first].end) {
        send_first(up);
    } else {
        give_back(up->first);
        up->first = NONE;
    }
    receive(up);
}

// What the origin says comes behind the answer.
static void answered(struct way *up, int result) {
    if (result > 0) {
        receive(&up->tunnel->ways[1]);
    } else {
        end(up->tunnel);
    }
}

// --- The loop

static void completed(struct way *way, enum kind kind, int result, unsigned flags) {
    struct tunnel *tunnel = way->tunnel;
    if (!tunnel->is_over) {
        switch (kind) {
        case HEAD: got_head(way, result, flags); break;
        case CONNECT: connected(way, result); break;
        case ANSWER: answered(way, result); break;
        case RECEIVE: received(way, result, flags); break;
        case SEND: sent(way, result); break;
        case READY: stand_in_line(way); break;
        case PARKED: unparked(way); break;
        case CANCEL: break;
        }
    } else if (flags & IORING_CQE_F_BUFFER) {
        give_back((int)(flags >> IORING_CQE_BUFFER_SHIFT));
    }
    if (!(flags & IORING_CQE_F_MORE)) tunnel->pending--;
    forget_if_over(tunnel);
}

static void listen_on(int port) {
    int on = 1, listener = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0) fail("bind");
    if (listen(listener, ENTRIES) != 0) fail("listen");
    struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);
    io_uring_prep_multishot_accept(sqe, listener, NULL, NULL, SOCK_NONBLOCK);
    sqe->user_data = 0;
}

// Exits if a call of liburing's failed.
static void check(const char *what, int result) {
    errno = -result;
    if (result < 0) fail(what);
}

static void prepare_ring(void) {
    struct io_uring_params parameters = {
        .flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_CQSIZE,
        .cq_entries = 16 * ENTRIES,
    };
    check("io_uring_queue_init_params", io_uring_queue_init_params(ENTRIES, &ring, &parameters));
    if (posix_memalign((void **)&buffers, 4096, BUFFERS * sizeof(struct io_uring_buf)) != 0) {
        fail("posix_memalign");
    }
    io_uring_buf_ring_init(buffers);
    struct io_uring_buf_reg registration = {
        .ring_addr = (uintptr_t)buffers, .ring_entries = BUFFERS,
    };
    check("io_uring_register_buf_ring", io_uring_register_buf_ring(&ring, &registration, 0));
    for (int buffer = 0; buffer < BUFFERS; buffer++) give_back(buffer);
}

static void take_turn(void) {
    int result = has_line() ? io_uring_submit_and_get_events(&ring)
                            : io_uring_submit_and_wait(&ring, 1);
    if (result != -EINTR) check("io_uring_enter", result);
    struct io_uring_cqe *cqe;
    unsigned head, taken = 0;
    io_uring_for_each_cqe(&ring, head, cqe) {
        struct way *way = (struct way *)(uintptr_t)(cqe->user_data & ~(uint64_t)7);
        taken++;
        if (way != NULL) {
            completed(way, cqe->user_data & 7, cqe->res, cqe->flags);
        } else {
            check("accept", cqe->res);
            accepted(cqe->res);
        }
    }
    io_uring_cq_advance(&ring, taken);
    serve_line();
}

int main(int count, char **words) {
    int port = count > 1 ? atoi(words[1]) : 0;
    if (count > 2) slice = (size_t)atol(words[2]);
    is_polling = count > 3 && strcmp(words[3], "poll") == 0;
    if (port <= 0 || slice == 0 || slice > PIPE_BYTES || count > 3 + is_polling) {
        fprintf(stderr, "usage: floor-proxy PORT [SLICE [poll]], with a SLICE of 1 to %d\n",
                PIPE_BYTES);
        return 64;
    }
    signal(SIGPIPE, SIG_IGN);
    prepare_ring();
    listen_on(port);
    puts("ready");
    fflush(stdout);
    for (;;) take_turn();
}
