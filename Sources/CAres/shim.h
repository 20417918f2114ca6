// The C border of the Resolver module: c-ares and the socket headers that its types need.
#ifndef CULVERT_CARES_SHIM_H
#define CULVERT_CARES_SHIM_H

#include <sys/types.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <ares.h>

#endif
