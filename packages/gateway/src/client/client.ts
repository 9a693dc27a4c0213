import type { z } from "zod";
import type { contracts } from "../http/contract/all-contracts.ts";
import type { RouteContract } from "../http/contract/route.ts";
import type { CallOptions } from "./client-options.ts";
import type { FollowEvents } from "./follow-events.ts";
import type { FollowJob } from "./follow-job.ts";

type Contracts = typeof contracts;

/** The operations of a server, as methods: `client.jobs.create({ workflow_id: "digest.v1" })`. */
export type Client = {
  readonly [Id in keyof Contracts as Id extends `${infer Room}.${string}`
    ? Room
    : Id]: Id extends `${infer Room}.${string}` ? MethodsOf<Room> : Method<Contracts[Id]>;
};

type MethodsOf<Room extends string> = {
  readonly [Id in keyof Contracts as Id extends `${Room}.${infer Name}`
    ? Name
    : never]: Id extends keyof Streams ? Streams[Id] : Method<Contracts[Id]>;
};

interface Streams {
  readonly "jobs.follow": FollowJob;
  readonly "domainEvents.follow": FollowEvents;
}

/** A method takes what stands in the path, then the query or the body, then options. */
type Method<Contract> =
  Contract extends RouteContract<infer Params, infer Query, infer Body, infer Answer>
    ? (
        ...given: [...PathOf<Params>, ...InputOf<GivenTo<Query, Body>>, options?: CallOptions]
      ) => Promise<AnswerOf<Answer, Contract>>
    : never;

type PathOf<Params> = Params extends z.ZodUndefined ? [] : [id: string];

type GivenTo<Query extends z.ZodType, Body extends z.ZodType> = Query extends z.ZodUndefined
  ? Body extends z.ZodUndefined
    ? never
    : z.input<Body>
  : // What the texts of a query mean: numbers, lists.
    z.output<Query>;

type InputOf<Given> = [Given] extends [never]
  ? []
  : IsEmpty<Given> extends true
    ? []
    : object extends Given
      ? [input?: Given]
      : [input: Given];

/** True for an object that can have no field. */
type IsEmpty<Given> = [keyof Given] extends [never] ? true : string extends keyof Given ? true : false;

type AnswerOf<Answer extends z.ZodType, Contract> = Answer extends z.ZodUndefined
  ? Contract extends (typeof contracts)["operations.metrics"]
    ? string
    : undefined
  : z.input<Answer>;
