#define _GNU_SOURCE
#include "CAllocations.h"

#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

enum { FRAMES_MAX = 24, NAME_MAX = 16 };

static atomic_bool is_counting;
static atomic_ullong counted;
static void *frames[FRAMES_MAX];
static atomic_int frame_count;

#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)

static void watch_throws(bool is_watching) {}

#else

// The Swift runtime calls these for each error that is thrown. Swift Testing hangs itself in, to
// keep a backtrace, and so allocates on the thread that throws, in the proxy's name.
extern _Atomic(void *) _swift_willThrow;
extern _Atomic(void *) _swift_willThrowTypedImpl;
static void *watchers[2];

static void watch_throws(bool is_watching) {
    if (is_watching) {
        atomic_store(&_swift_willThrow, watchers[0]);
        atomic_store(&_swift_willThrowTypedImpl, watchers[1]);
    } else {
        watchers[0] = atomic_exchange(&_swift_willThrow, NULL);
        watchers[1] = atomic_exchange(&_swift_willThrowTypedImpl, NULL);
    }
}

static bool is_worker(void) {
    static const char *const prefixes[] = {"worker-", "client-", "origin-"};
    char name[NAME_MAX] = "";
    prctl(PR_GET_NAME, name);
    for (size_t index = 0; index < sizeof prefixes / sizeof *prefixes; index++) {
        if (strncmp(name, prefixes[index], strlen(prefixes[index])) == 0) return true;
    }
    return false;
}

/// Called before each allocation; costs next to nothing while nobody counts.
static void count(void) {
    if (!atomic_load_explicit(&is_counting, memory_order_relaxed) || !is_worker()) return;
    if (atomic_fetch_add(&counted, 1) > 0) return;
    atomic_store(&frame_count, backtrace(frames, FRAMES_MAX));
}

// Standing in the program itself, these are found before those of the C library by everything that
// is loaded. The memory is glibc's as ever, and goes back by its own free.

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t number, size_t size);
extern void *__libc_realloc(void *memory, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

void *malloc(size_t size) {
    count();
    return __libc_malloc(size);
}

void *calloc(size_t number, size_t size) {
    count();
    return __libc_calloc(number, size);
}

void *realloc(void *memory, size_t size) {
    count();
    return __libc_realloc(memory, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
    count();
    return __libc_memalign(alignment, size);
}

int posix_memalign(void **memory, size_t alignment, size_t size) {
    if (alignment < sizeof(void *) || (alignment & (alignment - 1)) != 0) return EINVAL;
    count();
    void *fresh = __libc_memalign(alignment, size);
    if (fresh == NULL) return ENOMEM;
    *memory = fresh;
    return 0;
}

#endif

void allocations_begin(void) {
    // The first call loads a library, which allocates.
    backtrace(frames, FRAMES_MAX);
    atomic_store(&frame_count, 0);
    atomic_store(&counted, 0);
    watch_throws(false);
    atomic_store(&is_counting, true);
}

uint64_t allocations_end(void) {
    atomic_store(&is_counting, false);
    watch_throws(true);
    return atomic_load(&counted);
}

void allocations_first_place(char *text, size_t room) {
    size_t used = 0;
    for (int index = 1; index < atomic_load(&frame_count) && used < room; index++) {
        Dl_info file;
        if (dladdr(frames[index], &file) == 0) continue;
        const char *name = strrchr(file.dli_fname, '/');
        size_t offset = (size_t)((char *)frames[index] - (char *)file.dli_fbase);
        used += (size_t)snprintf(text + used, room - used, "%s+%#zx ",
                                 name == NULL ? file.dli_fname : name + 1, offset);
    }
}
