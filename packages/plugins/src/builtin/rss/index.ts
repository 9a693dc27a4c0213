export { createRssSource, type RssSourceOptions } from "./rss-source.ts";
