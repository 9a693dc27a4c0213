import type { FailureKind } from "@atlas/routing";
import type { services } from "../../support/services.ts";

/** One failure as a service sends it, and what it has to mean. Every body is written after the service's documentation. */
export interface RealFailure {
  readonly what: string;
  /** Which package of the AI SDK reads it. */
  readonly via: (typeof services)[number];
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: object | string;
  readonly kind: FailureKind;
  /** The pause that the router is told of. */
  readonly pauseMs?: number;
  /** A part of what the error has to say. */
  readonly says?: string;
}
