"""Stands in for systemd: prints what a service says to $NOTIFY_SOCKET."""
import os
import socket
import sys

path = sys.argv[1]
with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
    s.bind(path)
    print("listening", path, flush=True)
    while True:
        for line in s.recv(4096).decode().splitlines():
            print(line, flush=True)
