import { element } from "./element.js";

/** @import { Child } from "./element.js" */

/**
 * A column: what it is called, what its cells hold, and its classes: `number`, `tight`, or `wide` for one that a narrow screen leaves out.
 *
 * @template Row
 * @typedef {object} Column
 * @property {string} title
 * @property {(row: Row) => Child} cell
 * @property {string} [kind]
 */

/**
 * A table. The first column names its row. On a narrow screen, one that stacks has the cells of a row below each other; its roles are written
 * out, because a browser forgets them with the layout of a table.
 *
 * @template Row
 * @param {string} caption
 * @param {readonly Row[]} rows
 * @param {readonly Column<Row>[]} columns
 * @param {{ stacks?: boolean }} [options]
 */
export function table(caption, rows, columns, { stacks = false } = {}) {
  const heads = columns.map(({ title, kind }) =>
    title === ""
      ? element("td", { class: kind, role: "cell" })
      : element("th", { scope: "col", class: kind, role: "columnheader" }, title),
  );
  const body = rows.map((row) =>
    element(
      "tr",
      { role: "row" },
      columns.map(({ title, cell, kind }, place) =>
        place === 0
          ? element("th", { scope: "row", class: kind, role: "rowheader" }, cell(row))
          : element("td", { class: kind, role: "cell", "data-title": title }, cell(row)),
      ),
    ),
  );
  return element(
    "div",
    { class: "scroll" },
    element(
      "table",
      { class: stacks ? "stacks" : undefined, role: "table" },
      element("caption", {}, caption),
      element("thead", { role: "rowgroup" }, element("tr", { role: "row" }, heads)),
      element("tbody", { role: "rowgroup" }, body),
    ),
  );
}

/**
 * A list of facts: names and values; those without a value are left out.
 *
 * @param {readonly (readonly [string, Child])[]} facts
 */
export function factList(facts) {
  return element(
    "dl",
    { class: "facts" },
    facts
      .filter(([, value]) => value !== undefined && value !== false)
      .map(([name, value]) =>
        element("div", {}, element("dt", {}, name), element("dd", { class: "text" }, value)),
      ),
  );
}
