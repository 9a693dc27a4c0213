import type { HttpRoute } from "../app/handler.ts";
import { chatRoute } from "./chat.ts";
import { embeddingsRoute } from "./embeddings.ts";
import { modelRoutes } from "./models.ts";
import { responsesRoute } from "./responses.ts";

/** The routes that clients of OpenAI's interface know. A profile of the routing file is a model. */
export const v1Routes: readonly HttpRoute[] = [...modelRoutes, chatRoute, responsesRoute, embeddingsRoute];
