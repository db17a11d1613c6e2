/** What to do with a file that is there already. A directory is never replaced, and nothing is ever written through a link. */
export type Existing = "replace" | "refuse";

/** What becomes of a file of which a part cannot be read. */
export type Damaged = "leave out" | "keep";

/** How jobs are done: the same in every thread, plain data. */
export interface FolderSettings {
  readonly existing: Existing;
  readonly damaged: Damaged;
  /** Whether files get the guest's owner and group. */
  readonly owners: boolean;
  /** Whether folders that were there are rid of what a killed run has left in them. */
  readonly tidies: boolean;
  /** Whether the SHA-256 of each file is told. */
  readonly digests: boolean;
  /** The change time of a file made in the destination when the run began, by the clock of that filesystem. */
  readonly startedNs: bigint;
  /** Mode bits that a new file does not get. */
  readonly umask: number;
  /** Whom new files belong to; undefined where that depends on the folder, or is not known. */
  readonly newFileOwner: { readonly uid: number; readonly gid: number } | undefined;
}
