// The page's state: what was received last, what is selected and filtered. It draws again
// when one of them changes.

import { Drawing } from "./draw.js";
import { Lists } from "./lists.js";
import { address, rate, shortID, visible } from "./text.js";

const get = (id) => document.getElementById(id);
const state = {
  network: null, // the newest object, see zre(7)
  shown: null, // what is drawn; older than network while paused
  paused: false,
  filter: "",
  selected: "", // "self", "peer:UUID" or "group:NAME"
  sort: { by: "name", down: false },
};

const drawing = new Drawing(get("map"), select);
const lists = new Lists(state, select, render);

function matches(peer) {
  if (state.filter === "") return true;
  const want = state.filter.toLowerCase();
  return [peer.name, peer.peer, address(peer.endpoint), ...peer.groups].some((t) => t.toLowerCase().includes(want));
}

function render() {
  const n = state.shown;
  if (n === null) return;
  const found = new Set(n.peers.filter(matches).map((p) => p.peer));
  const count = n.peers.length + (n.peers_omitted ?? 0);
  get("self").textContent = `${visible(n.self.name)} ${shortID(n.self.peer)} ${address(n.self.endpoint)}`;
  get("peer-count").textContent = state.filter === "" ? count : `${found.size} of ${count}`;
  get("group-count").textContent = n.groups.length + (n.groups_omitted ?? 0);
  get("rate-in").textContent = rate(n.self.in);
  get("rate-out").textContent = rate(n.self.out);
  drawing.draw(n, found, state.filter !== "", state.selected);
  lists.show(n, found);
}

function select(key) {
  state.selected = key;
  render();
}

function status(text, kind) {
  get("status").textContent = text;
  get("status").className = kind;
}

// The stream. It is closed while nobody looks.
let source = null;
let heard = 0;

function open() {
  if (source !== null) return;
  source = new EventSource("events");
  source.onmessage = (message) => {
    heard = Date.now();
    state.network = JSON.parse(message.data);
    status(state.paused ? "paused" : "live", state.paused ? "" : "live");
    if (state.paused) return;
    state.shown = state.network;
    render();
  };
  source.onerror = () => {
    if (source.readyState !== EventSource.CLOSED) {
      status("no connection to zre map; trying again", "lost");
      return;
    }
    source = null;
    status("refused: open the address that zre map has printed", "lost");
  };
}

function close() {
  if (source !== null) source.close();
  source = null;
}

setInterval(() => {
  if (source !== null && heard > 0 && Date.now() - heard > 5000) status("no news from zre map", "lost");
}, 1000);

document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));

// Controls and keys.
function pause() {
  state.paused = !state.paused;
  get("pause").setAttribute("aria-pressed", state.paused);
  get("pause").textContent = state.paused ? "Go on" : "Pause";
  if (state.paused) {
    status("paused", "");
    return;
  }
  status("live", "live");
  state.shown = state.network;
  render();
}

function setFilter(text) {
  state.filter = text;
  get("filter").value = text;
  render();
}

// step selects the next or previous thing on the map.
function step(by) {
  const order = drawing.order();
  if (order.length === 0) return;
  const at = order.indexOf(state.selected);
  const next = at < 0 ? (by > 0 ? 0 : order.length - 1) : (at + by + order.length) % order.length;
  choose(order[next]);
}

function choose(key) {
  select(key);
  drawing.focus(key);
}

const keys = {
  "/": () => get("filter").focus(),
  p: pause,
  "?": () => get("help").showModal(),
  ArrowRight: () => step(1),
  ArrowDown: () => step(1),
  ArrowLeft: () => step(-1),
  ArrowUp: () => step(-1),
  Home: () => choose("self"),
  End: () => choose(drawing.order().at(-1) ?? ""),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || get("help").open) return;
  if (event.key === "Escape") {
    if (state.selected !== "") select("");
    else setFilter("");
    document.activeElement?.blur();
    return;
  }
  // Arrows scroll a list that has the focus.
  const inside = document.activeElement?.closest("input, #events, #table-panel");
  if (inside && (inside.tagName === "INPUT" || event.key.startsWith("Arrow") || event.key === "Home" || event.key === "End")) return;
  const act = keys[event.key];
  if (act === undefined) return;
  event.preventDefault();
  act();
});

get("filter").addEventListener("input", () => setFilter(get("filter").value));
get("pause").addEventListener("click", pause);
get("help-open").addEventListener("click", () => get("help").showModal());
new ResizeObserver(() => render()).observe(get("map"));
open();
