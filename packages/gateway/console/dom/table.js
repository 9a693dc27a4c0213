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
 * A table. The first column names its row.
 *
 * @template Row
 * @param {string} caption
 * @param {readonly Row[]} rows
 * @param {readonly Column<Row>[]} columns
 */
export function table(caption, rows, columns) {
  const heads = columns.map(({ title, kind }) =>
    title === "" ? element("td", { class: kind }) : element("th", { scope: "col", class: kind }, title),
  );
  const body = rows.map((row) =>
    element(
      "tr",
      {},
      columns.map(({ cell, kind }, place) =>
        place === 0
          ? element("th", { scope: "row", class: kind }, cell(row))
          : element("td", { class: kind }, cell(row)),
      ),
    ),
  );
  return element(
    "div",
    { class: "scroll" },
    element(
      "table",
      {},
      element("caption", {}, caption),
      element("thead", {}, element("tr", {}, heads)),
      element("tbody", {}, body),
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
