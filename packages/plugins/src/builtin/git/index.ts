export { createGitSource, type GitRange, type GitSourceOptions } from "./git-source.ts";
export { type Commit, type GitRepository, openGitRepository } from "./repository.ts";
