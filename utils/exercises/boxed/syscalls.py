"""A filter of system calls for the process in the box: the kernel's doors that no exercise needs are shut.

Namespaces, mounts, other processes' memory, kernel keys and the like have no use here and a long record of faults. The
filter is inherited by every child and cannot be taken off (``man 2 seccomp``).
"""

import ctypes
import errno
import os
import struct
import sys

# From Linux' headers: prctl.h, seccomp.h, audit.h, bpf_common.h, sched.h.
_NO_NEW_PRIVILEGES, _SET_SECCOMP, _FILTER = 38, 22, 2
_ALLOW, _ERROR = 0x7FFF0000, 0x00050000
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _MACHINE, _FIRST_ARGUMENT = 0, 4, 16
_SECOND_ABI = 0x40000000  # x32: the same calls under other numbers
_NEW_NAMESPACES = 0x7E020000
_FAMILIES = (
    1,
    2,
    10,
    16,
)  # Unix, IPv4, IPv6 and netlink: the box has a network of its own, with nobody in it
# unshare setns mount umount2 pivot_root chroot ptrace process_vm_readv process_vm_writev add_key request_key keyctl
# bpf perf_event_open userfaultfd name_to_handle_at open_by_handle_at init_module finit_module reboot syslog swapon
_SHUT_IN_X86_64 = (
    *(272, 308, 165, 166, 155, 161, 101, 310, 311, 248, 249, 250),
    *(321, 298, 323, 303, 304, 175, 313, 169, 103, 167),
)
_SHUT_IN_AARCH64 = (
    *(97, 268, 40, 39, 41, 51, 117, 270, 271, 217, 218, 219),
    *(280, 241, 282, 264, 265, 105, 273, 142, 116, 224),
)
# Numbered alike everywhere: io_uring, the newer mounting calls, pidfd_getfd, mount_setattr.
_SHUT_ANYWHERE = (425, 426, 427, 428, 429, 430, 431, 432, 433, 438, 442)
_CLONE3 = 435
# Machine, its number in audit.h, calls that are shut, clone, socket.
_MACHINES = {
    "x86_64": (0xC000003E, _SHUT_IN_X86_64, 56, 41),
    "aarch64": (0xC00000B7, _SHUT_IN_AARCH64, 220, 198),
}


def shut() -> bool:
    """Shut the doors for this process and all its children.

    Must be called before there are threads.

    Returns
    -------
    bool
        False where this kernel or machine has no such filter.
    """
    machine = os.uname().machine
    if not sys.platform.startswith("linux") or machine not in _MACHINES:
        return False
    program = _program(*_MACHINES[machine])
    code = ctypes.create_string_buffer(b"".join(struct.pack("<HBBI", *line) for line in program))

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_void_p))

    pointer = ctypes.byref(Program(len(program), ctypes.addressof(code)))
    libc = ctypes.CDLL(None, use_errno=True)
    return libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) == 0 and libc.prctl(_SET_SECCOMP, _FILTER, pointer) == 0


def _program(
    machine: int, numbers: tuple[int, ...], clone: int, socket: int
) -> list[tuple[int, int, int, int]]:
    """Return the filter's lines: operation, lines to skip where it holds, where not, operand."""
    deny = (_RETURN, 0, 0, _ERROR | errno.EPERM)
    lines = [
        (_LOAD, 0, 0, _MACHINE),
        (_EQUAL, 1, 0, machine),
        deny,
        (_LOAD, 0, 0, _NUMBER),
        (_AT_LEAST, 0, 1, _SECOND_ABI),
        deny,
    ]
    for number in (*numbers, *_SHUT_ANYWHERE):
        lines += [(_EQUAL, 0, 1, number), deny]
    # Its flags lie in memory, where no filter looks; the C library then uses clone.
    lines += [(_EQUAL, 0, 1, _CLONE3), (_RETURN, 0, 0, _ERROR | errno.ENOSYS)]
    lines += [
        (_EQUAL, 0, 4, clone),
        (_LOAD, 0, 0, _FIRST_ARGUMENT),
        (_ANY_BIT, 0, 1, _NEW_NAMESPACES),
        deny,
        (_RETURN, 0, 0, _ALLOW),
        (_EQUAL, 0, len(_FAMILIES) + 2, socket),
        (_LOAD, 0, 0, _FIRST_ARGUMENT),
        *((_EQUAL, len(_FAMILIES) - place, 0, family) for place, family in enumerate(_FAMILIES)),
        (_RETURN, 0, 0, _ERROR | errno.EAFNOSUPPORT),
    ]
    return [*lines, (_RETURN, 0, 0, _ALLOW)]
