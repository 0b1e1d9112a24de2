#!/usr/bin/env python3
"""The classic server, as far as chat goes: select, and a send for each peer.

    classic.py HOST PORT

One recv is one message, there is no framing. Uploads are left out: they are
not what is compared with it. It stands for its kind, and dies as it did at
about 1,000 clients.
"""

import select
import socket
import sys


def count(peers):
    return f"({len(peers)} user{'s' if len(peers) > 1 else ''} online)"


def tell(peers, text, but=None):
    for peer in peers:
        if peer is not but:
            peer.send(text.encode())


def main(host, port):
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, int(port)))
    listener.listen(1024)
    peers = {}
    while True:
        for ready in select.select([listener, *peers], [], [])[0]:
            if ready is listener:
                peer, (ip, port) = listener.accept()
                peers[peer] = f"{ip}:{port}"
                peer.send(f"> Connected to the chat server {count(peers)}".encode())
                tell(peers, f"> New user {peers[peer]} entered {count(peers)}", peer)
            elif text := ready.recv(4096).decode():
                tell(peers, f"[{peers[ready]}] {text}", ready)
            else:
                who = peers.pop(ready)
                ready.close()
                tell(peers, f"< The user {who} left {count(peers)}")


if __name__ == "__main__":
    main(*sys.argv[1:])
