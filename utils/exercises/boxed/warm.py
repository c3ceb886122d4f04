"""A process that has imported large packages once and gives birth to boxed processes which need not import them again.

The process itself stands in a bubblewrap box, holds no secret and runs no operation of TensorFlow: after one, a fork
hangs. Each child goes into namespaces of its own before any code of a student runs: its own processes, network, empty
folders and only its notebook's copy of ``utils``; it has no capability left, and what it writes vanishes with it.
"""

import ctypes
import json
import os
import resource
import socket
import sys
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

# From Linux' headers: sched.h, mount.h, prctl.h, capability.h.
_NEW_NAMESPACES = 0x10000000 | 0x00020000 | 0x20000000 | 0x08000000 | 0x40000000 | 0x04000000
_READ_ONLY, _NO_SETUID, _NO_DEVICES, _REMOUNT = 1, 2, 4, 32
_BIND, _RECURSIVE, _PRIVATE = 4096, 16384, 1 << 18
_DROP_FROM_BOUNDS, _NO_NEW_PRIVILEGES, _AMBIENT, _AMBIENT_CLEAR = 24, 38, 47, 4
_CAPABILITY_VERSION = 0x20080522
_LAST_CAPABILITY = 63
_CAPSET = {"x86_64": 126, "aarch64": 91}

COPIES, COURSE, WORK = "/copies", "/course", "/box"
_libc = ctypes.CDLL(None, use_errno=True)


def main() -> None:
    """Import the modules named as arguments, and fork a child for each request over standard input, a socket.

    A request is JSON with two descriptors: ``copy`` (folder below ``/copies``), ``hidden`` (folders over which
    ``/copies/absent`` is laid) and ``limits`` (``memory_mb``, ``processes``, ``file_mb``). The answer is the child's
    process id here. ``{"end": id}`` ends a child with all its processes.
    """
    control = socket.socket(fileno=os.dup(0))
    for name in sys.argv[1:]:
        import_module(name)
    control.sendall(json.dumps({"ready": is_fresh()}).encode())
    while True:
        data, descriptors, *_ = socket.recv_fds(control, 1 << 16, 2)
        if not data:
            return
        request = json.loads(data)
        if "end" in request:
            with suppress(ProcessLookupError):
                os.kill(request["end"], 9)
            answer: dict[str, Any] = {"ended": request["end"]}
        else:
            answer = {"born": _bear(request, descriptors, control)}
            for descriptor in descriptors:
                os.close(descriptor)
        control.sendall(json.dumps(answer).encode())


def is_fresh() -> bool:
    """Tell whether TensorFlow, if it is here, has not begun to work yet, so that this process can be forked."""
    if "tensorflow" not in sys.modules:
        return True
    from tensorflow.python.eager import context

    return context.context()._context_handle is None


def _bear(request: dict[str, Any], descriptors: list[int], control: socket.socket) -> int:
    """Fork a child into namespaces of its own and return its process id as it is seen from here."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        # Its own child is the first process of the new namespace; this one only makes it.
        try:
            control.close()
            os.setsid()
            _call("unshare", _NEW_NAMESPACES)
            _map_user()
            first = os.fork()
            if first:
                os.write(writing, first.to_bytes(4, "little"))
                os._exit(0)
            os.close(reading)
            os.close(writing)
            _settle(request)
            _serve(descriptors)
        finally:
            os._exit(1)
    os.close(writing)
    os.waitpid(child, 0)
    number = os.read(reading, 4)
    os.close(reading)
    return int.from_bytes(number, "little")


def _map_user() -> None:
    user, group = 65534, 65534
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1")


def _settle(request: dict[str, Any]) -> None:
    """Lay out the child's files, set its limits, and give up every right to change either."""
    limits = request["limits"]
    reserved = _addresses()
    size = f"size={limits['file_mb'] << 20},mode=0755"
    _mount("none", "/", None, _RECURSIVE | _PRIVATE)
    _mount(f"{COPIES}/{request['copy']}/utils", f"{COURSE}/utils", None, _BIND | _RECURSIVE)
    for folder in request["hidden"]:
        _mount(f"{COPIES}/absent", folder, None, _BIND)
    # Over what the other children may see: their processes, the other notebooks' copies, this one's own beginnings.
    for folder in ("/proc", COPIES, "/tmp", WORK, "/dev/shm"):
        _mount("tmpfs", folder, "tmpfs", _NO_SETUID | _NO_DEVICES, size)
    _mount("devpts", "/dev/pts", "devpts", _NO_SETUID, "newinstance,ptmxmode=0666,mode=0620")
    # TensorFlow ends the process where it cannot ask which program it is; nothing else of /proc is there.
    Path("/proc/self").mkdir()
    Path("/proc/self/exe").symlink_to(sys.executable)
    Path("/proc/self/cmdline").write_text(f"{sys.executable}\0-P\0")
    for folder in ("/proc", COPIES):
        _mount("none", folder, None, _REMOUNT | _READ_ONLY | _NO_SETUID | _NO_DEVICES)
    os.chdir(WORK)
    memory, files = limits["memory_mb"] << 20, limits["file_mb"] << 20
    # On top of the addresses that importing has reserved and nobody uses.
    addresses = memory + reserved
    resource.setrlimit(resource.RLIMIT_AS, (addresses, addresses))
    resource.setrlimit(resource.RLIMIT_NPROC, (limits["processes"], limits["processes"]))
    resource.setrlimit(resource.RLIMIT_FSIZE, (files, files))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _give_up_rights()


def _addresses() -> int:
    """Return the bytes of address space that this process has reserved."""
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


def _give_up_rights() -> None:
    for capability in range(_LAST_CAPABILITY + 1):
        _libc.prctl(
            _DROP_FROM_BOUNDS, capability, 0, 0, 0
        )  # fails beyond the last one that this kernel knows
    _libc.prctl(_AMBIENT, _AMBIENT_CLEAR, 0, 0, 0)
    _call("prctl", _NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION, 0)
    nothing = (ctypes.c_uint32 * 6)()
    _call("syscall", _CAPSET[os.uname().machine], ctypes.byref(header), ctypes.byref(nothing))


def _serve(descriptors: list[int]) -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    for number in range(3, 256):
        if number not in descriptors:
            with suppress(OSError):
                os.close(number)
    sys.path.insert(0, COURSE)
    from utils.exercises.boxed.frames import Channel
    from utils.exercises.boxed.serve import serve
    from utils.exercises.boxed.syscalls import shut

    shut()
    serve(Channel(*descriptors))


def _mount(source: str, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
    texts = [None if text is None else text.encode() for text in (source, target, kind)]
    _call("mount", *texts, ctypes.c_ulong(flags), None if data is None else data.encode())


def _call(name: str, *arguments: Any) -> None:
    """Call a function of the C library.

    Raises
    ------
    OSError
        When it fails.
    """
    if getattr(_libc, name)(*arguments) == -1:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


if __name__ == "__main__":
    main()
