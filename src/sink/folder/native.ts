import { arch, platform } from "node:process";
import type { Time } from "./time.ts";

/** The system calls that Node has not. A call that fails throws an error with the `code` that Node's own errors have. */
export interface Native {
  /** utimensat(2) to the nanosecond, of an open file or of a path whose last link is not followed. */
  setTimes(target: number | Buffer, accessed: Time, modified: Time): void;
  /** fsetxattr(2), lsetxattr(2); `name` is complete with its prefix. */
  setXattr(target: number | Buffer, name: Uint8Array, value: Uint8Array): void;
  /** mknod(2): fifos, sockets, devices. `mode` has the file type. */
  makeNode(path: Buffer, mode: number, device: { readonly major: number; readonly minor: number } | undefined): void;
}

const AT_FDCWD = -100;
const AT_SYMLINK_NOFOLLOW = 0x100;

/**
 * Binds the calls through the optional package koffi, or gives undefined where it is not installed or not of use: the layout
 * of the structures, and lsetxattr, are those of 64-bit Linux.
 */
export async function loadNative(): Promise<Native | undefined> {
  if (platform !== "linux" || !SIXTY_FOUR_BIT.has(arch)) return undefined;
  try {
    const { default: koffi } = await import("koffi");
    const library = koffi.load(null);
    type Call = (...args: readonly (number | bigint | Uint8Array | null)[]) => number;
    const utimensat: Call = library.func("int utimensat(int folder, const void *path, const void *times, int flags)");
    const futimens: Call = library.func("int futimens(int fd, const void *times)");
    const fsetxattr: Call = library.func("int fsetxattr(int fd, const void *name, const void *value, size_t size, int flags)");
    const lsetxattr: Call = library.func(
      "int lsetxattr(const void *path, const void *name, const void *value, size_t size, int flags)",
    );
    const mknod: Call = library.func("int mknod(const void *path, unsigned int mode, uint64_t device)");
    const codes = new Map(Object.entries(koffi.os.errno).map(([code, number]) => [number, code]));
    const check = (syscall: string, result: number): void => {
      if (result === 0) return;
      const code = codes.get(koffi.errno()) ?? `errno ${koffi.errno()}`;
      throw Object.assign(new Error(`${code}: ${syscall} failed`), { code, syscall });
    };
    const times = new DataView(new ArrayBuffer(32));
    const timesBytes = new Uint8Array(times.buffer);
    return {
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
  } catch {
    return undefined;
  }
}

/** And little-endian, as the structures are written here. */
const SIXTY_FOUR_BIT = new Set(["x64", "arm64", "riscv64", "loong64"]);

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
