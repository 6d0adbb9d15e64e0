// Pages beside the situation: one navigation, one address each (`#/transfers`), read when opened and while open.

import { byId, el, setClass, setText } from "./dom.js";
import { clock, problemsOf, w } from "./words.js";

const ASK_MS = 10_000;

export class Pages {
  // `known` are {name: {roles, show(place, data, context), address(argument)}}; the first page is the situation.
  constructor(known, contextOf) {
    this.known = known;
    this.contextOf = contextOf;
    this.name = "situation";
    this.argument = "";
    this.data = null;
    this.number = 0;
    addEventListener("hashchange", () => this.follow());
    setInterval(() => this.isOpen && !document.hidden && this.read(), ASK_MS);
    document.addEventListener("visibilitychange", () => this.isOpen && !document.hidden && this.read());
  }

  get isOpen() {
    return this.name !== "situation";
  }

  build(session) {
    const allowed = Object.entries(this.known).filter(([, page]) => page.nav !== false && isFor(page, session));
    const link = (name) => el("a", { href: name === "situation" ? "#/" : `#/${name}`, "data-page": name }, w.page.names[name]);
    byId("nav").replaceChildren(link("situation"), ...allowed.map(([name]) => link(name)));
    byId("nav").setAttribute("aria-label", w.page.pages);
    this.mark();
  }

  // A word behind the name of a page, such as that a drill is on.
  note(name, text) {
    const link = byId("nav").querySelector(`[data-page="${name}"]`);
    if (!link) return;
    if (!link.lastElementChild) link.append(el("span", { class: "nav-note" }));
    setText(link.lastElementChild, text);
    link.lastElementChild.hidden = !text;
  }

  follow() {
    const [, name = "", argument = ""] = location.hash.split("/");
    const session = this.contextOf().session;
    const page = this.known[name];
    const isAllowed = page && session && isFor(page, session);
    this.name = isAllowed ? name : "situation";
    this.argument = isAllowed ? decoded(argument) : "";
    this.data = null;
    this.number += 1;
    byId("body").hidden = byId("times").hidden = this.isOpen;
    byId("page").hidden = !this.isOpen;
    document.body.dataset.page = this.name;
    this.mark();
    if (!this.isOpen) {
      byId("page").replaceChildren();
      return;
    }
    byId("page").replaceChildren(el("p", { class: "quiet" }, w.page.reading));
    byId("page").scrollTop = 0;
    this.read();
  }

  mark() {
    for (const link of byId("nav").children) {
      const isHere = link.dataset.page === this.name || (this.name === "warning" && link.dataset.page === "situation");
      setClass(link, "here", isHere);
      if (isHere) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
  }

  async read() {
    const { name, argument, number } = this;
    const address = this.known[name].address(argument);
    let problem = "";
    let data = null;
    try {
      const response = await fetch(address, { cache: "no-store", signal: AbortSignal.timeout(9000) });
      const said = await response.json();
      if (response.ok) data = said;
      else problem = problemsOf(said.problems, response.status);
    } catch {
      problem = w.noAnswer;
    }
    if (this.number !== number) return;
    if (data) {
      this.data = data;
      this.readAt = this.contextOf().live.clock?.now_s ?? 0;
    }
    this.problem = problem;
    this.show();
  }

  // Written anew only where something differs; what is open and where it is scrolled to stays.
  show() {
    if (!this.isOpen) return;
    const place = byId("page");
    if (!this.data) return void place.replaceChildren(el("p", { class: "hand-problem", role: "alert" }, this.problem ? `${w.page.cannot}${this.problem}` : ""));
    const old = place.firstElementChild;
    const fresh = el("div", { class: `page-body page-${this.name}` }, ...this.known[this.name].show(this.data, { ...this.contextOf(), argument: this.argument, again: () => this.read() }));
    const offset = this.contextOf().live.state?.head.utc_offset_s ?? 0;
    if (this.problem) fresh.prepend(el("p", { class: "hand-problem", role: "alert" }, `${w.page.cannot}${this.problem} ${w.page.asOf(clock(this.readAt, offset))}`));
    const open = new Set([...place.querySelectorAll("details[open]")].map((one) => one.dataset.key));
    for (const one of fresh.querySelectorAll("details")) one.open = open.has(one.dataset.key);
    if (old?.isEqualNode(fresh)) return;
    const focused = focusOf(place);
    keepForms(old, fresh);
    const scrolled = [...place.querySelectorAll("[data-scroll]")].map((one) => [one.dataset.scroll, one.scrollLeft, one.scrollTop]);
    const top = place.scrollTop;
    place.replaceChildren(fresh);
    for (const [key, x, y] of scrolled) place.querySelector(`[data-scroll="${key}"]`)?.scrollTo(x, y);
    place.scrollTop = top;
    focused?.();
  }
}

// What is being typed outlives news: the form stands as it is in what is written anew, in the same words alone.
function keepForms(old, fresh) {
  for (const form of old?.querySelectorAll("form[data-keep]") ?? []) {
    const other = fresh.querySelector(`form[data-keep="${form.dataset.keep}"]`);
    if (other && form.dataset.touched) other.replaceWith(form);
  }
}

// Puts the focus back where it was: on the element, or on what has the same words in the same row.
function focusOf(place) {
  const focused = document.activeElement;
  if (!place.contains(focused)) return null;
  const { selectionStart: start, selectionEnd: end } = focused;
  const rowOf = (one) => one.closest("tr")?.firstElementChild?.textContent ?? one.closest("section")?.querySelector("h2")?.textContent ?? "";
  const row = rowOf(focused);
  const { tagName, textContent } = focused;
  return () => {
    const others = [...place.querySelectorAll("a, button, summary, [tabindex]")];
    const target = focused.isConnected ? focused : others.find((one) => one.tagName === tagName && one.textContent === textContent && rowOf(one) === row);
    target?.focus({ preventScroll: true });
    if (typeof start === "number" && target === focused) focused.setSelectionRange(start, end);
  };
}

// Of an address that somebody has typed: what cannot be decoded is taken as it is.
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const isFor = (page, session) => (!page.roles || page.roles.includes(session.role)) && (!page.everywhere || session.area === "*");

// Heading of a page: what it is about, and what can be done with it.
export function pageHead(title, note, ...buttons) {
  return el("div", { class: "page-head" }, el("div", {}, el("h1", {}, title), note ? el("p", { class: "quiet" }, note) : ""), el("div", { class: "page-go" }, ...buttons, printButton()));
}

function printButton() {
  return el("button", { type: "button", class: "no-print", onclick: () => print() }, w.page.print);
}
