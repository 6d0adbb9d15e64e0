// A form of a page whose act is read before it goes: look, then send; nothing typed is lost to news of the page.

import { sendAct } from "./alarms.js";
import { el, setText } from "./dom.js";
import { pick, problemsOf, settings, w } from "./words.js";

export const newKey = () => crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`;

export const field = (label, ...control) => el("label", { class: "hand-field" }, el("span", {}, label), ...control);

// Codes of villages by what somebody typed: codes, or names; `{codes, problems}`. A name that several have is none.
export function villagesOf(text, geo) {
  const codes = [];
  const problems = [];
  for (const one of text.split(/[\s,，、]+/).filter(Boolean)) {
    const named = geo.villages.filter((village) => village.name === one);
    if (named.length > 1) problems.push(w.form.ambiguous(one, named.map((village) => `${village.code} ${geo.towns[village.town].name}`)));
    codes.push(named.length === 1 ? named[0].code : one);
  }
  return { codes, problems };
}

// `fields` are elements of the form; `bodyOf(form)` gives `{body, problems}`; `words` are {look, go}; `isDrill` marks it.
export function actForm({ name, fields, bodyOf, words, isDrill, again }) {
  const wrong = el("p", { class: "hand-problem", role: "alert" });
  const shown = el("div", { class: "hand-shown", "aria-live": "polite" });
  const go = el("button", { type: "submit", class: "go", disabled: true }, isDrill ? w.asDrill(words.go) : w.asLive(words.go));
  const look = el("button", { type: "button" }, words.look);
  let key = "";
  let body = null;
  const form = el("form", { class: isDrill ? "hand-drill" : "hand-live", novalidate: true, "data-keep": `${name}-${settings.language}-${isDrill ? "drill" : "live"}` }, ...fields, shown, wrong,
    el("div", { class: "hand-go" }, look, go));
  const changed = () => {
    form.dataset.touched = "1";
    go.disabled = true;
    body = null;
  };
  form.addEventListener("input", changed);
  look.addEventListener("click", async () => {
    changed();
    const asked = bodyOf(form);
    if (asked.problems.length) return void setText(wrong, asked.problems.join(" "));
    const { status, said } = await sendAct({ ...asked.body, rehearse: true });
    setText(wrong, status === 200 ? "" : problemsOf(said.problems, status));
    shown.replaceChildren(...(status === 200 ? rehearsedOf(said.rehearsal) : []));
    if (status !== 200) return;
    // What goes is what was looked at, to the letter.
    [key, body] = [newKey(), asked.body];
    go.disabled = false;
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!body) return;
    go.disabled = true;
    const { status, said } = await sendAct(body, { "Idempotency-Key": key });
    if (status !== 200) {
      setText(wrong, problemsOf(said.problems, status));
      go.disabled = status !== 503 && status !== 0; // the same key is safe again
      return;
    }
    setText(wrong, "");
    shown.replaceChildren(el("p", { class: "hand-done" }, said.status === "waits" ? w.waitsSecond : w.taken(said.sequence || "")));
    form.reset();
    body = null;
    setTimeout(again, 1200);
  });
  return form;
}

// Whom it reaches and the words, as the node has worked them out.
export function rehearsedOf(rehearsal) {
  const doors = Object.values(rehearsal.doors).reduce((sum, n) => sum + n, 0);
  const parts = [el("p", { class: "hand-reach" }, w.reaches(rehearsal.villages, doors, rehearsal.posts))];
  if (!rehearsal.words.length) parts.push(el("p", { class: "quiet" }, w.doorsHearNothing));
  parts.push(...rehearsal.words.map((one) => el("blockquote", {}, el("small", {}, one.name), " ", pick(one.zh, one.en))));
  if (rehearsal.more > 0) parts.push(el("p", { class: "quiet" }, w.andMore(rehearsal.more)));
  return parts;
}
