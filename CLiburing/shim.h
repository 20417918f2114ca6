#ifndef CULVERT_CLIBURING_SHIM_H
#define CULVERT_CLIBURING_SHIM_H
// sys/types.h comes first: liburing.h defines _GNU_SOURCE, and fd_set would differ from Glibc's.
#include <sys/types.h>
#include <liburing.h>
#endif
