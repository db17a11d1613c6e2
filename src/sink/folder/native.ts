import { loadCLibrary } from "../c-library.ts";
import { bindDirect, type Direct } from "../direct.ts";
import type { Time } from "./time.ts";

/** The system calls that Node has not. A call that fails throws an error with the `code` that Node's own errors have. */
export interface Native {
  /** utimensat(2) to the nanosecond, of an open file or of a path whose last link is not followed. */
  setTimes(target: number | Buffer, accessed: Time, modified: Time): void;
  /** fsetxattr(2), lsetxattr(2); `name` is complete with its prefix. */
  setXattr(target: number | Buffer, name: Uint8Array, value: Uint8Array): void;
  /** mknod(2): fifos, sockets, devices. `mode` has the file type. */
  makeNode(path: Buffer, mode: number, device: { readonly major: number; readonly minor: number } | undefined): void;
  readonly direct: Direct;
}

const AT_FDCWD = -100;
const AT_SYMLINK_NOFOLLOW = 0x100;

/** Undefined where the optional package koffi is not installed. */
export async function loadNative(): Promise<Native | undefined> {
  const library = await loadCLibrary();
  if (library === undefined) return undefined;
  const { bind, check } = library;
  const utimensat = bind("int utimensat(int folder, const void *path, const void *times, int flags)");
  const futimens = bind("int futimens(int fd, const void *times)");
  const fsetxattr = bind("int fsetxattr(int fd, const void *name, const void *value, size_t size, int flags)");
  const lsetxattr = bind("int lsetxattr(const void *path, const void *name, const void *value, size_t size, int flags)");
  const mknod = bind("int mknod(const void *path, unsigned int mode, uint64_t device)");
  const times = new DataView(new ArrayBuffer(32));
  const timesBytes = new Uint8Array(times.buffer);
  return {
    direct: bindDirect(library),
    setTimes: (target, accessed, modified) => {
      setTimespec(times, 0, accessed);
      setTimespec(times, 16, modified);
      if (typeof target === "number") check("futimens", futimens(target, timesBytes));
      else check("utimensat", utimensat(AT_FDCWD, terminated(target), timesBytes, AT_SYMLINK_NOFOLLOW));
    },
    setXattr: (target, name, value) => {
      const size = value.length;
      if (typeof target === "number") check("fsetxattr", fsetxattr(target, terminated(name), value, size, 0));
      else check("lsetxattr", lsetxattr(terminated(target), terminated(name), value, size, 0));
    },
    makeNode: (path, mode, device) => check("mknod", mknod(terminated(path), mode, deviceNumber(device))),
  };
}

/** struct timespec of 64-bit Linux: two signed 64-bit numbers (time_t and long). */
function setTimespec(view: DataView, at: number, { seconds, nanoseconds }: Time): void {
  view.setUint32(at, seconds, true);
  view.setInt32(at + 4, Math.floor(seconds / 2 ** 32), true);
  view.setUint32(at + 8, nanoseconds, true);
}

function terminated(bytes: Uint8Array): Uint8Array {
  const copy = new Uint8Array(bytes.length + 1);
  copy.set(bytes);
  return copy;
}

/** dev_t as glibc and musl lay it out (gnu_dev_makedev in sys/sysmacros.h). */
function deviceNumber(device: { readonly major: number; readonly minor: number } | undefined): bigint {
  if (device === undefined) return 0n;
  const major = BigInt(device.major);
  const minor = BigInt(device.minor);
  return ((major & 0xfffff000n) << 32n) | ((major & 0xfffn) << 8n) | ((minor & 0xffffff00n) << 12n) | (minor & 0xffn);
}
