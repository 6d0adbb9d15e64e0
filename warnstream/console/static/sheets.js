// Pages that are tables: stations, thresholds, acts, people. What is exported is what is shown.

import { el } from "./dom.js";
import { pageHead } from "./pages.js";
import { moment, settings, w } from "./words.js";

const SHOWN = 300;

export function sheetPage(sheet, { roles, intro, everywhere } = {}) {
  return {
    roles,
    everywhere,
    address: () => `/api/v1/sheets/${sheet}?language=${settings.language}`,
    show(data, context) {
      const tables = data.tables ?? [];
      const parts = [pageHead(w.page.names[sheet], intro?.() ?? "", ...exportsOf(sheet))];
      return [...parts, ...tables.map((table) => tableSection(table, context))];
    },
  };
}

export function exportsOf(sheet, ...more) {
  const link = (ending, text, name = sheet) => el("a", { class: "button no-print", href: `/api/v1/export/${name}.${ending}?language=${settings.language}`, download: true }, text);
  return [link("xlsx", w.page.xlsx), link("csv", w.page.csv), ...more.map(([name, ending, text]) => link(ending, text, name))];
}

function tableSection(table, { live }) {
  const rows = table.rows ?? [];
  const offset = table.utc_offset_s ?? live.state?.head.utc_offset_s ?? 0;
  const columns = table.columns ?? [];
  const head = el("h2", {}, table.title, el("span", {}, rows.length > SHOWN ? w.page.firstOf(SHOWN, rows.length) : w.page.rows(rows.length)));
  const notes = notesOf(table);
  if (!rows.length) return el("section", { class: "page-section" }, head, ...notes, el("p", { class: "quiet" }, w.page.none));
  return el("section", { class: "page-section" }, head, ...notes,
    el("div", { class: "page-table", tabindex: "0", role: "region", "aria-label": table.title, "data-scroll": table.name }, el("table", {},
      el("thead", {}, el("tr", {}, ...columns.map((column) => el("th", { scope: "col", class: kindClass(column) }, column.name)))),
      el("tbody", {}, ...rows.slice(0, SHOWN).map((row) => el("tr", {}, ...row.map((cell, at) => el("td", { class: kindClass(columns[at]), "data-own": columns[at].kind === "own" }, cellOf(cell, columns[at], offset, live.clock?.now_s ?? 0)))))))));
}

// Looks of `check` are in the words of the command, in a language of their own.
function notesOf(table) {
  const notes = (table.notes ?? []).map((text) => el("p", { class: "table-note", lang: table.name === "thresholds" ? "en" : undefined }, text));
  return table.name === "thresholds" && notes.length ? [el("details", { "data-key": "lints" }, el("summary", {}, w.page.lints), ...notes)] : notes;
}

const kindClass = (column) => (["number", "time"].includes(column.kind) ? column.kind : undefined);

function cellOf(cell, column, offset, nowS) {
  if (cell === null || cell === undefined) return "";
  if (column.kind === "level") return el("span", {}, el("span", { class: `badge small level-${cell}` }, w.letter[cell] || "·"), " ", w.level[cell]);
  if (column.kind === "time") return cell ? moment(cell, offset, nowS) : "";
  if (column.kind === "number") return cell.toLocaleString("en");
  return column.kind === "word" && Object.hasOwn(w.page.kind, cell) ? w.page.kind[cell] : String(cell);
}
