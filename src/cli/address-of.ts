import type { Location } from "../image/image.ts";

/** The whole address of a file on a volume, as every command takes it: "p1:/etc/fstab". */
export function addressOf(location: Location, path: string = location.path): string {
  const { address } = location.place;
  return address === "" ? path : `${address}:${path}`;
}

/** A path one name deeper. */
export function below(path: string, name: string): string {
  return path.endsWith("/") ? path + name : `${path}/${name}`;
}

/** The last name of a path; "" of the root. */
export function lastName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
