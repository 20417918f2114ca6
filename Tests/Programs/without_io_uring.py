"""Runs a program under a seccomp filter that fails the system calls of io_uring, or another one.

usage: without_io_uring.py ERRNO[@NUMBER] PROGRAM [ARGUMENT...]

ERRNO is a name: EPERM, as the filters of containers have it, or ENOSYS. NUMBER is that of a system
call on this machine.
"""

import ctypes
import errno
import os
import struct
import sys

PR_SET_SECCOMP = 22
PR_SET_NO_NEW_PRIVS = 38
SECCOMP_MODE_FILTER = 2
SECCOMP_RET_ERRNO = 0x00050000
SECCOMP_RET_ALLOW = 0x7FFF0000
LOAD_WORD = 0x20
JUMP_IF_GREATER_OR_EQUAL = 0x35
RETURN = 0x06
# io_uring_setup, io_uring_enter and io_uring_register have these numbers everywhere.
FIRST, BEYOND = 425, 428

name, _, number = sys.argv[1].partition("@")
if number:
    FIRST, BEYOND = int(number), int(number) + 1
code = getattr(errno, name)
steps = [
    (LOAD_WORD, 0, 0, 0),
    (JUMP_IF_GREATER_OR_EQUAL, 2, 0, BEYOND),
    (JUMP_IF_GREATER_OR_EQUAL, 0, 1, FIRST),
    (RETURN, 0, 0, SECCOMP_RET_ERRNO | code),
    (RETURN, 0, 0, SECCOMP_RET_ALLOW),
]
program = ctypes.create_string_buffer(
    b"".join(struct.pack("HBBI", *step) for step in steps)
)


class Filter(ctypes.Structure):
    _fields_ = [("count", ctypes.c_ushort), ("steps", ctypes.c_void_p)]


system = ctypes.CDLL(None, use_errno=True)
filter = Filter(len(steps), ctypes.addressof(program))
none = ctypes.c_ulong(0)
if system.prctl(PR_SET_NO_NEW_PRIVS, ctypes.c_ulong(1), none, none, none) != 0:
    raise OSError(ctypes.get_errno(), "PR_SET_NO_NEW_PRIVS")
if system.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(filter)) != 0:
    raise OSError(ctypes.get_errno(), "PR_SET_SECCOMP")
os.execvp(sys.argv[2], sys.argv[2:])
