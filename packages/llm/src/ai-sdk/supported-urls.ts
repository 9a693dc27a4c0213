/** The URLs that a model reads itself, by media type, as the AI SDK asks for them. All other files are downloaded for it. */
export type SupportedUrls = Record<string, RegExp[]>;

/**
 * The URLs that every model reads. A pattern counts only if all of them name it for the same media type, so that a file is
 * rather downloaded than sent to a model that cannot fetch it.
 */
export function commonUrls(models: readonly SupportedUrls[]): SupportedUrls {
  const [first = {}, ...others] = models;
  return Object.fromEntries(
    Object.entries(first).flatMap(([mediaType, patterns]) => {
      const common = patterns.filter((pattern) =>
        others.every((urls) => (urls[mediaType] ?? []).some((other) => String(other) === String(pattern))),
      );
      return common.length === 0 ? [] : [[mediaType, common]];
    }),
  );
}
