"""Runs a command in this network namespace with a name server and a mail server of the test.

    test_names.py NAME COMMAND...

NAME is the one name that the server on 127.0.0.1:53 knows (as 127.0.0.1), which is where a C library without /etc/resolv.conf
asks. The command gets the port of a listening socket as that of its mail server.
"""

import fcntl
import os
import socket
import struct
import subprocess
import sys
import threading

SIOCSIFFLAGS = 0x8914
IFF_UP_RUNNING = 0x41


def raise_loopback():
    """A new network namespace has a loopback interface that is down."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sh14s", b"lo", IFF_UP_RUNNING, b""))


def answer(query, name):
    """The answer to a question (RFC 1035): an address for the name, nothing for all others."""
    end = 12
    labels = []
    while query[end]:
        labels.append(query[end + 1 : end + 1 + query[end]].decode())
        end += query[end] + 1
    kind = struct.unpack("!H", query[end + 1 : end + 3])[0]
    question = query[12 : end + 5]
    is_known = ".".join(labels).lower() == name
    count = 1 if is_known and kind == 1 else 0
    code = 0x8180 if is_known else 0x8183
    head = query[:2] + struct.pack("!HHHHH", code, 1, count, 0, 0)
    record = struct.pack("!HHHIH4s", 0xC00C, 1, 1, 60, 4, socket.inet_aton("127.0.0.1")) if count else b""
    return head + question + record


def serve_names(name):
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 53))

    def run():
        while True:
            query, client = server.recvfrom(512)
            server.sendto(answer(query, name), client)

    threading.Thread(target=run, daemon=True).start()


def main():
    name, command = sys.argv[1], sys.argv[2:]
    raise_loopback()
    serve_names(name)
    mail = socket.create_server(("127.0.0.1", 0))
    environment = dict(os.environ)
    environment.update(
        ENTREPOT_SMTP__HOST=name,
        ENTREPOT_SMTP__PORT=str(mail.getsockname()[1]),
        ENTREPOT_SMTP__FROM="server@mail.example",
    )
    sys.exit(subprocess.run(command, env=environment, timeout=120).returncode)


main()
