// An echo origin and a load client that share nothing with culvert-bench, whose figures are checked
// against theirs: one thread, epoll, non-blocking sockets.
//
//     epoll-client origin
//     epoll-client echo|rate PORT CONNECTIONS SIZE SECONDS
//
// The client measures for SECONDS after one second to warm up, and prints one JSON object.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS = 512, SIZE_MAX_BYTES = 65536, SUB_BITS = 7, BUCKETS = 64 << SUB_BITS };

struct connection {
    int socket;
    int is_begun, is_closing;
    size_t received;
    // When the message was sent; for rate, when the connection was begun.
    uint64_t began;
};

static int epoll;
static char text[SIZE_MAX_BYTES], scratch[SIZE_MAX_BYTES];

// The system refused something.
static void fail(const char *what) {
    perror(what);
    exit(1);
}

// The other end did something that it may not.
static void complain(const char *what) {
    fprintf(stderr, "epoll-client: %s\n", what);
    exit(1);
}

static uint64_t clock_now(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static void watch(int socket, uint32_t events, void *pointer) {
    struct epoll_event event = {.events = events, .data.ptr = pointer};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, socket, &event) != 0) fail("epoll_ctl");
}

static void set_nodelay(int socket) {
    int on = 1;
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

static struct sockaddr_in loopback(uint32_t address, uint16_t port) {
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons(port)};
    name.sin_addr.s_addr = htonl(address);
    return name;
}

// --- Origin: sends back what comes, and ends when the other end does.

static void echo_once(struct connection *one) {
    ssize_t count = recv(one->socket, scratch, sizeof scratch, 0);
    if (count < 0 && errno == EAGAIN) return;
    // Messages are small and one at a time, so that there is always room for them.
    if (count > 0 && send(one->socket, scratch, (size_t)count, MSG_NOSIGNAL) == count) return;
    close(one->socket);
    free(one);
}

static void run_origin(void) {
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    struct sockaddr_in name = loopback(INADDR_LOOPBACK, 0);
    socklen_t length = sizeof name;
    if (bind(listener, (struct sockaddr *)&name, length) != 0) fail("bind");
    if (listen(listener, 4096) != 0) fail("listen");
    getsockname(listener, (struct sockaddr *)&name, &length);
    printf("%u\n", ntohs(name.sin_port));
    fflush(stdout);
    watch(listener, EPOLLIN, NULL);
    for (;;) {
        struct epoll_event events[EVENTS];
        int count = epoll_wait(epoll, events, EVENTS, -1);
        for (int index = 0; index < count; index++) {
            if (events[index].data.ptr != NULL) {
                echo_once(events[index].data.ptr);
                continue;
            }
            int client;
            while ((client = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
                struct connection *one = calloc(1, sizeof *one);
                if (one == NULL) fail("calloc");
                one->socket = client;
                set_nodelay(client);
                watch(client, EPOLLIN, one);
            }
        }
    }
}

// --- Client

static int is_rate;
static uint16_t port;
static size_t size;
static uint64_t measured_from, measured_to, done;
static uint64_t buckets[BUCKETS];

// Buckets of one part in 128.
static void record(uint64_t nanoseconds) {
    unsigned index = (unsigned)nanoseconds;
    if (nanoseconds >> (SUB_BITS + 1)) {
        unsigned shift = 63u - (unsigned)__builtin_clzll(nanoseconds) - SUB_BITS;
        index = (shift << SUB_BITS) + (unsigned)(nanoseconds >> shift);
    }
    buckets[index]++;
}

static uint64_t percentile(double percent) {
    uint64_t wanted = (uint64_t)((double)done * percent / 100 + 0.5), sum = 0;
    for (unsigned index = 0; index < BUCKETS; index++) {
        sum += buckets[index];
        if (sum == 0 || sum < wanted) continue;
        if (index >> (SUB_BITS + 1) == 0) return index;
        unsigned shift = (index >> SUB_BITS) - 1;
        return (uint64_t)(index - (shift << SUB_BITS)) << shift;
    }
    return 0;
}

static void complete(const struct connection *one, uint64_t now) {
    if (now < measured_from || now >= measured_to) return;
    done++;
    record(now - one->began);
}

static void send_message(struct connection *one, uint64_t now) {
    if (!is_rate) one->began = now;
    one->received = 0;
    ssize_t sent = send(one->socket, text, size, MSG_NOSIGNAL);
    if (sent < 0) fail("send");
    if (sent != (ssize_t)size) complain("a message had no room: choose a smaller one");
}

static void begin(struct connection *one, uint64_t now) {
    // As the tool does for tunnels that come and go, lest one address run out of ports.
    static uint32_t turn;
    struct sockaddr_in source = loopback(0x7f200001 + turn++ % 4, 0);
    struct sockaddr_in target = loopback(INADDR_LOOPBACK, port);
    int on = 1;
    *one = (struct connection){.began = now};
    one->socket = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (one->socket < 0) fail("socket");
    set_nodelay(one->socket);
    setsockopt(one->socket, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    if (bind(one->socket, (struct sockaddr *)&source, sizeof source) != 0) fail("bind");
    int status = connect(one->socket, (struct sockaddr *)&target, sizeof target);
    if (status != 0 && errno != EINPROGRESS) fail("connect");
    // Edge-triggered: one event when it is connected, one for each arrival.
    watch(one->socket, EPOLLIN | EPOLLOUT | EPOLLET, one);
}

static void go_on(struct connection *one, uint32_t events, uint64_t now) {
    if (!one->is_begun && events & EPOLLOUT) {
        one->is_begun = 1;
        send_message(one, now);
    }
    if (!(events & (EPOLLIN | EPOLLHUP | EPOLLERR))) return;
    for (;;) {
        ssize_t count = recv(one->socket, scratch, sizeof scratch, 0);
        if (count < 0 && errno == EAGAIN) return;
        if (count < 0) fail("recv");
        if (count == 0) {
            if (!one->is_closing) complain("a stream ended early");
            complete(one, now);
            close(one->socket);
            return begin(one, now);
        }
        if ((size_t)count > size - one->received) complain("more came than was sent");
        const int differs = memcmp(scratch, text + one->received, (size_t)count);
        if (differs) complain("a wrong byte came");
        one->received += (size_t)count;
        if (one->received < size) continue;
        if (is_rate) {
            one->is_closing = 1;
            shutdown(one->socket, SHUT_WR);
        } else {
            complete(one, now);
            send_message(one, now);
        }
        if ((size_t)count < sizeof scratch) return;
    }
}

static int run_client(unsigned connections, unsigned seconds) {
    struct connection *all = calloc(connections, sizeof *all);
    if (all == NULL) fail("calloc");
    for (size_t index = 0; index < sizeof text; index++) text[index] = (char)(index * 131 >> 3);
    measured_from = clock_now(CLOCK_MONOTONIC) + 1000000000u;
    measured_to = measured_from + seconds * 1000000000ull;
    for (unsigned index = 0; index < connections; index++) {
        begin(&all[index], clock_now(CLOCK_MONOTONIC));
    }
    uint64_t cpu_before = 0, now = 0;
    while ((now = clock_now(CLOCK_MONOTONIC)) < measured_to) {
        if (cpu_before == 0 && now >= measured_from) {
            cpu_before = clock_now(CLOCK_PROCESS_CPUTIME_ID);
        }
        struct epoll_event events[EVENTS];
        int count = epoll_wait(epoll, events, EVENTS, 1000);
        now = clock_now(CLOCK_MONOTONIC);
        for (int index = 0; index < count; index++) {
            go_on(events[index].data.ptr, events[index].events, now);
        }
    }
    uint64_t cpu = clock_now(CLOCK_PROCESS_CPUTIME_ID) - cpu_before;
    if (done == 0) complain("nothing was done in time");
    printf("{\"count\": %llu, \"per_second\": %.1f, \"p50_nanoseconds\": %llu, "
           "\"p99_nanoseconds\": %llu, \"cpu_nanoseconds\": %.1f}\n",
        (unsigned long long)done, (double)done / seconds, (unsigned long long)percentile(50),
        (unsigned long long)percentile(99), (double)cpu / (double)done);
    return 0;
}

static int usage(void) {
    fputs("usage: epoll-client origin | echo|rate PORT CONNECTIONS SIZE SECONDS\n", stderr);
    return 64;
}

int main(int count, char **arguments) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    epoll = epoll_create1(0);
    if (epoll < 0) fail("epoll_create1");
    if (count == 2 && strcmp(arguments[1], "origin") == 0) run_origin();
    if (count != 6) return usage();
    is_rate = strcmp(arguments[1], "rate") == 0;
    if (!is_rate && strcmp(arguments[1], "echo") != 0) return usage();
    port = (uint16_t)atoi(arguments[2]);
    size = (size_t)atoi(arguments[4]);
    int connections = atoi(arguments[3]), seconds = atoi(arguments[5]);
    if (port == 0 || connections < 1 || seconds < 1) return usage();
    if (size == 0 || size > SIZE_MAX_BYTES) return usage();
    return run_client((unsigned)connections, (unsigned)seconds);
}
