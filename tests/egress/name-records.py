"""name-records.py API DB - res_query() and its kin, and getaddrinfo_a(), of names that rules take, as C calls them.

API is what stands for api.example.com, DB for db.names.test.
"""
import ctypes
import os
import signal
import socket
import sys

libc = ctypes.CDLL(None, use_errno=True)
libc.__h_errno_location.restype = ctypes.POINTER(ctypes.c_int)
HOST_NOT_FOUND, C_IN, T_SRV, T_A, T_MX = 1, 1, 33, 1, 15
EAI_NONAME, EAI_MEMORY, EAI_INPROGRESS = -2, -10, -100
GAI_WAIT, GAI_NOWAIT = 0, 1
SIGEV_SIGNAL, SIGEV_NONE = 0, 1

# ---- records ----

answer = ctypes.create_string_buffer(512)
state = ctypes.create_string_buffer(4096)  # more than a struct __res_state


def says_not_found(function, *arguments):
    libc.__h_errno_location()[0] = 0
    assert getattr(libc, function)(*arguments) == -1, function
    assert libc.__h_errno_location()[0] == HOST_NOT_FOUND, (function, libc.__h_errno_location()[0])


for prefix in ("", "__"):
    for name in (b"api.example.com", b"API.EXAMPLE.COM.", b"_http._tcp.api.example.com", b"_a._b._c.x.names.test",
                 b"db.names.test", b"3.vsock"):
        for kind in (T_A, T_MX, T_SRV):
            says_not_found(prefix + "res_query", name, C_IN, kind, answer, 512)
            says_not_found(prefix + "res_search", name, C_IN, kind, answer, 512)
            says_not_found(prefix + "res_nquery", state, name, C_IN, kind, answer, 512)
            says_not_found(prefix + "res_nsearch", state, name, C_IN, kind, answer, 512)
    says_not_found(prefix + "res_querydomain", b"api", b"example.com", C_IN, T_A, answer, 512)
    says_not_found(prefix + "res_querydomain", b"db.names.test", None, C_IN, T_A, answer, 512)
    says_not_found(prefix + "res_nquerydomain", state, b"_x._tcp.db", b"names.test", C_IN, T_A, answer, 512)

# ---- getaddrinfo_a() ----


class AddrInfo(ctypes.Structure):
    pass


AddrInfo._fields_ = [("flags", ctypes.c_int), ("family", ctypes.c_int), ("socktype", ctypes.c_int),
                     ("protocol", ctypes.c_int), ("addrlen", ctypes.c_uint), ("addr", ctypes.c_void_p),
                     ("canonname", ctypes.c_char_p), ("next", ctypes.POINTER(AddrInfo))]


class Request(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("service", ctypes.c_char_p), ("request", ctypes.POINTER(AddrInfo)),
                ("result", ctypes.POINTER(AddrInfo)), ("code", ctypes.c_int), ("unused", ctypes.c_int * 5)]


class SigEvent(ctypes.Structure):
    _fields_ = [("value", ctypes.c_void_p), ("signo", ctypes.c_int), ("notify", ctypes.c_int),
                ("room", ctypes.c_char * 48)]


def requests(*names):
    made = [Request(name=name, service=b"443") for name in names]
    return made, (ctypes.POINTER(Request) * len(made))(*[ctypes.pointer(r) if r.name else None for r in made])


def address(request):
    assert libc.gai_error(ctypes.byref(request)) == 0, (request.name, libc.gai_error(ctypes.byref(request)))
    return socket.inet_ntoa(ctypes.string_at(request.result.contents.addr + 4, 4))


made, listed = requests(b"api.example.com", b"10.0.0.9", None, b"db.names.test", b"a..names.test")
assert libc.getaddrinfo_a(GAI_WAIT, listed, len(made), None) == 0
assert [address(made[i]) for i in (0, 1, 3)] == [sys.argv[1], "10.0.0.9", sys.argv[2]]
assert libc.gai_error(ctypes.byref(made[4])) == EAI_NONAME

# In the background, and the program is told by a signal: where all are answered at once, and where not.
for names in ((b"api.example.com", b"db.names.test"), (b"db.names.test", b"10.0.0.9")):
    for _ in range(20):  # more than are told at once
        made, listed = requests(*names)
        event = SigEvent(signo=signal.SIGUSR1, notify=SIGEV_SIGNAL)
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
        assert libc.getaddrinfo_a(GAI_NOWAIT, listed, 2, ctypes.byref(event)) == 0
        assert signal.sigtimedwait([signal.SIGUSR1], 10), names
        assert libc.gai_suspend(listed, 2, None) in (0, -103)  # EAI_ALLDONE
        assert address(made[0]) == (sys.argv[1] if names[0] == b"api.example.com" else sys.argv[2])
        address(made[1])

made, listed = requests(b"api.example.com")
assert libc.getaddrinfo_a(GAI_NOWAIT, listed, 1, None) == 0 and address(made[0]) == sys.argv[1]

# More than 64 that no rule takes, beside one that a rule does, find no room; as many of the latter as there may be do.
for count, wanted in ((64, 0), (65, EAI_MEMORY)):
    made, listed = requests(b"db.names.test", *[b"10.0.0.9"] * count)
    assert libc.getaddrinfo_a(GAI_WAIT, listed, len(made), None) == wanted, count
made, listed = requests(*[b"db.names.test"] * 100, b"10.0.0.9")
assert libc.getaddrinfo_a(GAI_WAIT, listed, len(made), None) == 0 and address(made[99]) == sys.argv[2]
