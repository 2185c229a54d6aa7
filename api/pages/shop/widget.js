/*!
 * The Amends chat widget: one script tag on any website.
 *
 *   <script src="https://HOST/widget.js" data-language="en" defer></script>
 *
 * data-language     en or zh; otherwise the page's language, otherwise the browser's
 * data-title        the name at the top of the chat
 * data-greeting     the first words a new customer reads
 * data-suggestions  questions to start with, separated by |
 *
 * Any element with data-amends-open opens the chat; with data-amends-say="…" it also asks that.
 * The host page may set --amends-accent and --amends-accent-ink (the colour and the text on it).
 */
(() => {
  "use strict";

  const script = document.currentScript;
  const BASE = new URL(".", script.src);
  const LONGEST = 4000;
  const ACK_WAIT = 8000;
  const TYPING_EVERY = 3000;
  const TYPING_SHOWN = 6000;
  const REPLY_SHOWN = 15000;
  const POLL_EVERY = 2500;
  const SOCKET_AGAIN = 60000;
  const LONGEST_PAUSE = 20000;
  const STEADY = 5000;
  const UNKNOWN = [401, 403, 404];

  /* The texts by language and key: GET /widget.js fills them in from the catalogue. */
  const TEXTS = __TEXTS__;

  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);

  /* What must survive a reload: the conversation's key, and what was written but not yet taken.
     Each unsent message is an item of its own, so that two tabs never overwrite each other's. */
  class Memory {
    constructor() {
      this.prefix = `amends:${BASE.href}:`;
      this.store = Memory.storage();
    }

    static storage() {
      try {
        localStorage.setItem("amends:probe", "");
        localStorage.removeItem("amends:probe");
        return localStorage;
      } catch {
        const kept = new Map();
        return {
          getItem: (key) => kept.get(key) ?? null,
          setItem: (key, value) => kept.set(key, value),
          removeItem: (key) => kept.delete(key),
          key: (index) => [...kept.keys()][index] ?? null,
          get length() {
            return kept.size;
          },
        };
      }
    }

    get(key) {
      try {
        return JSON.parse(this.store.getItem(this.prefix + key));
      } catch {
        return null;
      }
    }

    set(key, value) {
      try {
        this.store.setItem(this.prefix + key, JSON.stringify(value));
      } catch {
        /* The storage is full: the chat goes on, only a reload would forget. */
      }
    }

    drop(key) {
      this.store.removeItem(this.prefix + key);
    }

    outbox() {
      const found = [];
      for (let index = 0; index < this.store.length; index++) {
        const key = this.store.key(index);
        if (key?.startsWith(`${this.prefix}out:`)) found.push(this.get(key.slice(this.prefix.length)));
      }
      return found.filter(Boolean).sort((one, other) => one.at - other.at);
    }

    forget() {
      for (const { id } of this.outbox()) this.drop(`out:${id}`);
      for (const key of ["chat", "seen", "handover", "ended"]) this.drop(key);
    }
  }

  class Refused extends Error {
    constructor(status, problem) {
      super(problem?.detail || problem?.title || String(status));
      this.status = status;
      this.problem = { detail: this.message, ...problem };
      this.passing = status === 429 || status >= 500;
    }
  }

  /* The line to the server: a WebSocket, or plain requests where sockets do not pass. */
  class Line {
    constructor(memory, language, hear) {
      this.memory = memory;
      this.language = language;
      this.hear = hear;
      this.after = 0;
      this.tries = 0;
      this.refusedSockets = 0;
      this.flying = [];
    }

    get chat() {
      return this.memory.get("chat");
    }

    async request(method, path, body) {
      const headers = { Accept: "application/json" };
      if (this.chat) headers.Authorization = `Bearer ${this.chat.token}`;
      if (body) headers["Content-Type"] = "application/json";
      const answer = await fetch(new URL(`api/conversations${path}`, BASE), {
        method,
        headers,
        body: body && JSON.stringify(body),
        credentials: "omit",
        signal: AbortSignal.timeout(30000),
      });
      const data = answer.status === 204 ? null : await answer.json().catch(() => null);
      if (!answer.ok) throw new Refused(answer.status, data);
      return data;
    }

    /* Begin or take up the conversation. */
    async start() {
      if (this.starting) return;
      this.starting = true;
      clearTimeout(this.timer);
      try {
        if (!this.chat) this.memory.set("chat", await this.request("POST", "", { language: this.language }));
        this.starting = false;
        if (this.refusedSockets < 2) this.connect();
        else await this.poll();
      } catch (error) {
        this.starting = false;
        this.stumble(error);
      }
    }

    connect() {
      const { id, token } = this.chat;
      const url = new URL(`api/conversations/${id}/stream?after=${this.after}`, BASE);
      url.protocol = url.protocol.replace("http", "ws");
      const socket = new WebSocket(url, [`bearer.${token}`]);
      let opened = false;
      this.socket = socket;
      socket.onopen = () => {
        opened = true;
        this.refusedSockets = 0;
        // A line that breaks at once is not a good one: only a lasting one ends the pauses.
        this.steady = setTimeout(() => (this.tries = 0), STEADY);
        this.hear.status("online");
        this.hear.handover(null);
        this.flush();
      };
      socket.onmessage = ({ data }) => this.take(JSON.parse(data));
      socket.onclose = ({ code }) => {
        clearTimeout(this.steady);
        if (this.socket !== socket) return;
        this.socket = null;
        this.flying = [];
        if (UNKNOWN.includes(code - 4000)) return this.renew();
        if (!opened && navigator.onLine) this.refusedSockets++;
        this.pause();
      };
    }

    take(frame) {
      if (frame.type === "message") this.arrived(frame.message);
      else if (frame.type === "ack") this.taken(frame.id, frame.seq);
      else if (frame.type === "typing") this.hear.typing(frame.sender);
      else if (frame.type === "handover") this.hear.handover(frame);
      else if (frame.type === "survey") this.hear.survey(frame.case);
      else if (frame.type === "error" && frame.id) this.refused(frame.id, frame);
    }

    arrived(message) {
      this.after = Math.max(this.after, message.seq);
      if (message.sender === "customer") this.memory.drop(`out:${message.id}`);
      this.hear.message(message);
    }

    taken(id, seq) {
      this.flying = this.flying.filter((other) => other !== id);
      this.memory.drop(`out:${id}`);
      this.hear.taken(id, seq);
      if (!this.flying.length) clearTimeout(this.deadline);
    }

    refused(id, problem) {
      this.flying = this.flying.filter((other) => other !== id);
      this.memory.drop(`out:${id}`);
      this.hear.refused(id, problem.detail || problem.title, problem.title === "Conflict");
    }

    say(id, text) {
      this.memory.set(`out:${id}`, { id, text, at: Date.now() });
      if (this.socket?.readyState === WebSocket.OPEN) this.flush();
      else this.soon();
    }

    flush() {
      for (const { id, text } of this.memory.outbox()) {
        if (this.flying.includes(id)) continue;
        this.flying.push(id);
        this.socket.send(JSON.stringify({ type: "message", id, text }));
      }
      clearTimeout(this.deadline);
      if (this.flying.length) this.deadline = setTimeout(() => this.drop(), ACK_WAIT);
    }

    tell(frame) {
      if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(frame));
    }

    /* Plain requests: send what waits, then ask for what is new. */
    async poll() {
      for (const { id, text } of this.memory.outbox()) await this.post(id, text);
      const news = await this.request("GET", `/${this.chat.id}/messages?after=${this.after}`);
      news.forEach((message) => this.arrived(message));
      this.tries = 0;
      this.hear.status("online");
      this.pollingSince ??= Date.now();
      if (Date.now() - this.pollingSince > SOCKET_AGAIN) {
        this.pollingSince = null;
        this.refusedSockets = 1;
      }
      this.timer = setTimeout(() => this.start(), POLL_EVERY);
    }

    async post(id, text) {
      try {
        const { seq, replies, handover } = await this.request("POST", `/${this.chat.id}/messages`, { id, text });
        this.taken(id, seq);
        replies.forEach((message) => this.hear.message(message));
        this.hear.handover(handover);
      } catch (error) {
        if (!(error instanceof Refused) || error.passing || UNKNOWN.includes(error.status)) throw error;
        this.refused(id, error.problem);
      }
    }

    stumble(error) {
      if (error instanceof Refused && this.chat && UNKNOWN.includes(error.status)) this.renew();
      else this.pause();
    }

    /* The server does not know this conversation (any more): what waits goes into a new one. */
    renew() {
      this.memory.drop("chat");
      this.after = 0;
      this.hear.renewed();
      this.drop();
    }

    drop() {
      const socket = this.socket;
      this.socket = null;
      this.flying = [];
      socket?.close();
      this.pause();
    }

    pause() {
      if (this.stopped) return;
      this.hear.status(this.tries ? "offline" : "connecting");
      const pause = Math.min(LONGEST_PAUSE, 400 * 2 ** this.tries++) * (0.7 + Math.random() * 0.6);
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.start(), pause);
    }

    /* Something happened that makes a new try worth while: do not wait for the pause to end. */
    soon() {
      if (this.stopped || this.socket || !(this.chat || this.memory.outbox().length)) return;
      this.start();
    }

    stop() {
      this.stopped = true;
      clearTimeout(this.timer);
      clearTimeout(this.deadline);
      const socket = this.socket;
      this.socket = null;
      socket?.close();
    }
  }

  const STYLE = `
  :host {
    --accent: var(--amends-accent, #1f5a4b);
    --accent-ink: var(--amends-accent-ink, #ffffff);
    --ground: #fbfaf7; --panel: #ffffff; --ink: #1f2725; --soft: #5c6764; --line: #e2e0d9;
    --theirs: #f0eee8; --agent: #e6eef8; --agent-ink: #1c3557; --notice: #fff6dd; --notice-ink: #5b4405;
    --bad: #a3261b; --shadow: 0 1.2rem 3rem rgb(22 32 28 / .22), 0 .2rem .6rem rgb(22 32 28 / .12);
    all: initial; color-scheme: light dark;
    font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "PingFang SC", "Hiragino Sans GB",
      "Microsoft YaHei", "Noto Sans CJK SC", "Noto Sans SC", sans-serif;
    position: fixed; z-index: 2147483000; inset: auto 1.25rem 1.25rem auto; color: var(--ink);
  }
  @media (prefers-color-scheme: dark) {
    :host {
      --accent: var(--amends-accent-dark, #5fb59c); --accent-ink: var(--amends-accent-ink-dark, #06231b);
      --ground: #151a19; --panel: #1c2322; --ink: #e9ecea; --soft: #a3adaa; --line: #323b39;
      --theirs: #28302e; --agent: #1d304a; --agent-ink: #d3e3fa; --notice: #3a2f10; --notice-ink: #f6e2a6;
      --bad: #ff9c8f; --shadow: 0 1.2rem 3rem rgb(0 0 0 / .6);
    }
  }
  * { box-sizing: border-box; }
  [hidden] { display: none !important; }
  button, textarea { font: inherit; color: inherit; }
  button { cursor: pointer; }
  :focus-visible { outline: 3px solid color-mix(in srgb, var(--accent) 70%, var(--ink)); outline-offset: 2px; }
  .launch { display: grid; place-items: center; inline-size: 3.75rem; block-size: 3.75rem; border: 0; border-radius: 50%;
    background: var(--accent); color: var(--accent-ink); box-shadow: var(--shadow); position: relative; transition: transform .15s; }
  .launch:hover { transform: translateY(-2px); }
  .launch svg { inline-size: 1.75rem; block-size: 1.75rem; }
  .badge { position: absolute; inset: -.2rem -.2rem auto auto; min-inline-size: 1.4rem; padding: 0 .35rem; border-radius: 1rem;
    background: #b3261e; color: #fff; font-size: .8rem; line-height: 1.4rem; font-weight: 600; }
  .panel { display: flex; flex-direction: column; inline-size: min(24.5rem, calc(100vw - 2.5rem)); block-size: min(40rem, calc(100dvh - 2.5rem));
    background: var(--ground); border: 1px solid var(--line); border-radius: 1.25rem; box-shadow: var(--shadow); overflow: hidden; }
  header { display: flex; align-items: center; gap: .7rem; padding: .8rem .7rem .8rem 1rem; background: var(--panel); border-block-end: 1px solid var(--line); }
  .mark { flex: none; display: grid; place-items: center; inline-size: 2.25rem; block-size: 2.25rem; border-radius: .8rem; background: var(--accent); color: var(--accent-ink); }
  .mark svg { inline-size: 1.25rem; block-size: 1.25rem; }
  .who { flex: 1; min-inline-size: 0; }
  h2 { margin: 0; font-size: 1rem; line-height: 1.3; font-weight: 650; overflow-wrap: anywhere; }
  .who p { margin: 0; color: var(--soft); font-size: .8rem; line-height: 1.35; }
  .icon { display: grid; place-items: center; flex: none; inline-size: 2.5rem; block-size: 2.5rem; border: 0; border-radius: .8rem; background: none; color: var(--soft); }
  .icon:hover { background: var(--theirs); color: var(--ink); }
  .icon svg { inline-size: 1.25rem; block-size: 1.25rem; }
  .menu { position: absolute; inset: 3.6rem .8rem auto auto; z-index: 2; padding: .35rem; background: var(--panel); border: 1px solid var(--line); border-radius: .9rem; box-shadow: var(--shadow); }
  .menu button { display: block; inline-size: 100%; padding: .5rem .9rem; border: 0; border-radius: .6rem; background: none; text-align: start; }
  .menu button:hover { background: var(--theirs); }
  .bar { padding: .55rem 1rem; font-size: .87rem; background: var(--notice); color: var(--notice-ink); border-block-end: 1px solid var(--line); }
  .bar strong { font-weight: 650; }
  .bar.person { background: var(--agent); color: var(--agent-ink); }
  .bar.net { background: var(--theirs); color: var(--soft); }
  .log { flex: 1; overflow-y: auto; overscroll-behavior: contain; padding: 1rem; display: flex; flex-direction: column; gap: .2rem; scroll-behavior: smooth; }
  .item { display: flex; flex-direction: column; align-items: flex-start; max-inline-size: 88%; margin-block-start: .7rem; }
  .item.joined { margin-block-start: .1rem; }
  .item.joined .name { display: none; }
  .name { margin: 0 .25rem .2rem; font-size: .76rem; color: var(--soft); }
  .text { margin: 0; padding: .6rem .85rem; border-radius: 1.1rem; white-space: pre-wrap; overflow-wrap: anywhere; word-break: break-word;
    unicode-bidi: plaintext; text-align: start; background: var(--theirs); border-end-start-radius: .35rem; }
  .customer { align-self: flex-end; align-items: flex-end; }
  .customer .text { background: var(--accent); color: var(--accent-ink); border-radius: 1.1rem; border-end-end-radius: .35rem; }
  .customer .name { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); }
  .agent .text { background: var(--agent); color: var(--agent-ink); }
  .system { align-self: center; align-items: center; max-inline-size: 94%; }
  .system .name { display: none; }
  .system .text { background: none; border: 1px dashed var(--line); color: var(--soft); font-size: .87rem; text-align: center; border-radius: .9rem; }
  .pending .text { opacity: .7; }
  .state { margin: .15rem .3rem 0; font-size: .76rem; color: var(--soft); }
  .state.bad { color: var(--bad); }
  .state button { margin-inline-start: .5rem; padding: 0; border: 0; background: none; text-decoration: underline; color: inherit; }
  .sources { margin: .35rem .25rem 0; padding: 0; list-style: none; font-size: .87rem; }
  .sources a { color: var(--accent); text-underline-offset: .15em; overflow-wrap: anywhere; }
  .choices { display: flex; flex-wrap: wrap; gap: .4rem; margin-block-start: .45rem; }
  .choices button, .chip { padding: .4rem .85rem; border: 1px solid var(--accent); border-radius: 1.2rem; background: var(--panel); color: var(--accent); text-align: start; overflow-wrap: anywhere; }
  .choices button:hover { background: var(--accent); color: var(--accent-ink); }
  .typing { align-self: flex-start; padding: .75rem .9rem; margin-block-start: .7rem; border-radius: 1.1rem; border-end-start-radius: .35rem; background: var(--theirs); }
  .typing i { display: inline-block; inline-size: .42rem; block-size: .42rem; margin-inline: .12rem; border-radius: 50%; background: var(--soft); animation: beat 1.2s infinite; }
  .typing i:nth-of-type(2) { animation-delay: .15s; } .typing i:nth-of-type(3) { animation-delay: .3s; }
  @keyframes beat { 0%, 60%, 100% { transform: none; opacity: .5; } 30% { transform: translateY(-.25rem); opacity: 1; } }
  form.write { padding: .6rem .7rem .7rem; background: var(--panel); border-block-start: 1px solid var(--line); }
  .row { display: flex; align-items: flex-end; gap: .5rem; padding: .3rem .3rem .3rem .85rem; border: 1px solid var(--line); border-radius: 1.4rem; background: var(--ground); }
  .row:focus-within { border-color: var(--accent); box-shadow: 0 0 0 1px var(--accent); }
  .row textarea { flex: 1; min-inline-size: 0; max-block-size: 9rem; padding: .4rem 0; border: 0; outline: 0; background: none; resize: none; line-height: 1.45; overflow-wrap: anywhere; }
  ::placeholder { color: var(--soft); opacity: 1; }
  .send { display: grid; place-items: center; flex: none; inline-size: 2.4rem; block-size: 2.4rem; border: 0; border-radius: 50%; background: var(--accent); color: var(--accent-ink); }
  .send[aria-disabled=true] { background: var(--theirs); color: var(--soft); }
  .send svg { inline-size: 1.15rem; block-size: 1.15rem; }
  .count { margin: .35rem .4rem 0; font-size: .78rem; color: var(--soft); text-align: end; }
  .count.bad { color: var(--bad); }
  .card { margin-block-start: .8rem; padding: .9rem 1rem; border: 1px solid var(--line); border-radius: 1.1rem; background: var(--panel); }
  .card h3 { margin: 0 0 .6rem; font-size: .95rem; }
  fieldset { display: flex; gap: .35rem; margin: 0 0 .7rem; padding: 0; border: 0; }
  fieldset label { flex: 1; position: relative; }
  fieldset input { position: absolute; inset: 0; inline-size: 100%; block-size: 100%; margin: 0; opacity: 0; cursor: pointer; }
  fieldset span { display: grid; place-items: center; block-size: 2.5rem; border: 1px solid var(--line); border-radius: .7rem; }
  fieldset label:hover span { border-color: var(--accent); }
  fieldset input:checked + span { background: var(--accent); color: var(--accent-ink); border-color: var(--accent); }
  fieldset input:focus-visible + span { outline: 3px solid color-mix(in srgb, var(--accent) 70%, var(--ink)); outline-offset: 2px; }
  .ends { display: flex; justify-content: space-between; margin: -.4rem 0 .6rem; font-size: .76rem; color: var(--soft); }
  .card textarea { inline-size: 100%; padding: .5rem .7rem; border: 1px solid var(--line); border-radius: .7rem; background: var(--ground); resize: vertical; }
  .acts { display: flex; gap: .5rem; margin-block-start: .6rem; }
  .solid, .plain { padding: .5rem 1rem; border-radius: .8rem; border: 1px solid var(--accent); }
  .solid { background: var(--accent); color: var(--accent-ink); } .plain { background: none; border-color: var(--line); }
  .over { padding: .9rem 1rem 1rem; text-align: center; background: var(--panel); border-block-start: 1px solid var(--line); }
  .over p { margin: 0 0 .6rem; color: var(--soft); }
  .sr { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
  @media (max-width: 480px) {
    :host { inset: auto 1rem 1rem auto; }
    .panel { position: fixed; inset: 0; inline-size: 100%; block-size: 100dvh; border: 0; border-radius: 0; }
    .row textarea, .card textarea { font-size: 16px; }
  }
  @media (prefers-reduced-motion: reduce) { * { animation: none !important; transition: none !important; scroll-behavior: auto !important; } }
  `;

  const ICONS = {
    chat: "M4 5.5h16v11H9.5L5 20v-3.5H4z",
    close: "M6 6l12 12M18 6L6 18",
    more: "M5 12h.01M12 12h.01M19 12h.01",
    send: "M4 12l16-7-6 15-3-6z",
  };

  function node(tag, properties = {}, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(properties)) {
      if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
      else if (name === "class") made.className = value;
      else if (name in made && name !== "form") made[name] = value;
      else made.setAttribute(name, value);
    }
    made.append(...children.filter((child) => child != null));
    return made;
  }

  function icon(name) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("aria-hidden", "true");
    const look = { d: ICONS[name], fill: "none", stroke: "currentColor", "stroke-width": name === "more" ? 3 : 2 };
    for (const [key, value] of Object.entries({ ...look, "stroke-linecap": "round", "stroke-linejoin": "round" }))
      path.setAttribute(key, value);
    svg.append(path);
    return svg;
  }

  function uuid() {
    if (crypto.randomUUID) return crypto.randomUUID();
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 15) | 64;
    bytes[8] = (bytes[8] & 63) | 128;
    const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  }

  function language() {
    const wished = [script.dataset.language, document.documentElement.lang, navigator.language];
    return wished.find(Boolean).toLowerCase().startsWith("zh") ? "zh" : "en";
  }

  const length = (text) => [...text].length;

  class AmendsChat extends HTMLElement {
    connectedCallback() {
      if (this.shadowRoot) return;
      this.lang = language();
      this.words = TEXTS[this.lang];
      this.memory = new Memory();
      this.items = new Map();
      this.seen = this.memory.get("seen") ?? 0;
      this.build();
      this.listen();
      this.line = new Line(this.memory, this.lang, this);
      this.restore();
    }

    disconnectedCallback() {
      this.line.stop();
    }

    /* ---- building ---- */

    build() {
      const { words } = this;
      const root = this.attachShadow({ mode: "open" });
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(STYLE);
      root.adoptedStyleSheets = [sheet];
      this.badge = node("span", { class: "badge", hidden: true });
      this.launcher = node(
        "button",
        { class: "launch", type: "button", "aria-label": words.open, "aria-expanded": "false", onclick: () => this.open() },
        icon("chat"),
        this.badge,
      );
      this.panel = node(
        "section",
        { class: "panel", role: "dialog", "aria-label": script.dataset.title || words.title, hidden: true },
        this.top(),
        ...this.middle(),
        ...this.bottom(),
      );
      root.append(this.launcher, this.panel);
    }

    top() {
      const { words } = this;
      this.menu = node(
        "div",
        { class: "menu", id: "menu", hidden: true },
        (this.endButton = node("button", { type: "button", textContent: words.end, onclick: () => this.end() })),
        node("button", { type: "button", textContent: words.restart, onclick: () => this.restart() }),
      );
      this.more = node(
        "button",
        { class: "icon", type: "button", "aria-label": words.menu, "aria-expanded": "false", "aria-controls": "menu", onclick: () => this.showMenu(this.menu.hidden) },
        icon("more"),
      );
      return node(
        "header",
        {},
        node("span", { class: "mark" }, icon("chat")),
        node(
          "div",
          { class: "who" },
          node("h2", { textContent: script.dataset.title || words.title }),
          (this.subtitle = node("p", { textContent: words.assistant })),
        ),
        this.more,
        this.menu,
        node("button", { class: "icon", type: "button", "aria-label": words.close, onclick: () => this.close() }, icon("close")),
      );
    }

    middle() {
      this.bar = node("div", { class: "bar", role: "status", hidden: true });
      this.net = node("div", { class: "bar net", role: "status", hidden: true });
      this.dots = node(
        "div",
        { class: "typing", hidden: true },
        (this.dotsLabel = node("span", { class: "sr" })),
        node("i"),
        node("i"),
        node("i"),
      );
      this.log = node("div", { class: "log", role: "log", "aria-live": "polite", tabIndex: 0, "aria-label": this.words.title });
      return [this.bar, this.net, this.log];
    }

    bottom() {
      const { words } = this;
      this.input = node("textarea", {
        rows: 1,
        placeholder: words.write,
        "aria-label": words.write,
        enterKeyHint: "send",
        oninput: () => this.typed(),
        onkeydown: (event) => this.key(event),
      });
      this.sendButton = node("button", { class: "send", type: "submit", "aria-label": words.send, "aria-disabled": "true" }, icon("send"));
      this.count = node("p", { class: "count", role: "status", hidden: true });
      this.form = node(
        "form",
        { class: "write", onsubmit: (event) => this.submit(event) },
        node("div", { class: "row" }, this.input, this.sendButton),
        this.count,
      );
      this.over = node(
        "div",
        { class: "over", hidden: true },
        node("p", { textContent: words.ended }),
        node("button", { class: "solid", type: "button", textContent: words.restart, onclick: () => this.fresh() }),
      );
      return [this.form, this.over];
    }

    listen() {
      this.panel.addEventListener("keydown", (event) => this.panelKey(event));
      addEventListener("online", () => this.line.soon());
      document.addEventListener("visibilitychange", () => {
        if (document.hidden) return;
        this.line.soon();
        this.read();
      });
      document.addEventListener("click", (event) => {
        const opener = event.target.closest?.("[data-amends-open], [data-amends-say]");
        if (!opener) return;
        event.preventDefault();
        this.open();
        if (opener.dataset.amendsSay) this.say(opener.dataset.amendsSay);
      });
    }

    restore() {
      this.greet();
      for (const { id, text } of this.memory.outbox()) this.pending(id, text);
      this.showHandover();
      this.showEnded();
      if (this.memory.get("open") && innerWidth > 480) this.open(false);
      this.line.soon();
    }

    greet() {
      const suggestions = (script.dataset.suggestions || "").split("|").filter(Boolean);
      const choices = suggestions.map((text) => ({ title: text, text }));
      const text = script.dataset.greeting || this.words.greeting;
      this.show({ id: "greeting", seq: 0, sender: "assistant", text, sources: [], choices });
    }

    /* ---- opening and closing ---- */

    open(focus = true) {
      this.panel.hidden = false;
      this.launcher.hidden = true;
      this.launcher.setAttribute("aria-expanded", "true");
      this.memory.set("open", true);
      this.log.scrollTop = this.log.scrollHeight;
      if (focus) this.input.focus();
      this.read();
    }

    close() {
      this.showMenu(false);
      this.panel.hidden = true;
      this.launcher.hidden = false;
      this.launcher.setAttribute("aria-expanded", "false");
      this.memory.drop("open");
      this.launcher.focus();
    }

    showMenu(shown) {
      this.menu.hidden = !shown;
      this.more.setAttribute("aria-expanded", String(shown));
      this.endButton.hidden = !this.line.chat || Boolean(this.memory.get("ended"));
      if (shown) this.menu.querySelector("button:not([hidden])").focus();
    }

    panelKey(event) {
      if (event.key === "Escape") {
        event.stopPropagation();
        if (this.menu.hidden) return this.close();
        this.showMenu(false);
        this.more.focus();
      } else if (event.key === "Tab" && innerWidth <= 480) this.trap(event);
    }

    trap(event) {
      const stops = [...this.panel.querySelectorAll("button, textarea, a, input, [tabindex]")].filter(
        (stop) => !stop.disabled && stop.offsetParent !== null,
      );
      const [first, last] = [stops[0], stops.at(-1)];
      const here = this.shadowRoot.activeElement;
      if (here !== (event.shiftKey ? first : last)) return;
      event.preventDefault();
      (event.shiftKey ? last : first).focus();
    }

    /* ---- writing ---- */

    typed() {
      const left = LONGEST - length(this.input.value);
      this.input.style.blockSize = "auto";
      this.input.style.blockSize = `${this.input.scrollHeight}px`;
      this.sendButton.setAttribute("aria-disabled", String(!this.input.value.trim() || left < 0));
      this.count.hidden = left > 400;
      this.count.textContent = left > 400 ? "" : this.charactersLeft(left);
      this.count.classList.toggle("bad", left < 0);
      if (this.input.value && Date.now() - (this.toldTyping ?? 0) > TYPING_EVERY) {
        this.toldTyping = Date.now();
        this.line.tell({ type: "typing" });
      }
    }

    charactersLeft(left) {
      if (left < 0) return fill(this.words.characters_over, { count: -left });
      return fill(this.words.characters_left, { count: left });
    }

    key(event) {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
      event.preventDefault();
      this.form.requestSubmit();
    }

    submit(event) {
      event.preventDefault();
      const text = (this.input.value.toWellFormed?.() ?? this.input.value).trim();
      if (!text) return;
      if (length(text) > LONGEST) {
        this.count.textContent = fill(this.words.too_long, { limit: LONGEST.toLocaleString(this.lang) });
        return;
      }
      this.input.value = "";
      this.toldTyping = 0;
      this.typed();
      this.say(text);
      this.input.focus();
    }

    say(text) {
      if (this.memory.get("ended")) this.fresh();
      const id = uuid();
      this.pending(id, text);
      this.line.say(id, text);
      this.await();
    }

    pending(id, text) {
      this.show({ id, seq: Infinity, sender: "customer", text, sources: [], choices: [] });
      this.note(id, this.offline ? this.words.waiting_to_send : this.words.sending);
    }

    /* ---- what the line hears ---- */

    message(message) {
      const known = this.items.get(message.id);
      if (known && known.seq !== Infinity) return;
      this.show(message);
      if (message.sender !== "customer") this.settle(message);
    }

    settle(message) {
      this.typing(null);
      if (message.sender === "agent") {
        this.memory.set("handover", { position: 0 });
        this.showHandover();
      }
      this.read();
    }

    taken(id, seq) {
      const item = this.items.get(id);
      if (item) this.place(item, seq);
    }

    refused(id, detail, ended) {
      this.typing(null);
      if (ended) this.finish();
      const item = this.items.get(id);
      if (!item) return;
      this.place(item, this.line.after + 0.5);
      const text = item.querySelector(".text").textContent;
      const again = node("button", {
        type: "button",
        textContent: this.words.retry,
        onclick: () => {
          this.discard(id);
          this.say(text);
        },
      });
      const remove = node("button", { type: "button", textContent: this.words.remove, onclick: () => this.discard(id) });
      this.note(id, `${this.words.not_sent} ${detail}`, true, again, remove);
    }

    typing(sender) {
      clearTimeout(this.typingTimer);
      this.dots.hidden = !sender;
      if (!sender) return this.dots.remove();
      this.dotsLabel.textContent = sender === "agent" ? this.words.agent_typing : this.words.assistant_typing;
      this.log.append(this.dots);
      this.toEnd();
      this.typingTimer = setTimeout(() => this.typing(null), sender === "agent" ? TYPING_SHOWN : REPLY_SHOWN);
    }

    await() {
      if (this.memory.get("handover")?.position !== 0) this.typing("assistant");
    }

    handover(handover) {
      if (handover?.case == null) this.memory.drop("handover");
      else this.memory.set("handover", { position: handover.position });
      this.showHandover();
    }

    status(status) {
      this.offline = status === "offline";
      this.net.hidden = status === "online";
      this.net.textContent = status === "offline" ? this.words.offline : this.words.connecting;
      for (const [id, item] of this.items)
        if (item.seq === Infinity && !item.querySelector(".bad"))
          this.note(id, this.offline ? this.words.waiting_to_send : this.words.sending);
      if (this.offline) this.typing(null);
    }

    renewed() {
      for (const [id, item] of this.items) if (item.seq !== Infinity) this.discard(id);
      this.memory.drop("handover");
      this.memory.drop("seen");
      this.seen = 0;
      this.showHandover();
      this.greet();
    }

    survey(number) {
      if (this.rating || this.memory.get("rated") === number) return;
      this.memory.drop("handover");
      this.showHandover();
      this.rating = this.ratingCard(number);
      this.log.append(this.rating);
      this.toEnd();
    }

    /* ---- showing ---- */

    show(message) {
      this.items.get(message.id)?.remove();
      const item = node(
        "div",
        { class: `item ${message.sender}` },
        node("p", { class: "name", textContent: message.name || this.words[message.sender] || "" }),
        node("p", { class: "text", dir: "auto", textContent: message.text }),
        this.sources(message.sources),
        this.choices(message.choices),
        node("p", { class: "state", hidden: true }),
      );
      if (message.at) item.title = new Date(message.at).toLocaleString(this.lang === "zh" ? "zh-CN" : "en-GB");
      this.items.set(message.id, item);
      this.place(item, message.seq);
      this.toEnd();
    }

    sources(sources) {
      const safe = sources
        .map(({ title, url }) => ({ title, url: new URL(url, BASE) }))
        .filter(({ url }) => /^https?:$/.test(url.protocol));
      if (!safe.length) return null;
      const link = ({ title, url }) =>
        node("li", {}, `${this.words.sources}: `, node("a", { href: url.href, target: "_blank", rel: "noopener", textContent: title }));
      return node("ul", { class: "sources" }, ...safe.map(link));
    }

    choices(choices) {
      if (!choices.length) return null;
      const button = ({ title, text }) =>
        node("button", { type: "button", textContent: title, onclick: () => this.say(text) });
      return node("div", { class: "choices" }, ...choices.map(button));
    }

    place(item, seq) {
      item.seq = seq;
      item.classList.toggle("pending", seq === Infinity);
      if (seq !== Infinity) item.querySelector(".state").hidden = true;
      // The log itself is the order: before the first that comes later, or before dots and survey.
      const rest = [...this.log.children].filter((other) => other !== item);
      const next = rest.find((other) => other.seq > seq) ?? rest.find((other) => other.seq === undefined);
      this.log.insertBefore(item, next ?? null);
      this.arrange();
    }

    arrange() {
      const shown = [...this.log.querySelectorAll(".item")];
      shown.forEach((item, index) => {
        const before = shown[index - 1];
        item.classList.toggle("joined", Boolean(before) && before.classList[1] === item.classList[1]);
        const choices = item.querySelector(".choices");
        if (choices) choices.hidden = shown.slice(index + 1).some((later) => later.classList.contains("customer"));
      });
    }

    note(id, text, bad = false, ...actions) {
      const state = this.items.get(id).querySelector(".state");
      state.hidden = false;
      state.classList.toggle("bad", bad);
      state.replaceChildren(text, ...actions);
    }

    notice(text) {
      const id = uuid();
      this.show({ id, seq: this.line.after + 0.5, sender: "system", text, sources: [], choices: [] });
    }

    discard(id) {
      this.items.get(id)?.remove();
      this.items.delete(id);
      this.arrange();
    }

    toEnd() {
      if (!this.panel.hidden) this.log.scrollTop = this.log.scrollHeight;
    }

    read() {
      const unread = [...this.items.values()].filter(
        (item) => item.seq > this.seen && item.seq !== Infinity && !item.classList.contains("customer"),
      );
      const reading = !this.panel.hidden && !document.hidden;
      if (reading && unread.length) {
        this.seen = Math.floor(Math.max(...unread.map((item) => item.seq)));
        this.memory.set("seen", this.seen);
        this.line.tell({ type: "seen", seq: this.seen });
      }
      const count = reading ? 0 : unread.length;
      this.badge.hidden = !count;
      this.badge.textContent = count || "";
      this.launcher.setAttribute("aria-label", count ? fill(this.words.open_unread, { count }) : this.words.open);
    }

    showHandover() {
      const { words } = this;
      const handover = this.memory.get("handover");
      const person = handover?.position === 0;
      this.subtitle.textContent = person ? words.agent : words.assistant;
      this.bar.hidden = !handover;
      this.bar.classList.toggle("person", person);
      if (!handover) return;
      const { position } = handover;
      const place = position > 1 ? fill(words.queue, { position }) : words.queue_next;
      const parts = person ? [words.person] : [node("strong", { textContent: place }), ` ${words.queue_more}`];
      this.bar.replaceChildren(...parts);
    }

    showEnded() {
      const ended = Boolean(this.memory.get("ended"));
      this.form.hidden = ended;
      this.over.hidden = !ended;
    }

    /* ---- the end of a case, and of a chat ---- */

    ratingCard(number) {
      const { words } = this;
      const score = (value) =>
        node(
          "label",
          {},
          node("input", { type: "radio", name: "score", value, required: true, "aria-label": `${value}: ${words[`score_${value}`]}` }),
          node("span", { textContent: value, title: words[`score_${value}`], "aria-hidden": "true" }),
        );
      const comment = node("textarea", { rows: 2, maxLength: 2000, placeholder: words.comment, "aria-label": words.comment });
      const form = node(
        "form",
        { onsubmit: (event) => this.rate(event, number, form, comment) },
        node("h3", { textContent: words.survey, id: "survey" }),
        node("fieldset", { "aria-labelledby": "survey" }, ...[1, 2, 3, 4, 5].map(score)),
        node("div", { class: "ends", "aria-hidden": "true" }, node("span", { textContent: words.score_1 }), node("span", { textContent: words.score_5 })),
        comment,
        node(
          "div",
          { class: "acts" },
          node("button", { class: "solid", type: "submit", textContent: words.rate }),
          node("button", { class: "plain", type: "button", textContent: words.later, onclick: () => this.rated(number) }),
        ),
      );
      return node("div", { class: "card" }, form);
    }

    async rate(event, number, form, comment) {
      event.preventDefault();
      const score = Number(new FormData(form).get("score"));
      try {
        await this.line.request("POST", `/${this.line.chat.id}/survey`, { case: number, score, comment: comment.value.trim() });
        this.rated(number);
        this.notice(this.words.thanks);
      } catch (error) {
        this.notice(error instanceof Refused ? error.message : this.words.failed);
      }
    }

    rated(number) {
      this.memory.set("rated", number);
      this.rating?.remove();
      this.rating = null;
      this.input.focus();
    }

    async end() {
      this.showMenu(false);
      const waits = this.waits();
      if (waits && !confirm(this.words.withdraw)) return false;
      try {
        await this.line.request("POST", `/${this.line.chat.id}/close${waits ? "?withdraw=true" : ""}`);
        this.finish();
        return true;
      } catch (error) {
        this.notice(error instanceof Refused ? error.message : this.words.failed);
        return false;
      }
    }

    waits() {
      return (this.memory.get("handover")?.position ?? 0) > 0;
    }

    // Nobody is left in the queue by a chat that is thrown away.
    async restart() {
      if (this.waits() && !(await this.end())) return;
      this.fresh();
    }

    finish() {
      this.memory.set("ended", true);
      this.memory.drop("handover");
      this.typing(null);
      this.showHandover();
      this.showEnded();
    }

    fresh() {
      this.showMenu(false);
      this.line.stop();
      this.memory.forget();
      for (const item of this.items.values()) item.remove();
      this.items.clear();
      this.rating?.remove();
      this.rating = null;
      this.seen = 0;
      this.typing(null);
      this.net.hidden = true;
      this.line = new Line(this.memory, this.lang, this);
      this.showHandover();
      this.showEnded();
      this.greet();
      this.input.focus();
    }
  }

  customElements.define("amends-chat", AmendsChat);
  const place = () => document.querySelector("amends-chat") ?? document.body.append(document.createElement("amends-chat"));
  if (document.body) place();
  else document.addEventListener("DOMContentLoaded", place);
})();
