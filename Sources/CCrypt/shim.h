// The C border for password hashes: crypt(3) of libxcrypt, and wiping that isn't left out.
#ifndef CULVERT_CCRYPT_SHIM_H
#define CULVERT_CCRYPT_SHIM_H

#include <crypt.h>
#include <stddef.h>

// Declared only under _DEFAULT_SOURCE, which the importer doesn't define for Glibc.
extern void explicit_bzero(void *memory, size_t count);

#endif
