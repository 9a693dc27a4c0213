import { element } from "../dom/element.js";
import { jsonView } from "../dom/json-view.js";

/**
 * Fields that make a JSON value.
 *
 * @typedef {object} Fields
 * @property {HTMLElement} node
 * @property {() => unknown} read Throws what is wrong, in words.
 *
 * @typedef {Readonly<Record<string, any>>} Schema
 */

/**
 * Fields for a value of a JSON Schema: one each for texts, numbers, choices and yes or no, also as properties of an object. Everything else is
 * written as JSON, with its schema beside it.
 *
 * @param {string} id
 * @param {Schema | undefined} schema
 * @returns {Fields}
 */
export function answerFields(id, schema) {
  const simple = schema === undefined ? undefined : simpleField(id, "Answer", schema);
  if (simple !== undefined) return simple;
  const properties = schema?.["type"] === "object" ? Object.entries(schema["properties"] ?? {}) : [];
  const required = new Set(Array.isArray(schema?.["required"]) ? schema["required"] : []);
  const fields = properties.map(([name, one], place) => ({
    name,
    isRequired: required.has(name),
    field: simpleField(`${id}-${place}`, required.has(name) ? name : `${name} (optional)`, one),
  }));
  if (fields.length > 0 && fields.every(({ field }) => field !== undefined)) {
    return {
      node: element(
        "div",
        { class: "fields" },
        fields.map(({ field }) => field?.node),
      ),
      read: () =>
        Object.fromEntries(
          fields
            .map(({ name, isRequired, field }) => ({ name, isRequired, value: field?.read() }))
            .filter(({ value, isRequired }) => value !== undefined && (isRequired || value !== ""))
            .map(({ name, value }) => [name, value]),
        ),
    };
  }
  return jsonField(id, schema);
}

/**
 * @param {string} id
 * @param {string} name
 * @param {Schema} schema
 * @returns {Fields | undefined}
 */
function simpleField(id, name, schema) {
  if (Array.isArray(schema["enum"])) {
    const values = schema["enum"];
    const options = values.map((value, place) =>
      element("option", { value: place }, typeof value === "string" ? value : JSON.stringify(value)),
    );
    const select = element("select", { id }, options);
    return { node: labelled(id, name, select), read: () => values[Number(select.value)] };
  }
  if (schema["type"] === "boolean") {
    const yes = element("input", { type: "radio", id, name: id, value: "yes" });
    const no = element("input", { type: "radio", id: `${id}-no`, name: id, value: "no" });
    const node = element(
      "fieldset",
      {},
      element("legend", {}, name),
      element("label", { class: "choice" }, yes, " Yes"),
      element("label", { class: "choice" }, no, " No"),
    );
    return {
      node,
      read() {
        if (!yes.checked && !no.checked) throw new Error(`${name}: choose yes or no.`);
        return yes.checked;
      },
    };
  }
  if (schema["type"] === "number" || schema["type"] === "integer") {
    const input = element("input", { id, type: "number", step: schema["type"] === "integer" ? 1 : "any" });
    return {
      node: labelled(id, name, input),
      read: () => (input.value === "" ? undefined : Number(input.value)),
    };
  }
  if (schema["type"] !== "string") return undefined;
  const input = element("input", { id, type: "text", autocomplete: "off" });
  return { node: labelled(id, name, input), read: () => input.value };
}

/**
 * @param {string} id
 * @param {Schema | undefined} schema
 * @returns {Fields}
 */
function jsonField(id, schema) {
  const area = element("textarea", { id, spellcheck: "false" });
  const node = element(
    "div",
    {},
    labelled(id, "Answer, as JSON", area),
    schema !== undefined &&
      element(
        "details",
        { "data-key": `schema ${id}` },
        element("summary", {}, "Its JSON Schema"),
        jsonView(schema),
      ),
  );
  return {
    node,
    read() {
      try {
        return JSON.parse(area.value);
      } catch (error) {
        throw new Error(`The answer is no JSON: ${error instanceof Error ? error.message : ""}`, {
          cause: error,
        });
      }
    },
  };
}

/**
 * @param {string} id
 * @param {string} name
 * @param {HTMLElement} field
 */
function labelled(id, name, field) {
  return element("div", { class: "field" }, element("label", { for: id }, name), field);
}
