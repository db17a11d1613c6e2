import type { Damaged, Existing } from "../folder/settings.ts";

/** How a tree or an archive is sent, whatever the protocol. */
export interface RemoteOptions {
  /** Files on their way at once. Default: what suits the protocol. */
  readonly jobs?: number | undefined;
  /** Attempts after the first that failed for a reason that may pass, in a row without progress. Default 5. */
  readonly retries?: number | undefined;
  /** The first pause before another attempt, in milliseconds; each is twice the one before, up to a minute. Default 500. */
  readonly pauseMs?: number | undefined;
  /** Large files that were broken off are continued; and those that are broken off now are kept for that. */
  readonly resume?: boolean | undefined;
  /** Names that the far side cannot hold are percent-encoded instead of refused. */
  readonly mapNames?: boolean | undefined;
  readonly existing?: Existing | undefined;
  readonly damaged?: Damaged | undefined;
}
