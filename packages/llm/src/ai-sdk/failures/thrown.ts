import type { AnyHeaders } from "./asked-pause.ts";
import { failureStatus, fieldOf, readServiceAnswer, type ServiceAnswer } from "./service-answer.ts";

/** What could be read from a thrown value, whoever threw it. */
export interface Thrown {
  /** The error and its causes, the outermost first; never empty. */
  readonly chain: readonly object[];
  /** The HTTP status of the service's response, or the one that the body of a 200 names. */
  readonly status: number | undefined;
  /** The service's own code for the failure. */
  readonly providerCode: string | undefined;
  /** What the service's response says. */
  readonly answer: ServiceAnswer;
  readonly headers: readonly AnyHeaders[];
  /** May hold secrets. */
  readonly message: string;
}

const MAX_CAUSES = 10;

/** Reads an error of the AI SDK, or of a client of a similar kind. */
export function readThrown(error: unknown): Thrown {
  const chain = chainOf(error);
  const answer = readServiceAnswer(chain);
  const codes = [...answer.codes, ...chain.flatMap(codeOfClient)];
  return {
    chain,
    status: statusOf(chain, answer),
    providerCode: codes[0],
    answer: { ...answer, codes },
    headers: [...chain.flatMap(headersOf), ...answer.headers],
    message: messageOf(chain, answer),
  };
}

/** An error's name, or an empty text. */
export function nameOf(error: object): string {
  return String(Reflect.get(error, "name") ?? "");
}

/** An error's own message, or an empty text. */
export function messageText(error: object): string {
  const message: unknown = Reflect.get(error, "message");
  return typeof message === "string" ? message : "";
}

function chainOf(error: unknown): readonly object[] {
  const chain: object[] = [];
  for (let next = error; typeof next === "object" && next !== null && chain.length < MAX_CAUSES; ) {
    if (chain.includes(next)) break;
    chain.push(next);
    next = Reflect.get(next, "lastError") ?? Reflect.get(next, "cause");
  }
  return chain.length > 0 ? chain : [new Error(String(error))];
}

function messageOf(chain: readonly object[], { messages }: ServiceAnswer): string {
  const own = chain.map(messageText).filter((text) => text !== "" && !/^\s*[[{]/.test(text));
  const [first = "it gave no reason.", second = ""] = [...new Set([...own.slice(0, 1), ...messages, ...own])];
  // A cause, and the body of the response, usually say more exactly what went wrong than the error around it.
  return second === "" || first.includes(second) ? first : `${first}: ${second}`;
}

function statusOf(
  chain: readonly object[],
  { status: named, hasFailedLater }: ServiceAnswer,
): number | undefined {
  const http = chain.map(httpStatusOf).find((status) => status !== undefined);
  // The package of OpenAI throws a 400 of its own for it, or the 200 if the body surprises it. Neither is an answer to the request.
  if (hasFailedLater) return named;
  return http === undefined || (http >= 200 && http < 300) ? (named ?? http) : http;
}

/** `response` is where axios, ky and gaxios keep it, `$metadata` is where the clients of AWS do. */
function httpStatusOf(error: object): number | undefined {
  const response: unknown = Reflect.get(error, "response");
  const places = [
    Reflect.get(error, "statusCode"),
    Reflect.get(error, "status"),
    fieldOf(Reflect.get(error, "$metadata"), "httpStatusCode"),
    fieldOf(response, "status"),
    fieldOf(response, "statusCode"),
    failureStatus(Reflect.get(error, "code")),
  ];
  return places.find(
    (status): status is number => typeof status === "number" && Number.isInteger(status) && status >= 100,
  );
}

function headersOf(error: object): readonly AnyHeaders[] {
  const places = [
    Reflect.get(error, "responseHeaders"),
    Reflect.get(error, "headers"),
    fieldOf(Reflect.get(error, "response"), "headers"),
    fieldOf(Reflect.get(error, "$response"), "headers"),
  ];
  return places.filter((headers): headers is object => typeof headers === "object" && headers !== null);
}

/** The clients of services throw errors that carry the service's code, or, those of AWS, are named by it. */
function codeOfClient(error: object): readonly string[] {
  const code: unknown = Reflect.get(error, "code");
  const type: unknown = Reflect.get(error, "type");
  const name = Reflect.has(error, "$metadata") ? [nameOf(error)] : [];
  return [...name, code, type].filter(
    (word): word is string => typeof word === "string" && word !== "" && word.length <= 100,
  );
}
