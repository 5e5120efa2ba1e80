// The table of peers, the details of what is selected, events and problems. All text is set
// with textContent.

import { address, age, clock, eventText, octets, rate, short, shortID, time, visible } from "./text.js";

const get = (id) => document.getElementById(id);

function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function make(tag, text, className) {
  const e = document.createElement(tag);
  if (text !== undefined) e.textContent = text;
  if (className !== undefined) e.className = className;
  return e;
}

// What a column is sorted by.
const value = {
  name: (p) => p.name.toLowerCase(),
  in: (p) => p.in.octets,
  out: (p) => p.out.octets,
  rtt: (p) => p.rtt_ms ?? Infinity,
  flight: (p) => p.in_flight,
  idle: (p) => p.idle_ms,
};

export class Lists {
  constructor(state, select, render) {
    this.state = state;
    this.select = select;
    this.rows = new Map(); // UUID to <tr>
    for (const button of document.querySelectorAll("button[data-sort]")) {
      button.addEventListener("click", () => {
        const by = button.dataset.sort;
        // A first click on a number shows the largest first.
        state.sort = state.sort.by === by ? { by, down: !state.sort.down } : { by, down: by !== "name" && by !== "rtt" };
        render();
      });
    }
  }

  show(network, found) {
    this.showTable(network, found);
    this.showDetail(network);
    this.showEvents(network);
    this.showProblems(network.problems ?? []);
  }

  showTable(network, found) {
    const { by, down } = this.state.sort;
    const of = value[by];
    const peers = network.peers.filter((p) => found.has(p.peer));
    peers.sort((a, b) => {
      const x = of(a), y = of(b);
      if (x !== y) return (x < y ? -1 : 1) * (down ? -1 : 1);
      return a.peer < b.peer ? -1 : 1;
    });
    for (const button of document.querySelectorAll("button[data-sort]")) {
      const head = button.parentElement;
      if (button.dataset.sort === by) head.setAttribute("aria-sort", down ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    }
    const present = new Set(peers.map((p) => p.peer));
    for (const [id, row] of this.rows) {
      if (!present.has(id)) {
        row.remove();
        this.rows.delete(id);
      }
    }
    const body = get("rows");
    peers.forEach((p, i) => {
      const row = this.row(p);
      if (body.children[i] !== row) body.insertBefore(row, body.children[i] ?? null);
    });
    get("omitted").hidden = !network.peers_omitted;
    setText(get("omitted"), `${network.peers_omitted ?? 0} more peers are not shown`);
  }

  row(p) {
    let row = this.rows.get(p.peer);
    if (row === undefined) {
      row = make("tr");
      for (const kind of ["", "wide", "wide", "number", "number", "number", "number wide", "number wide", ""]) {
        row.append(make("td", "", kind));
      }
      row.addEventListener("click", () => this.select("peer:" + p.peer));
      this.rows.set(p.peer, row);
    }
    const cells = [
      short(p.name, 60), shortID(p.peer), address(p.endpoint), rate(p.in), rate(p.out), time(p.rtt_ms),
      p.in_flight > 0 ? octets(p.in_flight) : "–", age(p.idle_ms), short(p.groups.join(", "), 80),
    ];
    cells.forEach((text, i) => setText(row.children[i], text));
    row.classList.toggle("evasive", p.evasive);
    row.classList.toggle("selected", this.state.selected === "peer:" + p.peer);
    return row;
  }

  showDetail(network) {
    const { selected } = this.state;
    const [title, facts] = detailOf(network, selected);
    setText(get("detail-title"), title);
    const list = get("detail");
    const want = facts.flatMap(([name, text]) => [["DT", name], ["DD", text]]);
    // The elements are kept, so that text can be marked and copied.
    while (list.children.length > want.length) list.lastElementChild.remove();
    want.forEach(([tag, text], i) => {
      if (list.children[i] === undefined) list.append(make(tag));
      setText(list.children[i], text);
    });
  }

  showEvents(network) {
    const list = get("events");
    const events = network.events.toReversed();
    while (list.children.length > events.length) list.lastElementChild.remove();
    events.forEach((e, i) => {
      let line = list.children[i];
      if (line === undefined) {
        line = make("li");
        line.append(make("time"), make("b"), make("span"));
        list.append(line);
      }
      setText(line.children[0], clock(e.time));
      setText(line.children[1], e.type);
      line.children[1].className = e.type.toLowerCase();
      setText(line.children[2], eventText(e));
    });
  }

  showProblems(problems) {
    const list = get("problems");
    list.hidden = problems.length === 0;
    while (list.children.length > problems.length) list.lastElementChild.remove();
    problems.forEach((text, i) => {
      if (list.children[i] === undefined) list.append(make("li"));
      setText(list.children[i], visible(text));
    });
  }
}

// detailOf is what is known of what is selected.
function detailOf(network, selected) {
  const { self } = network;
  if (selected === "self" || selected === "") {
    return ["This node", [
      ["name", visible(self.name)], ["UUID", self.peer], ["address", address(self.endpoint)],
      ["groups", namesOf(self.groups)],
      ["in", both(self.in)], ["out", both(self.out)],
    ]];
  }
  if (selected.startsWith("group:")) {
    const name = selected.slice("group:".length);
    const group = network.groups.find((g) => g.group === name);
    if (group === undefined) return [`${visible(name)} is empty`, []];
    const members = network.peers.filter((p) => p.groups.includes(name));
    const leader = [...network.peers, self].find((p) => p.peer === group.leader);
    return [`Group ${visible(name)}`, [
      ["peers", String(group.members)],
      ["this node", group.own ? "is in it" : "is not in it: its messages do not come here"],
      ...(leader ? [["leader", visible(leader.name)]] : []),
      ...(group.in ? [["shouted", both(group.in)]] : []),
      ["members", namesOf(members.map((p) => p.name))],
    ]];
  }
  const p = network.peers.find((peer) => "peer:" + peer.peer === selected);
  if (p === undefined) return ["The peer is gone", []];
  return [short(p.name, 80), [
    ["UUID", p.peer], ["address", address(p.endpoint)],
    ["state", p.evasive ? "does not answer" : "answers"],
    ["round trip", time(p.rtt_ms)], ["idle", age(p.idle_ms)],
    ["in", both(p.in)], ["out", both(p.out)],
    ["in flight", `${octets(p.in_flight)}B of ${octets(self.window)}B`],
    ["groups", namesOf(p.groups)],
    ["encrypted", p.public_key ? `yes, its key is ${visible(p.public_key)}` : "no"],
    ...Object.entries(p.headers).filter(([name]) => name !== "X-PUBLICKEY").map(([name, text]) => [visible(name), visible(text)]),
  ]];
}

// namesOf lists names, as many as there is room for.
function namesOf(names) {
  const most = 100;
  const more = names.length > most ? `, and ${names.length - most} more` : "";
  return names.slice(0, most).map((n) => short(n, 40)).join(", ") + more || "none";
}

const both = (r) => `${octets(r.octets)}B/s, ${r.messages < 10 ? r.messages.toFixed(1) : octets(r.messages)} messages/s`;
