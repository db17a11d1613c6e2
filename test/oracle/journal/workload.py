#!/usr/bin/env python3
"""Writes to a mounted filesystem until it is told to stop: workload.py FOLDER SEED [fsync=PERCENT] [kinds=all|fast] [small=DIVISOR] [steps=N] [nosync=1]

Every kind of change that ends in a journal, in a random order that SEED decides: files of all sizes, directories that grow an
index, links, renames, attributes, devices, holes, blocks that begin with the journal's own magic, and files that are deleted
or truncated while they are open, so that a crash leaves orphans. Prints a line once it is under way. Its data is numbered, so
that a block in the wrong place shows. Keeps below 60 % of the space. Sizes are divided by `small`; with
`nosync` only files are synced, never all. With `steps` it says "done"
after so many changes, and waits with its files open.
"""
import ctypes
import os
import random
import signal
import socket
import stat
import sys

top, seed = sys.argv[1], int(sys.argv[2])
options = dict(argument.split("=") for argument in sys.argv[3:])
fsync_percent = int(options.get("fsync", "10"))
kinds = options.get("kinds", "all")
steps = int(options.get("steps", "0"))
small = int(options.get("small", "1"))
rng = random.Random(seed)
libc = ctypes.CDLL(None, use_errno=True)
libc.fallocate.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64]
signal.signal(signal.SIGTERM, lambda *_: os._exit(0))

AT_FDCWD, AT_SYMLINK_FOLLOW = -100, 0x400
KEEP_SIZE, PUNCH_HOLE, COLLAPSE, ZERO = 1, 2, 8, 16
MAGIC = bytes.fromhex("c03b3998")
directories, files, others, held = [top], [], [], []
counter = 0


def data(length):
    """Numbered words; now and then the first one is the journal's magic, which jbd2 must escape where it is data."""
    global counter
    words = bytearray()
    while len(words) < length:
        counter += 1
        words += b"%015d\n" % counter
    if rng.random() < 0.3:
        for block in range(0, length, 1024):
            if rng.random() < 0.5:
                words[block : block + 4] = MAGIC
    return bytes(words[:length])


def name():
    global counter
    counter += 1
    return "n%d%s" % (counter, "x" * rng.choice([0, 0, 3, 20, 120]))


def size():
    return rng.choice([0, 5, 60, 150, 1000, 1024, 4096, 5000, 12288, 40000, 100000, rng.randrange(300000)]) // small


def maybe_sync(fd):
    if rng.randrange(100) < fsync_percent:
        os.fsync(fd)


def create():
    path = os.path.join(rng.choice(directories), name())
    fd = os.open(path, os.O_CREAT | os.O_RDWR, rng.choice([0o600, 0o644, 0o4755]))
    os.write(fd, data(size()))
    maybe_sync(fd)
    os.close(fd)
    files.append(path)


def change():
    fd = os.open(rng.choice(files), os.O_RDWR)
    length = os.fstat(fd).st_size
    what = rng.randrange(7)
    if what == 0:
        os.lseek(fd, 0, os.SEEK_END)
        os.write(fd, data(size()))
    elif what == 1:
        os.pwrite(fd, data(rng.randrange(1, 20000)), rng.randrange(length + 1))
    elif what == 2:
        os.ftruncate(fd, rng.randrange(length + 1))
    elif what == 3:
        os.ftruncate(fd, length + rng.randrange(200000) // small)
    elif what == 4:
        os.pwrite(fd, data(3000), length + rng.randrange(500000))
    elif what == 5 and length > 0:
        libc.fallocate(fd, PUNCH_HOLE | KEEP_SIZE, rng.randrange(length), rng.randrange(1, 60000))
    else:
        libc.fallocate(fd, rng.choice([0, KEEP_SIZE, ZERO, ZERO | KEEP_SIZE]), rng.randrange(length + 1), rng.randrange(1, 150000) // small)
    maybe_sync(fd)
    os.close(fd)


def fragment():
    """Every other block: an extent tree of several levels, or indirect blocks."""
    path = os.path.join(rng.choice(directories), name())
    fd = os.open(path, os.O_CREAT | os.O_RDWR, 0o644)
    for i in range(rng.choice([6, 30, 400 // small])):
        os.pwrite(fd, data(500), i * 8192)
        if rng.random() < 0.02:
            os.fsync(fd)
    maybe_sync(fd)
    os.close(fd)
    files.append(path)


def remove():
    path = files.pop(rng.randrange(len(files)))
    os.unlink(path)


def remove_other():
    os.unlink(others.pop(rng.randrange(len(others))))


def delete_open():
    path = files.pop(rng.randrange(len(files)))
    fd = os.open(path, os.O_RDWR)
    os.unlink(path)
    os.pwrite(fd, data(size()), 0)
    maybe_sync(fd)
    held.append(fd)
    if len(held) > 12:
        os.close(held.pop(rng.randrange(len(held))))


def truncate_large():
    path = os.path.join(top, name())
    fd = os.open(path, os.O_CREAT | os.O_RDWR, 0o644)
    for i in range(60 // small):
        os.pwrite(fd, data(4096), i * 40960)
    if rng.random() < 0.5:
        os.fsync(fd)
    os.ftruncate(fd, rng.choice([0, 1000, 50000]))
    os.close(fd)
    files.append(path)


def nameless():
    fd = os.open(top, os.O_TMPFILE | os.O_RDWR, 0o600)
    os.write(fd, data(size()))
    held.append(fd)
    if rng.random() < 0.3:
        path = os.path.join(top, name())
        if libc.linkat(AT_FDCWD, b"/proc/self/fd/%d" % fd, AT_FDCWD, os.fsencode(path), AT_SYMLINK_FOLLOW) == 0:
            files.append(path)


def rename():
    old = files.pop(rng.randrange(len(files)))
    new = rng.choice(files) if files and rng.random() < 0.3 else os.path.join(rng.choice(directories), name())
    os.rename(old, new)
    if new not in files:
        files.append(new)


def rename_directory():
    if len(directories) < 4:
        return
    old = rng.choice(directories[1:])
    parent = rng.choice(directories)
    if (parent + "/").startswith(old + "/"):
        return
    new = os.path.join(parent, name())
    os.rename(old, new)
    for paths in (directories, files, others):
        paths[:] = [new + path[len(old) :] if (path + "/").startswith(old + "/") else path for path in paths]


def make_directory():
    path = os.path.join(rng.choice(directories), name())
    os.mkdir(path, rng.choice([0o755, 0o700, 0o1777]))
    directories.append(path)


def remove_directory():
    path = rng.choice(directories[1:] or [None])
    if path is not None and not os.listdir(path):
        os.rmdir(path)
        directories.remove(path)


def crowd():
    """Enough names for an index, and half of them gone again."""
    path = os.path.join(top, name())
    os.mkdir(path)
    directories.append(path)
    made = []
    for i in range(rng.choice([20, 150, 400]) // small):
        made.append(os.path.join(path, name()))
        os.close(os.open(made[-1], os.O_CREAT | os.O_WRONLY, 0o644))
    if rng.random() < 0.5:
        for entry in made[::2]:
            os.unlink(entry)
        made = made[1::2]
    files.extend(made)


def link():
    path = os.path.join(rng.choice(directories), name())
    os.link(rng.choice(files), path)
    files.append(path)


def special():
    path = os.path.join(rng.choice(directories), name())
    what = rng.randrange(5)
    if what == 0:
        os.symlink("t" * rng.choice([3, 59, 60, 200, 1000]), path)
    elif what == 1:
        os.mkfifo(path)
    elif what == 2:
        os.mknod(path, stat.S_IFCHR | 0o600, os.makedev(4093, 1023997))
    elif what == 3:
        os.mknod(path, stat.S_IFBLK | 0o600, os.makedev(8, 3))
    elif len(path) < 100:
        socket.socket(socket.AF_UNIX).bind(path)
    else:
        return
    others.append(path)


def attributes():
    path = rng.choice(files)
    what = rng.randrange(6)
    if what == 0:
        os.chmod(path, rng.randrange(0o10000))
    elif what == 1:
        os.chown(path, rng.randrange(200000), rng.randrange(200000))
    elif what == 2:
        os.utime(path, ns=(rng.randrange(10**18), rng.randrange(2 * 10**18)))
    elif what < 5:
        os.setxattr(path, "user.%d" % rng.randrange(4), data(rng.choice([1, 20, 90, 700, 3000, 9000])))
    else:
        for attribute in os.listxattr(path):
            os.removexattr(path, attribute)


def sync():
    sync_all() if rng.random() < 0.1 and "nosync" not in options else maybe_sync_directory()


def sync_all():
    """This filesystem alone: sync(2) would wait for every other one of the machine."""
    fd = os.open(top, os.O_RDONLY)
    libc.syncfs(fd)
    os.close(fd)


def maybe_sync_directory():
    fd = os.open(rng.choice(directories), os.O_RDONLY)
    os.fsync(fd)
    os.close(fd)


def tidy():
    """Space is bounded: old files go, whole directories of them at once."""
    space = os.statvfs(top)
    while files and space.f_bavail < 0.4 * space.f_blocks:
        for _ in range(min(50, len(files))):
            os.unlink(files.pop(0))
        space = os.statvfs(top)


ALL = [(create, 30), (change, 30), (fragment, 3), (remove, 12), (remove_other, 2), (delete_open, 4), (truncate_large, 3), (nameless, 2)]
ALL += [(rename, 8), (rename_directory, 2), (make_directory, 6), (remove_directory, 3), (crowd, 1), (link, 5), (special, 5)]
ALL += [(attributes, 10), (sync, 2)]
FAST = [(create, 30), (change, 30), (fragment, 2), (remove, 10), (delete_open, 3), (rename, 8), (make_directory, 4), (link, 6), (special, 2)]
actions, weights = zip(*(FAST if kinds == "fast" else ALL))
done = 0
while steps == 0 or done < steps:
    action = rng.choices(actions, weights)[0]
    if action in (change, remove, delete_open, rename, link, attributes) and not files:
        action = create
    if action is remove_other and not others:
        action = special
    try:
        action()
    except OSError as error:
        if error.errno not in (28, 122, 95, 34, 7, 36, 39, 20, 21, 17):
            raise
    if len(held) > 30:
        os.close(held.pop(0))
    done += 1
    if done % 40 == 0:
        tidy()
    if done == 200:
        print("under way", flush=True)
if steps:
    print("done", flush=True)
    signal.pause()
