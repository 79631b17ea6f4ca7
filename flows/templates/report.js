// Everything that the run did or found in one table that is searched, sorted and paged in the page itself.
// Text goes in as text and nothing else: a unit may be called anything.
"use strict";
(() => {
  const section = document.getElementById("every");
  if (!section) return;
  const PAGE = 100;
  const ROW = 0, SCOPE = 1, NAME = 2, KEY = 3, GROUP = 5, ACTION = 6, OUTCOME = 7, CHANGE = 8, WORDS = 9;
  const rows = JSON.parse(document.getElementById("every-data").textContent);
  const texts = rows.map((row) => row.join("\u0000").toLowerCase());
  const find = section.querySelector("input");
  const selects = [...section.querySelectorAll("select")];
  const headers = [...section.querySelectorAll("th[data-column]")];
  const body = section.querySelector("tbody");
  const count = section.querySelector("[aria-live]");
  const [previous, next] = section.querySelectorAll(".pager button");
  const collator = new Intl.Collator(undefined, { numeric: true });
  const state = { q: "", key: "", sort: "", page: 1 };
  let shown = rows.map((_, index) => index);

  const element = (tag, text, className) => {
    const made = document.createElement(tag);
    if (text !== undefined) made.textContent = text;
    if (className) made.className = className;
    return made;
  };

  const clipped = (text) => (text.length > 200 ? text.slice(0, 199) + "…" : text);

  const told = (text) => element("bdi", clipped(String(text)));

  const quoted = (text) => "'" + text.replaceAll("'", "'\\''") + "'";

  const unitCell = (row) => {
    const cell = element("td", undefined, "unit");
    const details = element("details");
    const summary = element("summary");
    summary.append(told(row[NAME]));
    if (row[4] === "group") summary.append(" ", element("span", "group", "badge"));
    details.append(summary);
    const lines = [["key", row[KEY]], ["group", row[GROUP]], ["row", row[ROW]], ["the API said", row[WORDS]]];
    for (const [label, value] of lines) {
      if (value === "" || value === null) continue;
      const line = element("small", label + " ");
      line.append(told(value));
      details.append(line);
    }
    if (row[4] !== "group" && row[KEY]) {
      const line = element("small", "its whole story: ");
      line.append(element("code", "unitsync why " + quoted(row[KEY]), "command"));
      details.append(line);
    }
    cell.append(details);
    return cell;
  };

  const line = (row) => {
    const made = element("tr");
    const place = element("td", row[ROW] === null ? "–" : String(row[ROW]), "row");
    const scope = element("td", undefined, "scope");
    scope.append(told(row[SCOPE]));
    scope.title = clipped(row[SCOPE]);
    const change = element("td", undefined, "change");
    change.append(told(row[CHANGE]));
    const outcome = element("td", undefined, "outcome");
    outcome.append(row[ACTION] + " ", element("span", row[OUTCOME], "badge " + row[OUTCOME].split(" ")[0]));
    made.append(place, unitCell(row), scope, change, outcome);
    return made;
  };

  const compared = (column, sign) => (a, b) => {
    const [left, right] = [rows[a][column], rows[b][column]];
    const order =
      column === ROW ? (left ?? Infinity) - (right ?? Infinity) || 0 : collator.compare(left, right);
    return sign * order || a - b;
  };

  const choose = () => {
    const words = state.q.toLowerCase().split(/\s+/).filter(Boolean);
    shown = [];
    rows.forEach((row, index) => {
      if (state.key && row[KEY] !== state.key) return;
      const chosen = selects.every((one) => !one.value || row[Number(one.dataset.column)] === one.value);
      if (chosen && words.every((word) => texts[index].includes(word))) shown.push(index);
    });
    if (state.sort) {
      const column = Math.abs(Number(state.sort)) - 1;
      shown.sort(compared(column, Math.sign(Number(state.sort))));
    }
  };

  const draw = () => {
    const pages = Math.max(1, Math.ceil(shown.length / PAGE));
    state.page = Math.min(Math.max(1, state.page), pages);
    const start = (state.page - 1) * PAGE;
    body.replaceChildren(...shown.slice(start, start + PAGE).map((index) => line(rows[index])));
    const number = (value) => value.toLocaleString("en-US");
    const range = shown.length ? `${number(start + 1)}–${number(Math.min(start + PAGE, shown.length))} of ` : "";
    count.textContent = `${range}${number(shown.length)} lines`;
    previous.disabled = state.page === 1;
    next.disabled = state.page === pages;
    for (const header of headers) {
      const column = Number(header.dataset.column) + 1;
      const sorted = { [column]: "ascending", [-column]: "descending" }[state.sort];
      header.setAttribute("aria-sort", sorted ?? "none");
    }
  };

  // The address says what is shown, so that it can be sent to a colleague.
  const remember = () => {
    const said = new URLSearchParams();
    if (state.key) said.set("key", state.key);
    else if (state.q) said.set("q", state.q);
    for (const one of selects) if (one.value) said.set(one.name, one.value);
    if (state.sort) said.set("sort", state.sort);
    if (state.page > 1) said.set("page", String(state.page));
    history.replaceState(null, "", said.size ? `#every?${said}` : "#every");
  };

  const recall = () => {
    const [, said] = location.hash.split("?");
    if (!location.hash.startsWith("#every")) return false;
    const parameters = new URLSearchParams(said ?? "");
    state.q = parameters.get("q") ?? "";
    state.key = parameters.get("key") ?? "";
    find.value = state.key || state.q;
    state.sort = /^-?[1-9]$/.test(parameters.get("sort") ?? "") ? Number(parameters.get("sort")) : "";
    state.page = Number.parseInt(parameters.get("page") ?? "1", 10) || 1;
    for (const one of selects) one.value = parameters.get(one.name) ?? "";
    for (const one of selects) if (one.selectedIndex < 0) one.value = "";
    return true;
  };

  const changed = () => {
    state.page = 1;
    choose();
    draw();
    remember();
  };

  for (const one of selects) {
    const column = Number(one.dataset.column);
    const values = [...new Set(rows.map((row) => row[column]))].filter(Boolean).sort(collator.compare);
    one.append(...values.map((value) => Object.assign(element("option", clipped(value)), { value })));
    one.parentElement.hidden = values.length < 2;
    one.addEventListener("change", changed);
  }
  find.addEventListener("input", () => {
    state.q = find.value;
    state.key = "";
    changed();
  });
  for (const header of headers) {
    header.firstElementChild.addEventListener("click", () => {
      const column = Number(header.dataset.column) + 1;
      state.sort = state.sort === column ? -column : column;
      changed();
    });
  }
  const turn = (by) => () => {
    state.page += by;
    draw();
    remember();
    section.querySelector("h2").scrollIntoView();
  };
  previous.addEventListener("click", turn(-1));
  next.addEventListener("click", turn(1));
  const show = () => {
    choose();
    draw();
  };
  window.addEventListener("hashchange", () => {
    if (!recall()) return;
    show();
    section.scrollIntoView();
  });
  section.querySelector(".every").hidden = false;
  section.querySelector(".without").hidden = true;
  const called = recall();
  show();
  if (called) section.scrollIntoView();
})();
