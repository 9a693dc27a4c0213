import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const skills = {
  "release-notes": "Writes release notes from a list of commits. Use when a changelog is due.",
  "pdf-forms": "Fills forms and extracts tables from PDF documents.",
  "sql-review": "Reviews SQL queries for missing indexes and locks.",
  "incident-report": "Writes the report of an incident from its timeline and logs.",
  translation: "Translates user interface texts and keeps their placeholders.",
};

/** Writes what a small project has: an AGENTS.md of 4 KB and five skills of 2 KB, one of which fits the bench's prompt. */
export function writeInstructions(root: string): void {
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  write("AGENTS.md", "Say what was measured, and on what machine.\n".repeat(90));
  for (const [name, description] of Object.entries(skills)) {
    const body = "Do one thing after the other, and look at the result.\n".repeat(36);
    write(`skills/${name}/SKILL.md`, `---\nname: ${name}\ndescription: ${description}\n---\n\n${body}`);
  }
}
