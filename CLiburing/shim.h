// What Culvert sees of liburing and of the GNU parts of libc.
//
// Debian's liburing 2.3 is older than the kernels that we run on: newer flags are constants here,
// each probed or guarded at start, and a few inline functions do what Swift's importer can't.
#ifndef CULVERT_CLIBURING_SHIM_H
#define CULVERT_CLIBURING_SHIM_H

// First: liburing.h defines _GNU_SOURCE, and fd_set would differ from the one that Glibc imports.
#include <sys/types.h>
#include <liburing.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <unistd.h>

// Macros that expand to enumerators or casts are not imported: restated as typed constants.
static const uint8_t CL_SQE_BUFFER_SELECT = IOSQE_BUFFER_SELECT;
static const uint8_t CL_SQE_CQE_SKIP_SUCCESS = IOSQE_CQE_SKIP_SUCCESS;
static const uint32_t CL_SPLICE_NONBLOCK = 2;  // SPLICE_F_NONBLOCK
static const uint32_t CL_SPLICE_MOVE = 1;      // SPLICE_F_MOVE
static const int32_t CL_F_SETPIPE_SZ = 1031;
static const int32_t CL_POLLRDHUP = 0x2000;
static const int32_t CL_MSG_DONTWAIT = MSG_DONTWAIT;
static const int32_t CL_MSG_WAITALL = MSG_WAITALL;
static const int32_t CL_SOCK_NONBLOCK = SOCK_NONBLOCK;
static const int32_t CL_SOCK_CLOEXEC = SOCK_CLOEXEC;
static const int32_t CL_SOCK_STREAM = SOCK_STREAM;
static const int32_t CL_SOCK_DGRAM = SOCK_DGRAM;
static const int32_t CL_SOCK_SEQPACKET = SOCK_SEQPACKET;
static const int32_t CL_SO_REUSEPORT = SO_REUSEPORT;
static const int32_t CL_SO_INCOMING_CPU = 49;  // SO_INCOMING_CPU
static const int32_t CL_IP_BIND_ADDRESS_NO_PORT = 24;
static const int32_t CL_TCP_USER_TIMEOUT = TCP_USER_TIMEOUT;
static const uint32_t CL_CLOSE_RANGE_UNSHARE = 2;
static const uint32_t CL_FEAT_MIN_TIMEOUT = 1u << 15;  // IORING_FEAT_MIN_TIMEOUT, Linux 6.12

// Declared only under _GNU_SOURCE, which the importer doesn't define for Glibc.
extern int pipe2(int ends[2], int flags);
extern int accept4(int descriptor, struct sockaddr *address, socklen_t *length, int flags);

/// splice(2) between a pipe and a socket; the C library's is a point of cancellation besides, which
/// takes time at each call.
static inline ssize_t cl_splice(int in, int out, size_t count, unsigned int flags) {
    return syscall(SYS_splice, in, NULL, out, NULL, count, flags);
}

/// close_range(2), Linux 5.9; with the flag CLOSE_RANGE_UNSHARE the calling thread first gets a
/// descriptor table of its own.
static inline int cl_close_range(unsigned int first, unsigned int last, unsigned int flags) {
    return (int)syscall(SYS_close_range, first, last, flags);
}

/// kcmp(2) of the descriptor tables of two threads: 0 if they share one, 1 or 2 by their order.
static inline int cl_compare_tables(pid_t one, pid_t other) {
    return (int)syscall(SYS_kcmp, one, other, 2, 0, 0);  // KCMP_FILES
}

/// struct io_uring_getevents_arg since Linux 6.12; in liburing its fields have had other names.
struct cl_wait_argument {
    uint64_t signals;
    uint32_t signals_size;
    uint32_t gather_microseconds;
    uint64_t limit;
};

/// Makes prepared submissions visible to the kernel and says how many wait to be submitted.
///
/// The queue's tail is written with release order; a C atomic, which Swift can't apply to memory
/// that the kernel shares.
static inline unsigned int cl_flush(struct io_uring *ring) {
    struct io_uring_sq *sq = &ring->sq;
    unsigned int tail = *sq->ktail;
    unsigned int count = sq->sqe_tail - sq->sqe_head;
    // From liburing 2.6 on there may be no array: then entries are taken in the order of the ring.
    for (unsigned int left = count; left != 0; left--) {
        if (sq->array) sq->array[tail & sq->ring_mask] = sq->sqe_head & sq->ring_mask;
        tail++;
        sq->sqe_head++;
    }
    io_uring_smp_store_release(sq->ktail, tail);
    return tail - io_uring_smp_load_acquire(sq->khead);
}

/// The completion at `*head` if the kernel has posted one, else null.
static inline struct io_uring_cqe *cl_completion(struct io_uring *ring, unsigned int head) {
    if (head == io_uring_smp_load_acquire(ring->cq.ktail)) return 0;
    return &ring->cq.cqes[head & ring->cq.ring_mask];
}

/// Tells the kernel that all completions before `head` have been taken, once for a batch.
static inline void cl_take_completions(struct io_uring *ring, unsigned int head) {
    io_uring_smp_store_release(ring->cq.khead, head);
}

/// Prepares the write of a one to an eventfd; the number must stay where it is.
static inline void cl_prep_wake(struct io_uring_sqe *entry, int descriptor) {
    static const uint64_t one = 1;
    io_uring_prep_write(entry, descriptor, &one, sizeof one, 0);
}

/// Sends one octet, `count` bytes and, beside them, `first` and, if it isn't -1, `second` through a
/// Unix socket as one message, without waiting; 0 or an errno negated. The macros of cmsg(3) aren't
/// imported.
static inline int cl_pass_descriptors(
    int channel, int first, int second, const void *bytes, size_t count
) {
    int descriptors[2] = {first, second};
    size_t size = second < 0 ? sizeof first : sizeof descriptors;
    union {
        char room[CMSG_SPACE(sizeof descriptors)];
        struct cmsghdr header;
    } control = {{0}};
    char octet = 0;
    struct iovec parts[2] = {{&octet, sizeof octet}, {(void *)bytes, count}};
    struct msghdr message = {0};
    message.msg_iov = parts;
    message.msg_iovlen = 2;
    message.msg_control = control.room;
    message.msg_controllen = CMSG_SPACE(size);
    control.header.cmsg_level = SOL_SOCKET;
    control.header.cmsg_type = SCM_RIGHTS;
    control.header.cmsg_len = CMSG_LEN(size);
    memcpy(CMSG_DATA(&control.header), descriptors, size);
    return sendmsg(channel, &message, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0 ? 0 : -errno;
}

/// Takes what was passed through a Unix socket, without waiting: the first descriptor, and in
/// `second` the other one or -1. Else an errno negated, EMFILE if the table had no room for all.
/// The bytes that came with them are put into `bytes`, at most `count` of them, and their number
/// there.
static inline int cl_take_descriptors(int channel, int *second, void *bytes, size_t *count) {
    int descriptors[2] = {-1, -1};
    union {
        char room[CMSG_SPACE(sizeof descriptors)];
        struct cmsghdr header;
    } control;
    char octet;
    struct iovec parts[2] = {{&octet, sizeof octet}, {bytes, *count}};
    struct msghdr message = {0};
    message.msg_iov = parts;
    message.msg_iovlen = 2;
    message.msg_control = control.room;
    message.msg_controllen = sizeof control.room;
    ssize_t received = recvmsg(channel, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (received < 0) return -errno;
    if (received == 0) return -EAGAIN;
    *count = (size_t)received - 1;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (header && header->cmsg_type == SCM_RIGHTS) {
        memcpy(descriptors, CMSG_DATA(header), header->cmsg_len - CMSG_LEN(0));
    }
    if (message.msg_flags & MSG_CTRUNC) {
        if (descriptors[0] >= 0) close(descriptors[0]);
        descriptors[0] = -1;
    }
    *second = descriptors[1];
    return descriptors[0] >= 0 ? descriptors[0] : -EMFILE;
}

/// RLIMIT_NOFILE is an enumerator of a type that differs between C libraries.
static inline int cl_open_file_limit(struct rlimit *limit) {
    return getrlimit(RLIMIT_NOFILE, limit);
}
static inline int cl_set_open_file_limit(const struct rlimit *limit) {
    return setrlimit(RLIMIT_NOFILE, limit);
}

/// Binds the calling thread to one CPU. CPU_SET is a macro, and declared only under _GNU_SOURCE.
static inline int cl_pin_thread(int cpu) {
    unsigned long set[16] = {0};
    const int bits = 8 * (int)sizeof set[0];
    if (cpu < 0 || cpu >= 16 * bits) return EINVAL;
    set[cpu / bits] = 1ul << (cpu % bits);
    return syscall(SYS_sched_setaffinity, 0, sizeof set, set) == 0 ? 0 : errno;
}

/// Fills `set`, of `size` bytes, with a bit for each CPU that the calling thread may run on; how
/// many bytes of it were written, or -1.
static inline long cl_allowed_cpus(unsigned long *set, unsigned long size) {
    return syscall(SYS_sched_getaffinity, 0, size, set);
}

/// Waits of the calling thread end when they are over; the kernel adds up to 50 us else.
static inline int cl_set_timer_slack(unsigned long nanoseconds) {
    return prctl(PR_SET_TIMERSLACK, nanoseconds, 0, 0, 0);
}

/// The process leaves no core, and only root may look into its memory.
static inline int cl_make_undumpable(void) {
    return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

/// Declared only under _GNU_SOURCE.
extern int pthread_setname_np(pthread_t thread, const char *name);

#endif
