/** What a service said about its failure, in whichever of the usual shapes it said it. */
export interface ServiceAnswer {
  /** The service's own codes, types and reasons, the most telling first. */
  readonly codes: readonly string[];
  readonly messages: readonly string[];
  /** An HTTP status that the body names; services also send one in the body of a 200. */
  readonly status: number | undefined;
  /** The details that Google's services add (`google.rpc.ErrorInfo`, `RetryInfo`, …). */
  readonly details: readonly object[];
  /** Headers that a relay copied into its body. */
  readonly headers: readonly object[];
  /** The body is a response of OpenAI that failed after its request was accepted with 200. */
  readonly hasFailedLater: boolean;
}

const LONGEST_BODY = 100_000;
const LONGEST_CODE = 100;

/** Reads the bodies that an error of a client carries. */
export function readServiceAnswer(errors: readonly object[]): ServiceAnswer {
  const bodies = errors.flatMap(bodiesOf);
  const said = bodies.flatMap(levelsOf);
  const details = said.flatMap((level) => objectsIn(Reflect.get(level, "details")));
  return {
    codes: unique([
      ...said.flatMap((level) => textsOf(level, ["code", "type", "status", "reason"])),
      ...details.flatMap((detail) => textsOf(detail, ["reason"])),
    ]).filter((code) => code.length <= LONGEST_CODE),
    messages: unique([
      ...said.flatMap((level) => textsOf(level, ["message", "status_msg", "detail"])),
      // Some services put the sentence where others put an object.
      ...bodies.flatMap((body) => textsOf(body, ["error"])),
    ]),
    status: said.map(statusNamedBy).find((status) => status !== undefined),
    details,
    headers: said.flatMap((level) => objectsIn(fieldOf(Reflect.get(level, "metadata"), "headers"))),
    hasFailedLater: bodies.some(
      (body) =>
        Reflect.get(body, "object") === "response" && objectsIn(Reflect.get(body, "error")).length > 0,
    ),
  };
}

/** An HTTP status of a failure, as a number or in digits. */
export function failureStatus(value: unknown): number | undefined {
  const status = typeof value === "string" && /^\d{3}$/.test(value) ? Number(value) : value;
  return typeof status === "number" && Number.isInteger(status) && status >= 400 && status <= 599
    ? status
    : undefined;
}

/** A field of anything. */
export function fieldOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}

/** Where the clients that we know keep the body of a response. The text of the body comes first, because it is whole. */
function bodiesOf(error: object): readonly object[] {
  const response: unknown = Reflect.get(error, "response");
  const own = ["responseBody", "data", "error", "body"].map((name): unknown => Reflect.get(error, name));
  const responses = ["data", "body"].map((name) => fieldOf(response, name));
  const kept = error instanceof Error ? [Reflect.get(error, "message")] : [error];
  return [...own, ...responses, ...kept].flatMap(parsed);
}

function parsed(body: unknown): readonly object[] {
  if (typeof body !== "string") return objectsIn(body);
  if (body.length > LONGEST_BODY || !/^\s*[[{]/.test(body)) return [];
  try {
    return objectsIn(JSON.parse(body));
  } catch {
    return [];
  }
}

/** The levels of a body on which services put what they say, the innermost first. */
function levelsOf(body: object): readonly object[] {
  const error: unknown = Reflect.get(body, "error") ?? fieldOf(Reflect.get(body, "response"), "error");
  const inner = [fieldOf(error, "innererror"), error, Reflect.get(body, "base_resp")];
  return [...inner.flatMap(objectsIn), body];
}

function statusNamedBy(level: object): number | undefined {
  return ["code", "status", "statusCode"]
    .map((name) => failureStatus(Reflect.get(level, name)))
    .find((status) => status !== undefined);
}

function textsOf(level: object, names: readonly string[]): readonly string[] {
  return names
    .map((name): unknown => Reflect.get(level, name))
    .filter((value): value is string => typeof value === "string" && value !== "");
}

/** The objects in a value: the value itself, or those in a list. */
function objectsIn(value: unknown): readonly object[] {
  return [value].flat().filter((one): one is object => typeof one === "object" && one !== null);
}

function unique(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)];
}
