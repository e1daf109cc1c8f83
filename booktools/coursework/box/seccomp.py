"""The system calls that the box has no use for, as a filter that bubblewrap loads (classic BPF).

Refused: memory that neither limits nor the watch can see (memfd, System V), new namespaces and mounts, keyrings,
tracing, io_uring, and sockets of other families than the Unix and internet ones: those of virtual machines reach past
the network namespace. An internet socket finds nothing but the box's own loopback.
"""

from __future__ import annotations

import platform
import struct

# name: number on x86_64, number on aarch64
REFUSED = {
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "shmat": (30, 196),
    "shmctl": (31, 195),
    "msgget": (68, 186),
    "semget": (64, 190),
    "mq_open": (240, 180),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "kcmp": (312, 272),
    "pidfd_getfd": (438, 438),
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "syslog": (103, 116),
    "acct": (163, 89),
}
SOCKET, CLONE, CLONE3, IOCTL = (41, 198), (56, 220), (435, 435), (16, 29)
MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}  # column above, audit name of the architecture

LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
NUMBER, ARCHITECTURE, FIRST, SECOND = 0, 4, 16, 24  # offsets in seccomp_data: low words of the first two arguments
ALLOW, KILL, REFUSE = 0x7FFF0000, 0x80000000, 0x00050000
PERMISSION, NO_SYSCALL, NO_FAMILY = 1, 38, 97  # EPERM, ENOSYS, EAFNOSUPPORT
NEW_NAMESPACES = 0x7E020080  # CLONE_NEW*: user, pid, net, ipc, uts, mount, cgroup, time
FAMILIES = (1, 2, 10)  # Unix, IPv4, IPv6
TERMINAL_INPUT = (0x5412, 0x541C)  # TIOCSTI, TIOCLINUX: typing into somebody's terminal
OTHER_TABLE = 0x40000000  # x32 numbers on x86_64


def supported() -> bool:
    """Whether the numbers of this machine's system calls are known."""
    return platform.machine() in MACHINES


def filter_program() -> bytes:
    """The filter for this machine. Raises ValueError where `supported` is false."""
    if not supported():
        raise ValueError(f"no filter of system calls for {platform.machine()}: known are {', '.join(MACHINES)}")
    column, architecture = MACHINES[platform.machine()]
    program = [
        step(LOAD, ARCHITECTURE),
        step(EQUAL, architecture, yes=1),
        step(RETURN, KILL),
        step(LOAD, NUMBER),
        step(AT_LEAST, OTHER_TABLE, no=1),
        step(RETURN, KILL),
    ]
    for numbers in REFUSED.values():
        program += [step(EQUAL, numbers[column], no=1), step(RETURN, REFUSE | PERMISSION)]
    # glibc falls back from clone3, whose flags a filter cannot read, to clone.
    program += [step(EQUAL, CLONE3[column], no=1), step(RETURN, REFUSE | NO_SYSCALL)]
    spaces = [step(ANY_BIT, NEW_NAMESPACES, no=1), step(RETURN, REFUSE | PERMISSION)]
    program += looking_at(CLONE[column], FIRST, spaces)
    allowed = [step(EQUAL, family, yes=len(FAMILIES) - i) for i, family in enumerate(FAMILIES)]
    program += looking_at(SOCKET[column], FIRST, [*allowed, step(RETURN, REFUSE | NO_FAMILY)])
    typing = [part for code in TERMINAL_INPUT for part in (step(EQUAL, code, no=1), step(RETURN, REFUSE | PERMISSION))]
    program += looking_at(IOCTL[column], SECOND, typing)
    return b"".join([*program, step(RETURN, ALLOW)])


def looking_at(number: int, argument: int, steps: list[bytes]) -> list[bytes]:
    """For that system call: load the argument, go through the steps, and allow what they let pass."""
    inner = [step(LOAD, argument), *steps, step(RETURN, ALLOW)]
    return [step(EQUAL, number, no=len(inner)), *inner]


def step(code: int, value: int, yes: int = 0, no: int = 0) -> bytes:
    """One instruction; `yes` and `no` say how many to skip when the comparison holds or fails."""
    return struct.pack("=HBBI", code, yes, no, value)
