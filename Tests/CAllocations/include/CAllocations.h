// Counts what the proxy's workers allocate, by a malloc and its kin over those of glibc.
#ifndef CULVERT_CALLOCATIONS_H
#define CULVERT_CALLOCATIONS_H

#include <stddef.h>
#include <stdint.h>

/// Counts, from zero, what threads named "worker-..." of the proxy, or "client-..." or "origin-..."
/// of the load tool allocate, until `allocations_end`.
///
/// For one caller at a time. Under a sanitizer, which brings a malloc of its own, nothing is seen.
void allocations_begin(void);

/// Stops counting; how many allocations there were.
uint64_t allocations_end(void);

/// Writes where the first of them was made: for each frame a file and the offset in it, innermost
/// first.
void allocations_first_place(char *text, size_t room);

#endif
