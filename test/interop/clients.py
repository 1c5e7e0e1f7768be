"""Clients of other makes, written from the assignment's text and from nothing else.

They share no code with the binary, nor with each other beyond a few lines for sockets. Each kind
has the habits, good and bad, that were seen in programs which people wrote for the assignment:
one `recv` where a loop is needed, a race between the file and its checksum, sloppy lengths.
"""

import binascii
import hashlib
import socket
import struct
import time

DEADLINE = 20.0  # seconds, for every call


def md5(data):
    return hashlib.md5(data).hexdigest().encode()


def crc32_decimal(data):
    return str(binascii.crc32(data)).encode()


def crc32_0x(data):
    return hex(binascii.crc32(data)).encode()


def insert_message(file_id, checksum, length=None, validity=60):
    announced = len(checksum) if length is None else length
    return f"BE|{file_id}|{validity}|{announced}|".encode() + checksum


def dial(address):
    peer = socket.create_connection(address, DEADLINE)
    peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return peer


def reset(peer):
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    peer.close()


def send_apart(peer, data):
    """Each byte in a segment of its own: with less than a pause between them, TCP joins them."""
    for byte in data:
        peer.sendall(bytes([byte]))
        time.sleep(0.001)


# Clients: the sender's role. Each takes (data, server, checksum_server, file_id) and returns what
# the checksum server answered, or None where it did not listen.

def send_bytes(peer, data):
    for start in range(0, len(data), 1024):
        peer.sendall(data[start:start + 1024])


def sender_that_inserts_first(data, server, checksum_server, file_id, digest=md5):
    """Transfers, inserts, and only then closes the file connection."""
    with dial(server) as files:
        send_bytes(files, data)
        with dial(checksum_server) as checksums:
            checksums.sendall(insert_message(file_id, digest(data)))
            return checksums.recv(1024)


def sender_that_closes_first(data, server, checksum_server, file_id, pause=0.4):
    """The majority: the file connection is closed, and the checksum comes a moment later."""
    with dial(server) as files:
        send_bytes(files, data)
    time.sleep(pause)
    with dial(checksum_server) as checksums:
        checksums.sendall(insert_message(file_id, md5(data)))
        return checksums.recv(1024)


def sender_that_keeps_its_checksum_connection(data, server, checksum_server, file_id):
    """Opens the checksum connection before everything and closes it after everything."""
    with dial(checksum_server) as checksums:
        checksums.sendall(f"KI|{file_id}".encode())  # is there an older one?
        checksums.recv(1024)
        with dial(server) as files:
            send_bytes(files, data)
            checksums.sendall(insert_message(file_id, md5(data)))
            answer = checksums.recv(1024)
        checksums.sendall(f"KI|{file_id}".encode())
        stored = checksums.recv(1024)
        if stored.partition(b"|")[2] != md5(data):
            raise AssertionError(f"the checksum server keeps {stored!r}")
        return answer


def sender_that_never_waits(data, server, checksum_server, file_id):
    """Sends the insert and closes without reading the answer."""
    with dial(checksum_server) as checksums:
        checksums.sendall(insert_message(file_id, md5(data)))
    with dial(server) as files:
        send_bytes(files, data)


def sender_that_resets_its_checksum_connection(data, server, checksum_server, file_id):
    """Reads OK, then leaves with RST instead of FIN."""
    with dial(server) as files:
        send_bytes(files, data)
        checksums = dial(checksum_server)
        checksums.sendall(insert_message(file_id, md5(data)))
        answer = checksums.recv(1024)
        reset(checksums)
        return answer


def sender_that_resets_its_file_connection(data, server, checksum_server, file_id):
    """Leaves the receiver with RST: nobody can tell whether the file is whole."""
    with dial(checksum_server) as checksums:
        checksums.sendall(insert_message(file_id, md5(data)))
        answer = checksums.recv(1024)
    files = dial(server)
    send_bytes(files, data)
    reset(files)
    return answer


def sender_with_newlines(data, server, checksum_server, file_id):
    """Ends each message with a line end, as print() does."""
    with dial(server) as files:
        send_bytes(files, data)
        with dial(checksum_server) as checksums:
            checksums.sendall(insert_message(file_id, md5(data)) + b"\n")
            answer = checksums.recv(1024)
            checksums.sendall(f"KI|{file_id}\r\n".encode())
            stored = checksums.recv(1024)
            if stored.partition(b"|")[2] != md5(data):
                raise AssertionError(f"the checksum server keeps {stored!r}")
            return answer


def sender_with_decimal_crc32(data, server, checksum_server, file_id):
    return sender_that_inserts_first(data, server, checksum_server, file_id, crc32_decimal)


def sender_with_0x_crc32(data, server, checksum_server, file_id):
    return sender_that_inserts_first(data, server, checksum_server, file_id, crc32_0x)


def sender_with_upper_case(data, server, checksum_server, file_id):
    return sender_that_inserts_first(data, server, checksum_server, file_id,
                                     lambda d: md5(d).upper())


def sender_with_raw_md5(data, server, checksum_server, file_id):
    return sender_that_inserts_first(data, server, checksum_server, file_id,
                                     lambda d: hashlib.md5(d).digest())


def sender_that_announces_sixteen(data, server, checksum_server, file_id):
    """The length is that of the digest, the bytes are its 32 hex digits."""
    with dial(server) as files:
        send_bytes(files, data)
        with dial(checksum_server) as checksums:
            checksums.sendall(insert_message(file_id, md5(data), length=16))
            return checksums.recv(1024)


def sender_in_pieces(data, server, checksum_server, file_id):
    """Every byte of every message is a segment of its own."""
    with dial(server) as files:
        send_apart(files, data[:50])
        files.sendall(data[50:])
        with dial(checksum_server) as checksums:
            send_apart(checksums, insert_message(file_id, md5(data)))
            return checksums.recv(1024)


GOOD_SENDERS = [
    sender_that_inserts_first, sender_that_closes_first, sender_that_keeps_its_checksum_connection,
    sender_that_never_waits, sender_that_resets_its_checksum_connection, sender_with_newlines,
    sender_with_decimal_crc32, sender_with_0x_crc32, sender_with_upper_case, sender_with_raw_md5,
    sender_that_announces_sixteen, sender_in_pieces,
]


# Clients: taking a checksum out, as a receiver does. Each returns the whole answer.

def ask_in_one_segment(checksum_server, file_id):
    with dial(checksum_server) as checksums:
        checksums.sendall(f"KI|{file_id}".encode())
        return checksums.recv(1024)


def ask_byte_by_byte(checksum_server, file_id):
    with dial(checksum_server) as checksums:
        send_apart(checksums, f"KI|{file_id}".encode())
        return checksums.recv(1024)


def ask_with_newline(checksum_server, file_id):
    with dial(checksum_server) as checksums:
        checksums.sendall(f"KI|{file_id}\n".encode())
        return checksums.recv(1024)


def ask_with_nul(checksum_server, file_id):
    """A C program that sends strlen + 1 bytes."""
    with dial(checksum_server) as checksums:
        checksums.sendall(f"KI|{file_id}\0".encode())
        return checksums.recv(1024)


def ask_and_half_close(checksum_server, file_id):
    with dial(checksum_server) as checksums:
        checksums.sendall(f"KI|{file_id}".encode())
        checksums.shutdown(socket.SHUT_WR)
        answer = b""
        while piece := checksums.recv(1024):
            answer += piece
        return answer


ASKERS = [ask_in_one_segment, ask_byte_by_byte, ask_with_newline, ask_with_nul, ask_and_half_close]
