#!/usr/bin/env python3
"""Crashes a mounted ext4: shutdown.py FOLDER MODE, with mode 0 (freeze first), 1 (flush the journal) or 2 (flush nothing)."""
import fcntl
import os
import struct
import sys

EXT4_IOC_SHUTDOWN = 0x8004587D
fcntl.ioctl(os.open(sys.argv[1], os.O_RDONLY), EXT4_IOC_SHUTDOWN, struct.pack("I", int(sys.argv[2])))
