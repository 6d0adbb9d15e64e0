// The doors of one village: who needs somebody first. Each reading is a line of the audit, and the page says so.

import { byId, el, setText } from "./dom.js";
import { clock, problemsOf, w } from "./words.js";

export async function openDoors(code, name, offset) {
  const dialog = byId("doors");
  const body = el("tbody");
  const problem = el("p", { class: "hand-problem", role: "alert" });
  const count = el("p", { class: "quiet" });
  const more = el("button", { type: "button", hidden: true }, w.moreDoors);
  let cursor = 0;
  // What is personal is not kept in the page once it is closed, however that is done.
  const empty = () => dialog.replaceChildren();
  const read = async () => {
    more.disabled = true;
    try {
      const response = await fetch(`/api/v1/doors?village=${encodeURIComponent(code)}&cursor=${cursor}`, { cache: "no-store", signal: AbortSignal.timeout(8000) });
      const said = await response.json();
      if (!response.ok) return setText(problem, problemsOf(said.problems, response.status));
      body.append(...said.doors.map((door) => rowOf(door, offset)));
      cursor += said.doors.length;
      setText(count, w.doorsShown(cursor, said.doors_of));
      more.hidden = cursor >= said.doors_of;
      setText(problem, "");
    } catch {
      setText(problem, w.noAnswer);
    } finally {
      more.disabled = false;
    }
  };
  more.onclick = read;
  dialog.replaceChildren(el("h2", {}, w.doorsOf(name)), el("p", { class: "quiet" }, w.onRecord), count,
    el("div", { class: "doors-list", tabindex: "0" }, el("table", {}, el("thead", {}, el("tr", {}, ...w.doorHeads.map((text) => el("th", { scope: "col" }, text)))), body)),
    problem, el("div", { class: "hand-go" }, more, el("button", { type: "button", onclick: () => { empty(); dialog.close(); } }, w.close)));
  dialog.onclose = empty;
  dialog.showModal();
  await read();
}

function rowOf(door, offset) {
  const said = door.said === "assigned" && door.assigned ? w.goes(door.assigned) : w.said[door.said];
  return el("tr", { class: `door-${door.said}` }, el("td", {}, door.door), el("td", {}, el("strong", {}, said)),
    el("td", {}, w.reached[door.state], door.tries > 1 ? el("small", {}, ` ×${door.tries}`) : ""), el("td", {}, clock(door.last_s, offset)),
    el("td", {}, door.channel, " ", el("small", {}, door.address ?? "")));
}
