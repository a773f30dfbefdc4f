# SPDX-License-Identifier: LGPL-2.1-or-later
"""hostile_listener.py: what the hostile servers share; imported by hostile*.py, whose arguments it takes."""
import socket
import ssl
import sys
import threading

held = []  # connections that are kept open without a word


def wrap(connection, files, old=False):
    """TLS by [CERT, KEY]; old: before 1.2."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if old:
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.load_cert_chain(*files)
    return context.wrap_socket(connection, server_side=True)


def serve(misbehave, connection, case, files):
    try:
        misbehave(connection, case, files)
    except (EOFError, OSError, ValueError):
        pass
    finally:
        if connection not in held:
            connection.close()


def listen(misbehave):
    """Prints the port; then misbehave(connection, CASE, [CERT, KEY]) for each connection."""
    case, files = sys.argv[1], sys.argv[2:]
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(16)
    print(listener.getsockname()[1], flush=True)
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve, args=(misbehave, connection, case, files), daemon=True).start()
