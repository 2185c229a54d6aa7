/* What the desk and the control room need besides htmx. Nothing here decides anything: forms post
   JSON to the API, and what changed is read again from the server. */
(() => {
  "use strict";

  const TYPING_EVERY = 3000;
  const TYPING_SHOWN = 5000;
  const words = document.body.dataset;
  const locale = document.documentElement.lang;

  // Keep opened details open when a part of the page is replaced.
  Idiomorph.defaults.callbacks.beforeAttributeUpdated = (name, node) =>
    !(name === "open" && node.matches("details"));

  /* ---- telling people ---- */

  function toast(text, kind = "bad") {
    const place = document.getElementById("toasts");
    const made = document.createElement("p");
    made.className = `toast ${kind}`;
    made.textContent = text;
    place.append(made);
    setTimeout(() => made.remove(), kind === "bad" ? 9000 : 4000);
  }

  function complain(element, text) {
    const place = element.closest("form")?.querySelector("[data-fault]");
    if (!place) return toast(text);
    place.textContent = text;
    place.hidden = false;
  }

  function problem(xhr) {
    try {
      const { detail, title } = JSON.parse(xhr.responseText);
      return detail || title;
    } catch {
      return words.failed;
    }
  }

  /* ---- forms that change something ---- */

  // The id stays the same until the message is accepted, so a retry makes no second message.
  function stamp(form) {
    form.dataset.id ||= crypto.randomUUID?.() ?? fallbackId();
    return form.dataset.id;
  }

  // Browsers have randomUUID only on pages from HTTPS or localhost.
  function fallbackId() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 15) | 64;
    bytes[8] = (bytes[8] & 63) | 128;
    const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  }

  document.addEventListener("htmx:configRequest", ({ detail }) => {
    if (detail.verb === "get") return;
    const form = detail.elt;
    for (const [name, value] of Object.entries(detail.parameters)) if (value === "") delete detail.parameters[name];
    if ("once" in form.dataset) detail.parameters.id = stamp(form);
    const fault = form.querySelector?.("[data-fault]");
    if (fault) fault.hidden = true;
  });

  document.addEventListener("htmx:afterRequest", ({ detail }) => {
    const { elt, xhr, successful, requestConfig } = detail;
    if (requestConfig.verb === "get" || !xhr.status) return;
    if (!successful) complain(elt, problem(xhr));
    else done(elt, xhr);
  });

  // A form may be submitted before htmx has processed it.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || !form.matches("[hx-post], [hx-delete]")) return;
    event.preventDefault();
    htmx.process(form);
    // Not in this event: a form that is being submitted cannot be submitted again.
    setTimeout(() => form.requestSubmit(event.submitter));
  });

  function done(form, xhr) {
    delete form.dataset.id;
    if ("go" in form.dataset) return go(form.dataset.go, xhr);
    if ("reset" in form.dataset) {
      form.reset();
      for (const field of form.querySelectorAll("[data-draft]")) sessionStorage.removeItem(field.dataset.draft);
    }
    if (form.dataset.done) toast(form.dataset.done, "good");
    htmx.trigger(document.body, "amends:changed");
  }

  function go(address, xhr) {
    const role = xhr.responseText ? JSON.parse(xhr.responseText).role : "";
    location.assign(address || (role === "supervisor" ? "/control" : "/desk"));
  }

  document.addEventListener("htmx:sendError", () => toast(words.noConnection));
  document.addEventListener("htmx:responseError", ({ detail }) => {
    if (detail.requestConfig.verb === "get") toast(problem(detail.xhr));
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    // The session has ended: the response is the sign-in page, not a part of this page.
    if (new URL(event.detail.xhr.responseURL).pathname !== "/sign-in") return;
    event.preventDefault();
    location.assign(`/sign-in?next=${encodeURIComponent(location.pathname)}`);
  });

  /* ---- live ---- */

  const live = (up) => document.querySelector("[data-live]")?.toggleAttribute("data-down", !up);
  document.addEventListener("htmx:sseOpen", () => live(true));
  document.addEventListener("htmx:sseError", () => live(false));

  let typingTimer;
  document.addEventListener("sse:typing", ({ target }) => {
    target.hidden = false;
    clearTimeout(typingTimer);
    typingTimer = setTimeout(() => (target.hidden = true), TYPING_SHOWN);
  });

  const atEnd = (box) => box.scrollHeight - box.scrollTop - box.clientHeight < 80;
  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    const box = detail.target.closest?.("[data-follow]");
    if (box) box.dataset.atEnd = String(atEnd(box));
  });

  /* ---- what stays when a part of the page is replaced ---- */

  const kept = new Map();
  document.addEventListener("htmx:beforeSwap", () => {
    for (const box of document.querySelectorAll("[data-keep]")) kept.set(box.dataset.keep, box.scrollTop);
  });

  function settle(root) {
    for (const box of document.querySelectorAll("[data-keep]"))
      if (kept.has(box.dataset.keep)) box.scrollTop = kept.get(box.dataset.keep);
    for (const box of document.querySelectorAll("[data-follow]"))
      if (box.dataset.atEnd !== "false") box.scrollTop = box.scrollHeight;
    for (const field of root.querySelectorAll("[data-draft]")) field.value ||= sessionStorage.getItem(field.dataset.draft) ?? "";
    tick();
    refit();
  }

  // The mode of the case has changed: load the whole case again.
  function refit() {
    const now = document.querySelector("[data-mode-now]");
    const shown = document.querySelector("[data-mode]");
    if (!now || !shown || [shown.dataset.mode, shown.dataset.asked].includes(now.dataset.modeNow)) return;
    shown.dataset.asked = now.dataset.modeNow;
    htmx.ajax("GET", location.pathname + location.search, { target: "#desk", select: "#desk", swap: "outerHTML" });
  }

  document.addEventListener("htmx:afterSwap", tick);
  document.addEventListener("htmx:afterSettle", ({ detail }) => settle(detail.elt));

  document.addEventListener("input", ({ target }) => {
    if (target.dataset.draft) sessionStorage.setItem(target.dataset.draft, target.value);
    if (target.dataset.typing) tellTyping(target.dataset.typing);
  });

  let toldTyping = 0;
  function tellTyping(address) {
    if (Date.now() - toldTyping < TYPING_EVERY) return;
    toldTyping = Date.now();
    const headers = JSON.parse(document.body.getAttribute("hx-headers"));
    fetch(address, { method: "POST", headers }).catch(() => {});
  }

  /* ---- times, in the reader's own zone and language ---- */

  const spans = new Intl.RelativeTimeFormat(locale, { numeric: "always", style: "short" });
  const clock = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });
  const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];

  function span(seconds) {
    const [unit, size] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? ["second", 1];
    return spans.format(Math.trunc(seconds / size), unit);
  }

  function tick() {
    const now = Date.now();
    for (const time of document.querySelectorAll("time[data-span]")) {
      const left = (Date.parse(time.dateTime) - now) / 1000;
      const text = span(left);
      if (time.textContent !== text) time.textContent = text;
      if (time.dataset.span === "due") time.classList.toggle("late", left < 0);
    }
    for (const time of document.querySelectorAll("time[data-clock]")) {
      time.textContent = clock.format(new Date(time.dateTime));
      time.removeAttribute("data-clock");
    }
  }
  setInterval(tick, 1000);

  /* ---- what is typed and not saved ---- */

  document.addEventListener("input", ({ target }) => {
    const form = target.closest("[data-unsaved]");
    if (form) form.dataset.unsaved = "yes";
  });
  document.addEventListener("submit", ({ target }) => delete target.dataset.unsaved);
  addEventListener("beforeunload", (event) => {
    if (document.querySelector('[data-unsaved="yes"]')) event.preventDefault();
  });

  /* ---- from a fault to its line ---- */

  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-line]");
    const text = link && document.querySelector(link.hash);
    if (!text) return;
    event.preventDefault();
    const lines = text.value.split("\n");
    const place = Math.min(Number(link.dataset.line), lines.length) - 1;
    const start = lines.slice(0, place).join("\n").length + (place ? 1 : 0);
    text.focus();
    text.setSelectionRange(start, start + lines[place].length);
    text.scrollTop = (place / lines.length) * text.scrollHeight - text.clientHeight / 2;
  });

  // The file is only read into the form, where it can be edited before it is sent.
  document.addEventListener("change", async ({ target }) => {
    const field = target.form?.elements[target.dataset.readsInto];
    if (!field || !target.files[0]) return;
    field.value = await target.files[0].text();
    field.dispatchEvent(new Event("input", { bubbles: true }));
  });

  /* ---- one click, one key ---- */

  document.addEventListener("click", ({ target }) => {
    const fill = target.closest("[data-fill]");
    if (fill) fillForm(document.getElementById(fill.dataset.fill), JSON.parse(fill.dataset.values));
    const opener = target.closest("[data-opens]");
    if (opener) document.getElementById(opener.dataset.opens).showModal();
  });

  function fillForm(form, values) {
    for (const [name, value] of Object.entries(values)) form.elements[name].value = value ?? "";
    form.closest("details")?.setAttribute("open", "");
    form.scrollIntoView({ block: "nearest" });
    const field = form.elements.reason ?? form.elements.text;
    field.focus();
    field.setSelectionRange(0, 0);
    field.scrollTop = 0;
  }

  const typing = (target) => target.matches?.("input, textarea, select, [contenteditable]");

  document.addEventListener("keydown", (event) => {
    const { target, key } = event;
    if (key === "Enter" && (event.ctrlKey || event.metaKey) && target.form?.hasAttribute("data-quick")) {
      event.preventDefault();
      return target.form.requestSubmit();
    }
    if (key === "Escape" && typing(target)) return target.blur();
    if (typing(target) || event.ctrlKey || event.metaKey || event.altKey) return;
    if (key === "j" || key === "k") return step(event, key === "j" ? 1 : -1);
    const wanted = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
    if (!wanted || wanted.closest("[hidden]")) return;
    event.preventDefault();
    wanted.closest("details")?.setAttribute("open", "");
    wanted.matches("button, a, summary") ? wanted.click() : wanted.focus();
  });

  function step(event, by) {
    const rows = [...document.querySelectorAll("[data-row]")];
    if (!rows.length) return;
    event.preventDefault();
    const here = rows.indexOf(document.activeElement);
    const at = here < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, here + by));
    rows[at].focus();
  }

  settle(document);
})();
