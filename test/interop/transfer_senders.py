"""Senders of the transfer protocol of other makes, written from its document and from nothing else.

They share no code with the binary. Each kind has a habit that was seen, or that TCP may give it.
Each takes (address, name, data) and returns the answer, or None where it did not listen.
"""

import hashlib
import socket
import threading
import time

from clients import DEADLINE, dial, reset, send_apart

SEPARATOR = "<SEPARATOR>"
BUFFER_SIZE = 4096


def header(name, data, digest=hashlib.md5):
    return f"{name}{SEPARATOR}{len(data)}{SEPARATOR}{digest(data).hexdigest()}".encode()


def send_bytes(peer, data):
    for start in range(0, len(data), BUFFER_SIZE):
        peer.sendall(data[start:start + BUFFER_SIZE])


def answer_of(peer):
    """All that comes until the receiver closes: it is the one to do so."""
    peer.settimeout(DEADLINE)
    answer = b""
    while piece := peer.recv(1024):
        answer += piece
    return answer.decode()


def sender_of_the_document(address, name, data, digest=hashlib.md5):
    """The header in one send, the bytes right behind in others, one recv for the answer."""
    with dial(address) as peer:
        peer.sendall(header(name, data, digest))
        send_bytes(peer, data)
        return peer.recv(1024).decode()


def sender_that_joins(address, name, data):
    """Header and file in one send."""
    with dial(address) as peer:
        peer.sendall(header(name, data) + data)
        return answer_of(peer)


def sender_that_pauses(address, name, data):
    """Longer behind the header than any receiver would wait for the rest of a digest."""
    with dial(address) as peer:
        peer.sendall(header(name, data))
        time.sleep(0.8)
        send_bytes(peer, data)
        return answer_of(peer)


def sender_of_single_bytes(address, name, data):
    """The header a byte at a time."""
    with dial(address) as peer:
        send_apart(peer, header(name, data))
        send_bytes(peer, data)
        return answer_of(peer)


def sender_of_a_trickle(address, name, data):
    """All of it in small pieces, with pauses."""
    with dial(address) as peer:
        whole = header(name, data) + data
        step = max(7, len(whole) // 60)
        for start in range(0, len(whole), step):
            peer.sendall(whole[start:start + step])
            time.sleep(0.005)
        return answer_of(peer)


def sender_with_a_path(address, name, data):
    """The path as its user typed it."""
    return sender_of_the_document(address, f"/home/some one/../{name}", data)


def sender_with_a_windows_path(address, name, data):
    return sender_of_the_document(address, f"C:\\Users\\me\\{name}", data)


def sender_in_upper_case(address, name, data):
    with dial(address) as peer:
        md5 = hashlib.md5(data).hexdigest().upper()
        peer.sendall(f"{name}{SEPARATOR}{len(data)}{SEPARATOR}{md5}".encode())
        send_bytes(peer, data)
        return answer_of(peer)


def sender_that_half_closes(address, name, data):
    with dial(address) as peer:
        peer.sendall(header(name, data))
        send_bytes(peer, data)
        peer.shutdown(socket.SHUT_WR)
        return answer_of(peer)


def sender_with_more_behind(address, name, data):
    """A line end behind the file, as some text tool left it."""
    with dial(address) as peer:
        peer.sendall(header(name, data))
        send_bytes(peer, data)
        peer.sendall(b"\n")
        return answer_of(peer)


def sender_with_sha1(address, name, data):
    return sender_of_the_document(address, name, data, hashlib.sha1)


def sender_with_sha256(address, name, data):
    return sender_of_the_document(address, name, data, hashlib.sha256)


def sender_with_sha256_that_joins(address, name, data):
    with dial(address) as peer:
        peer.sendall(header(name, data, hashlib.sha256) + data)
        return answer_of(peer)


MD5_SENDERS = [
    sender_of_the_document, sender_that_joins, sender_that_pauses, sender_of_single_bytes,
    sender_of_a_trickle, sender_with_a_path, sender_with_a_windows_path, sender_in_upper_case,
    sender_that_half_closes, sender_with_more_behind,
]
SHA_SENDERS = {
    sender_with_sha1: "SHA-1", sender_with_sha256: "SHA-256",
    sender_with_sha256_that_joins: "SHA-256",
}


# Without a digest: nobody answers, so nobody waits.

def sender_without_digest(address, name, data):
    """Closes behind the file. The header is in a segment that the receiver can see to end."""
    with dial(address) as peer:
        peer.sendall(f"{name}{SEPARATOR}{len(data)}".encode())
        time.sleep(0.1)
        send_bytes(peer, data)


def sender_without_digest_that_joins(address, name, data):
    with dial(address) as peer:
        peer.sendall(f"{name}{SEPARATOR}{len(data)}".encode() + data)


def sender_without_digest_that_waits(address, name, data):
    """Reads until the receiver closes."""
    with dial(address) as peer:
        peer.sendall(f"{name}{SEPARATOR}{len(data)}".encode())
        time.sleep(0.1)
        send_bytes(peer, data)
        return answer_of(peer)


SENDERS_WITHOUT_DIGEST = [
    sender_without_digest, sender_without_digest_that_joins, sender_without_digest_that_waits,
]


# Those after which nobody can say where the file is whole, or that do not care.

def sender_that_leaves(address, name, data):
    """Sends all and closes at once, without the answer."""
    with dial(address) as peer:
        peer.sendall(header(name, data))
        send_bytes(peer, data)


def sender_that_stops_short(address, name, data):
    with dial(address) as peer:
        peer.sendall(header(name, data))
        send_bytes(peer, data[:len(data) // 2])
        peer.shutdown(socket.SHUT_WR)
        return answer_of(peer)


def sender_that_resets(address, name, data):
    peer = dial(address)
    peer.sendall(header(name, data))
    send_bytes(peer, data[:len(data) // 2])
    time.sleep(0.1)  # what was sent is to arrive: a reset overtakes it
    reset(peer)


def sender_of_other_bytes(address, name, data, digest=hashlib.md5):
    with dial(address) as peer:
        peer.sendall(header(name, data, digest))
        send_bytes(peer, data[:-1] + bytes([data[-1] ^ 1]))
        return answer_of(peer)
