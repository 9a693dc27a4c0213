import type { Clock } from "@atlas/routing";
import type { StandardJSONSchemaV1, StandardSchemaV1 } from "@standard-schema/spec";
import { isLLMError, LLMError } from "../contract/errors.ts";
import { joinRoutes } from "../contract/join-routes.ts";
import type { LLMMessage, LLMOptions, LLMResult, LLMRuntime } from "../contract/runtime.ts";
import { sumOfUsage } from "../contract/usage.ts";
import { withoutAbsent } from "./absent-values.ts";
import { type ClosedSchema, closeSchema, type JsonSchema } from "./closed-schema.ts";
import { jsonIn } from "./json-in-text.ts";

/** A call to a model whose answer must fit a schema. */
export interface ObjectOptions<T> extends Omit<LLMOptions, "json"> {
  readonly schema: StandardSchemaV1<unknown, T>;
  /**
   * Whether a wrong answer is sent back once with its mistakes, within the same deadline. It saves many failures and costs a
   * second call where it is used. Default: false.
   */
  readonly repair?: boolean;
}

const MOST_ISSUES = 20;

/** Asks for JSON, parses and validates it, and repairs it once if the options say so. */
export async function generateObject<T>(
  runtime: LLMRuntime,
  { schema, repair = false, ...options }: ObjectOptions<T>,
  { deadlineMs, clock }: { readonly deadlineMs: number; readonly clock: Clock },
): Promise<LLMResult & { readonly object: T }> {
  const startedAt = clock.monotonic();
  const form = formOf(schema);
  const call: LLMOptions = {
    ...options,
    deadlineMs,
    system: [...(options.system === undefined ? [] : [options.system]), instruction(form.open)].join("\n\n"),
    json: {
      ...(form.open === undefined ? {} : { schema: form.open }),
      ...(form.closed === undefined ? {} : { strictSchema: form.closed.schema }),
    },
  };
  let first = await runtime.generateText(call);
  let read = await readObject(first.text, form);
  if (read.issues !== undefined && first.cached === true) {
    // A cache cannot know that an answer does not fit, and would give it again and again.
    first = await runtime.generateText({ ...call, fresh: true, deadlineMs: remainingMs() });
    read = await readObject(first.text, form);
  }
  if (read.issues === undefined) return { ...first, object: read.object };
  if (!repair) throw invalid(first, read.issues);

  const correction = { ...repairing(call, first.text, read.issues), deadlineMs: remainingMs() };
  const second = joined(
    first,
    await runtime.generateText(correction).catch((error: unknown) => {
      throw withFirst(first, error);
    }),
  );
  const again = await readObject(second.text, form);
  if (again.issues !== undefined) throw invalid(second, again.issues);
  return { ...second, object: again.object };

  function remainingMs(): number {
    return Math.max(1, deadlineMs - (clock.monotonic() - startedAt));
  }
}

/** What an answer has to fit: the caller's schema, as JSON Schema, and as services take it in strict mode. */
interface Form<T> {
  readonly schema: StandardSchemaV1<unknown, T>;
  readonly open: JsonSchema | undefined;
  readonly closed: ClosedSchema | undefined;
}

function formOf<T>(schema: StandardSchemaV1<unknown, T>): Form<T> {
  const open = jsonSchemaOf(schema);
  return { schema, open, closed: open === undefined ? undefined : closeSchema(open) };
}

function instruction(schema: object | undefined): string {
  const form = schema === undefined ? "" : ` that fits this JSON Schema:\n${JSON.stringify(schema)}`;
  return `Answer with one JSON value and nothing else${form}`;
}

function repairing(call: LLMOptions, text: string, issues: readonly string[]): LLMOptions {
  const { prompt, messages, ...rest } = call;
  const asked: readonly LLMMessage[] = messages ?? [{ role: "user", content: prompt ?? "" }];
  const complaint = `That does not fit: ${issues.join("; ")}. Answer again, with the corrected JSON and nothing else.`;
  return {
    ...rest,
    messages: [...asked, { role: "assistant", content: text }, { role: "user", content: complaint }],
  };
}

type ReadObject<T> =
  | { readonly object: T; readonly issues?: undefined }
  | { readonly issues: readonly string[] };

/** Takes the first value in the answer that fits the schema; otherwise it says what is wrong with the last one. */
async function readObject<T>(text: string, { schema, open, closed }: Form<T>): Promise<ReadObject<T>> {
  let issues: readonly string[] = ["it is not valid JSON"];
  for (const found of jsonIn(text)) {
    const value = open === undefined ? found : withoutAbsent(found, open);
    const inside = closed?.isWrapped === true ? unwrapped(found) : undefined;
    const values =
      inside === undefined
        ? [value]
        : [value, open === undefined ? inside.value : withoutAbsent(inside.value, open)];
    for (const one of values) {
      const checked = await schema["~standard"].validate(one);
      if (checked.issues === undefined) return { object: checked.value };
      issues = checked.issues.slice(0, MOST_ISSUES).map(inWords);
    }
  }
  return { issues };
}

/** The value of `{ "value": … }`. */
function unwrapped(found: unknown): { readonly value: unknown } | undefined {
  if (typeof found !== "object" || found === null) return undefined;
  const [only, ...others] = Object.entries(found);
  return only?.[0] === "value" && others.length === 0 ? { value: only[1] } : undefined;
}

function inWords({ message, path = [] }: StandardSchemaV1.Issue): string {
  const place = path.map((step) => String(typeof step === "object" ? step.key : step)).join(".");
  return place === "" ? message : `${place}: ${message}`;
}

function invalid({ text, usage, provider, route }: LLMResult, issues: readonly string[]): LLMError {
  return new LLMError(
    "ATLAS_LLM_OBJECT_INVALID",
    { text, issues, ...(usage === undefined ? {} : { usage }) },
    `The answer of "${provider}" does not fit the schema: ${issues.join("; ").slice(0, 500)}. Simplify the schema, or set repair: true.`,
    route === undefined ? {} : { route },
  );
}

/** The failure of a repair, with the evidence of the answer that it should have repaired. */
function withFirst({ route, usage }: LLMResult, error: unknown): unknown {
  const joint = isLLMError(error) ? joinRoutes(route, error.route) : undefined;
  if (!isLLMError(error) || joint === undefined) return error;
  const { code, details, message } = error;
  const paid = sumOfUsage(usage, "usage" in details ? details.usage : undefined);
  // Sound: every code whose details name a provider may say what was paid.
  const known = "provider" in details && paid !== undefined ? { ...details, usage: paid } : details;
  return new LLMError(code, known, message, { cause: error, route: joint });
}

/** The repaired answer, with the evidence and the tokens of both answers. */
function joined(first: LLMResult, { cached, ...second }: LLMResult): LLMResult {
  const usage = sumOfUsage(first.usage, second.usage);
  const route = joinRoutes(first.route, second.route);
  return {
    ...second,
    ...(usage === undefined ? {} : { usage }),
    ...(route === undefined ? {} : { route }),
    ...(first.degraded === true || second.degraded === true ? { degraded: true } : {}),
    // Nothing was paid only if neither answer was.
    ...(first.cached === true && cached === true ? { cached } : {}),
  };
}

/** The JSON Schema of a Standard Schema, if its library can generate one (zod 4 can). */
function jsonSchemaOf(schema: StandardSchemaV1): JsonSchema | undefined {
  // Standard JSON Schema extends the same property; a library that has it implements all of it.
  const standard = schema["~standard"] as Partial<StandardJSONSchemaV1.Props>;
  try {
    return standard.jsonSchema?.input({ target: "draft-07" });
  } catch {
    // JSON Schema cannot express a part of this schema. The model is told less; the validation is the same.
    return undefined;
  }
}
