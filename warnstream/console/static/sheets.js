// Pages that are tables: stations, thresholds, acts, people. What is exported is what is shown.

import { el } from "./dom.js";
import { pageHead } from "./pages.js";
import { clock, settings, w } from "./words.js";

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
  const notes = (table.notes ?? []).map((text) => el("p", { class: "table-note" }, text));
  if (!rows.length) return el("section", { class: "page-section" }, head, ...notes, el("p", { class: "quiet" }, w.page.none));
  return el("section", { class: "page-section" }, head, ...notes,
    el("div", { class: "page-table", tabindex: "0", role: "region", "aria-label": table.title, "data-scroll": table.name }, el("table", {},
      el("thead", {}, el("tr", {}, ...columns.map((column) => el("th", { scope: "col", class: kindClass(column) }, column.name)))),
      el("tbody", {}, ...rows.slice(0, SHOWN).map((row) => el("tr", {}, ...row.map((cell, at) => el("td", { class: kindClass(columns[at]) }, cellOf(cell, columns[at], offset)))))))));
}

const kindClass = (column) => (["number", "time"].includes(column.kind) ? column.kind : undefined);

function cellOf(cell, column, offset) {
  if (cell === null || cell === undefined) return "";
  if (column.kind === "level") return el("span", {}, el("span", { class: `badge small level-${cell}` }, w.letter[cell] || "·"), " ", w.level[cell]);
  if (column.kind === "time") return cell ? clock(cell, offset) : "";
  if (column.kind === "number") return cell.toLocaleString("en");
  return w.page.kind[cell] ?? String(cell);
}
