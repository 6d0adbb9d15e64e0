// The situation as the console tells it: one state, then deltas; and how old all of it is.
//
// Ages are counted from receipt by this browser's steady clock: an officer's wall clock may be minutes wrong.

export const OLD_S = 4;

export class Live {
  constructor(changed, signedOut) {
    this.changed = changed;
    this.signedOut = signedOut;
    this.state = null;
    this.heardAt = null;
    this.clock = null;
    this.rows = new Map();
    this.lost = false;
    this.stream = null;
    this.wanted = false;
    this.retry = null;
  }

  start() {
    this.wanted = true;
    return this.read();
  }

  stop() {
    this.wanted = false;
    this.close();
    this.state = null;
  }

  // Seconds since the node made what is shown.
  get ageS() {
    if (this.heardAt === null) return Infinity;
    const age = this.clock.age_s ?? -1;
    return age < 0 ? Infinity : age + (performance.now() - this.heardAt) / 1000;
  }

  get isOld() {
    return this.ageS > OLD_S;
  }

  close() {
    if (this.stream) this.stream.close();
    this.stream = null;
    clearTimeout(this.retry);
  }

  later(what) {
    clearTimeout(this.retry);
    if (this.wanted) this.retry = setTimeout(what, 1000);
  }

  async read() {
    this.close();
    let response;
    try {
      response = await fetch("/api/v1/state", { cache: "no-store", signal: AbortSignal.timeout(5000) });
    } catch {
      this.lost = true;
      this.changed({});
      this.later(() => this.read());
      return;
    }
    if (!this.wanted) return;
    if (response.status === 401) return void this.signedOut();
    this.lost = false;
    if (!response.ok) {
      this.changed({});
      this.later(() => this.read());
      return;
    }
    const state = await response.json();
    this.state = {
      head: state.head,
      level: Uint8Array.from(state.levels ?? "", Number),
      sight: Uint8Array.from(state.sight ?? "", Number),
      stations: Uint8Array.from(state.stations ?? "", Number),
      near: state.near ?? [],
    };
    this.rows = new Map((state.queue ?? []).map((row) => [row.town, row]));
    this.beat(state.clock ?? {});
    this.follow(state.id);
    this.changed({ all: true });
  }

  follow(since) {
    const stream = new EventSource(`/api/v1/stream?since=${encodeURIComponent(since)}`);
    this.stream = stream;
    stream.addEventListener("beat", (event) => {
      this.lost = false;
      this.beat(JSON.parse(event.data));
      this.changed({});
    });
    stream.addEventListener("delta", (event) => this.take(JSON.parse(event.data)));
    stream.addEventListener("resync", () => this.read());
    stream.addEventListener("error", () => {
      this.lost = true;
      this.changed({});
      // A browser gives up after some answers, such as one of a console that is just starting.
      if (stream.readyState === EventSource.CLOSED) this.later(() => this.read());
    });
  }

  beat(clock) {
    this.clock = clock;
    this.heardAt = performance.now();
  }

  take(delta) {
    const state = this.state;
    const news = { villages: [], rose: [] };
    if (delta.head) state.head = delta.head;
    for (const [at, level, sight] of delta.villages ?? []) {
      state.level[at] = level;
      state.sight[at] = sight;
      news.villages.push(at);
    }
    for (const [at, condition] of delta.stations ?? []) {
      if (at >= state.stations.length) {
        const grown = new Uint8Array(at + 1);
        grown.set(state.stations);
        state.stations = grown;
      }
      state.stations[at] = condition;
      news.stations = true;
    }
    for (const row of delta.rows ?? []) {
      const before = this.rows.get(row.town);
      if (row.level >= 3 && (before?.level ?? 0) < row.level) news.rose.push(row);
      this.rows.set(row.town, row);
    }
    if (delta.order) this.rows = new Map(delta.order.map((town) => [town, this.rows.get(town)]));
    if (delta.near) state.near = delta.near;
    this.changed(news);
  }
}
