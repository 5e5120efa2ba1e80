// The map: this node in the middle, peers around it, groups outside. It is drawn in pixels,
// so that text has its size on every screen.

import { rate, short, time, visible } from "./text.js";

const NS = "http://www.w3.org/2000/svg";
const MOST_GROUPS = 24; // that are drawn: the largest
const COLOURS = 8;

function make(tag, className, parent) {
  const e = document.createElementNS(NS, tag);
  if (className) e.setAttribute("class", className);
  parent?.append(e);
  return e;
}

function set(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    const text = typeof value === "number" ? value.toFixed(1) : String(value);
    if (element.getAttribute(name) !== text) element.setAttribute(name, text);
  }
}

// Layer keeps one element for each key, and removes those that are not asked for any more.
class Layer {
  constructor(parent, create) {
    this.parent = parent;
    this.create = create;
    this.all = new Map();
    this.used = new Set();
  }

  begin() { this.used.clear(); }

  of(key) {
    this.used.add(key);
    let item = this.all.get(key);
    if (item === undefined) {
      item = this.create(this.parent, key);
      this.all.set(key, item);
    }
    return item;
  }

  end() {
    for (const [key, item] of this.all) {
      if (this.used.has(key)) continue;
      item.root.remove();
      this.all.delete(key);
    }
  }
}

// Palette gives each group that is drawn a colour, which it keeps while it is there.
class Palette {
  constructor() { this.given = new Map(); }

  keep(names) {
    for (const name of this.given.keys()) if (!names.has(name)) this.given.delete(name);
    for (const name of names) {
      if (this.given.has(name)) continue;
      const taken = new Set(this.given.values());
      let free = 0;
      while (taken.has(free)) free++;
      this.given.set(name, free);
    }
  }

  of(name) { return "c" + (this.given.get(name) % COLOURS); }
}

export class Drawing {
  constructor(svg, select) {
    this.svg = svg;
    this.keys = [];
    this.palette = new Palette();
    const item = (shape) => (parent, key) => {
      const root = make("g", "item", parent);
      root.setAttribute("role", "button");
      root.setAttribute("tabindex", "-1");
      root.addEventListener("click", () => select(key));
      root.addEventListener("keydown", (event) => {
        if (event.key === "Enter" || event.key === " ") select(key);
      });
      return { root, title: make("title", "", root), shape: make(shape, "", root), text: make("text", "", root) };
    };
    const line = (tag) => (parent) => ({ root: make(tag, "", parent) });
    const part = (id) => svg.querySelector("#" + id);
    this.own = new Layer(part("own"), item("circle"));
    this.peers = new Layer(part("peers"), item("circle"));
    this.groups = new Layer(part("groups"), item("rect"));
    this.members = new Layer(part("memberships"), line("path"));
    this.links = new Layer(part("links"), (parent) => {
      const root = make("g", "", parent);
      return { root, line: make("line", "link", root), text: make("text", "small", root) };
    });
  }

  // order is everything on the map, for the arrow keys.
  order() { return this.keys; }

  focus(key) {
    for (const layer of [this.own, this.peers, this.groups]) layer.all.get(key)?.root.focus();
  }

  draw(network, found, filtered, selected) {
    const box = this.svg.getBoundingClientRect();
    if (box.width < 10 || box.height < 10) return;
    set(this.svg, { viewBox: `0 0 ${Math.round(box.width)} ${Math.round(box.height)}` });
    const plan = layout(network, box.width, box.height);
    this.keys = ["self", ...plan.peers.map((s) => "peer:" + s.peer.peer), ...plan.groups.map((s) => "group:" + s.group.group)];
    this.svg.classList.toggle("crowd", plan.crowd);
    this.palette.keep(new Set(plan.byName.keys()));
    const lit = litBy(network, selected);
    const isLit = (key) => lit === null || lit.has(key);
    const dim = (key, peer) => !isLit(key) || (filtered && peer !== undefined && !found.has(peer));
    const layers = [this.own, this.peers, this.groups, this.members, this.links];
    layers.forEach((layer) => layer.begin());
    this.drawSelf(network.self, plan, selected, dim("self"));
    for (const spot of plan.peers) {
      const key = "peer:" + spot.peer.peer;
      this.drawPeer(spot, plan, selected === key, dim(key, spot.peer.peer), lit !== null && lit.has(key));
      for (const name of spot.peer.groups) {
        const group = plan.byName.get(name);
        if (group !== undefined) this.drawMember(spot, group, plan, dim(key, spot.peer.peer) || !isLit("group:" + name));
      }
    }
    for (const spot of plan.groups) this.drawGroup(spot, selected, dim("group:" + spot.group.group));
    layers.forEach((layer) => layer.end());
    this.rove(selected);
  }

  // rove lets Tab reach one thing on the map: what is selected, or this node.
  rove(selected) {
    const stop = this.keys.includes(selected) ? selected : "self";
    for (const layer of [this.own, this.peers, this.groups]) {
      for (const [key, item] of layer.all) set(item.root, { tabindex: key === stop ? "0" : "-1" });
    }
  }

  drawSelf(self, plan, selected, dim) {
    const item = this.own.of("self");
    set(item.root, { class: mark("item self", selected === "self", dim), "aria-label": `this node, ${visible(self.name)}` });
    set(item.shape, { cx: plan.x, cy: plan.y, r: 13 });
    set(item.text, { x: plan.x, y: plan.y + 29 });
    item.text.textContent = short(self.name, 16);
    item.title.textContent = "this node: " + visible(self.name);
  }

  drawPeer({ peer, x, y, index }, plan, selected, dim, lit) {
    const item = this.peers.of("peer:" + peer.peer);
    const state = (peer.evasive ? " evasive" : "") + (lit ? " lit" : "");
    set(item.root, { class: mark("item peer" + state, selected, dim), "aria-label": `peer ${short(peer.name, 60)}` });
    set(item.shape, { cx: x, cy: y, r: plan.radius });
    set(item.text, { x: Math.min(plan.width - 30, Math.max(30, x)), y: y + plan.radius + 14 });
    item.text.textContent = short(peer.name, selected || plan.crowd ? 30 : plan.letters);
    item.title.textContent = visible(peer.name);
    const link = this.links.of(peer.peer);
    set(link.root, { class: dim ? "dim" : "" });
    set(link.line, {
      class: peer.evasive ? "link evasive" : "link", x1: plan.x, y1: plan.y, x2: x, y2: y,
      "stroke-width": 1 + Math.log10(1 + peer.in.octets + peer.out.octets),
    });
    // Where there is room, or for what is selected: the round trip and the rate.
    link.text.textContent = plan.roomy || selected ? linkLabel(peer) : "";
    const at = index % 2 === 0 ? 0.48 : 0.66; // so that neighbours have room
    set(link.text, { x: plan.x + (x - plan.x) * at, y: plan.y + (y - plan.y) * at + 4 });
  }

  drawMember(spot, group, plan, dim) {
    const item = this.members.of(spot.peer.peer + group.group.group);
    set(item.root, {
      class: mark("member " + this.palette.of(group.group.group), false, dim),
      d: `M${spot.x.toFixed(1)} ${spot.y.toFixed(1)}Q${bend(spot, group, plan)} ${group.x.toFixed(1)} ${group.y.toFixed(1)}`,
    });
  }

  drawGroup({ group, x, y, width }, selected, dim) {
    const key = "group:" + group.group;
    const item = this.groups.of(key);
    set(item.root, { class: mark("item group", selected === key, dim), "aria-label": `group ${short(group.group, 60)}` });
    set(item.shape, { class: this.palette.of(group.group), x: x - width / 2, y: y - 11, width, height: 22, rx: 11 });
    set(item.text, { x, y: y + 4 });
    item.text.textContent = groupLabel(group);
    const heard = group.in === undefined ? "" : `, ${rate(group.in)} shouted`;
    item.title.textContent = `${visible(group.group)}: ${group.members} peers${heard}`;
  }
}

const mark = (name, selected, dim) => name + (selected ? " selected" : "") + (dim ? " dim" : "");

// linkLabel is the round trip of a link and its rate both ways.
function linkLabel(peer) {
  const octets = peer.in.octets + peer.out.octets;
  const parts = [peer.rtt_ms === undefined ? "" : time(peer.rtt_ms), octets > 0 ? rate({ octets }) : ""];
  return parts.filter((t) => t !== "").join(" · ");
}

const groupLabel = (g) => `${short(g.group, 13)} ${g.members}`;

// bend is the point that a membership curves around: outside of the peers, so that it does
// not look like a link.
function bend(a, b, plan) {
  let turn = b.angle - a.angle;
  turn -= 2 * Math.PI * Math.round(turn / (2 * Math.PI));
  const angle = a.angle + turn / 2;
  const far = Math.abs(turn) > 0.8 ? 1.05 : 0.85;
  return `${(plan.x + Math.cos(angle) * plan.outerX * far).toFixed(1)} ${(plan.y + Math.sin(angle) * plan.outerY * far).toFixed(1)}`;
}

// litBy is what belongs to what is selected; null if all does.
function litBy(network, selected) {
  if (selected === "" || selected === "self") return null;
  const lit = new Set(["self", selected]);
  for (const p of network.peers) {
    const key = "peer:" + p.peer;
    if (key === selected) p.groups.forEach((g) => lit.add("group:" + g));
    if (p.groups.some((g) => "group:" + g === selected)) lit.add(key);
  }
  return lit;
}

// layout places everything. Peers of a group stand together, and a group beside them.
function layout(network, width, height) {
  const plan = { width, x: width / 2, y: height / 2, outerX: Math.max(60, width / 2 - 62), outerY: Math.max(60, height / 2 - 24) };
  const drawn = network.groups.toSorted((a, b) => b.members - a.members || (a.group < b.group ? -1 : 1)).slice(0, MOST_GROUPS);
  const rank = new Map(drawn.map((g, i) => [g.group, i]));
  // A peer stands with the smallest of its groups that has other peers.
  const home = (p) => {
    const ranks = p.groups.filter((g) => rank.has(g)).map((g) => rank.get(g));
    const shared = ranks.filter((r) => drawn[r].members > 1);
    return shared.length > 0 ? Math.max(...shared) : ranks.length > 0 ? Math.max(...ranks) : MOST_GROUPS;
  };
  const peers = network.peers.map((peer) => ({ peer, home: home(peer) }));
  peers.sort((a, b) => a.home - b.home || (a.peer.name < b.peer.name ? -1 : a.peer.name > b.peer.name ? 1 : a.peer.peer < b.peer.peer ? -1 : 1));
  const spacing = ellipse(plan.outerX * 0.68, plan.outerY * 0.68) / Math.max(1, peers.length);
  plan.crowd = spacing < 30; // no names
  plan.roomy = spacing >= 58; // labels of links too
  plan.letters = Math.min(16, Math.max(4, Math.floor(spacing / 7)));
  const rings = spacing < 8 ? 4 : spacing < 12 ? 3 : spacing < 20 ? 2 : 1;
  plan.radius = spacing < 8 ? 4 : spacing < 20 ? 6 : spacing < 30 ? 7 : 9;
  plan.peers = peers.map(({ peer }, i) => {
    const angle = -Math.PI / 2 + (2 * Math.PI * i) / peers.length;
    const far = (width < 500 ? 0.6 : 0.72) - 0.12 * (i % rings);
    return { peer, index: i, angle, x: plan.x + Math.cos(angle) * plan.outerX * far, y: plan.y + Math.sin(angle) * plan.outerY * far };
  });
  plan.groups = placeGroups(plan, drawn, peers);
  plan.byName = new Map(plan.groups.map((s) => [s.group.group, s]));
  return plan;
}

const ellipse = (a, b) => Math.PI * (3 * (a + b) - Math.sqrt((3 * a + b) * (a + 3 * b)));

// placeGroups puts each group at the middle of the peers that stand with it, and moves apart
// those that would cover each other.
function placeGroups(plan, drawn, peers) {
  const spots = drawn.map((group, i) => {
    let x = 0, y = 0;
    plan.peers.forEach(({ peer, angle }, k) => {
      if (!peer.groups.includes(group.group)) return;
      const weight = peers[k].home === i ? 1 : 0.05;
      x += Math.cos(angle) * weight;
      y += Math.sin(angle) * weight;
    });
    const angle = Math.hypot(x, y) < 0.001 ? -Math.PI / 2 + i : Math.atan2(y, x);
    return { group, angle, width: 20 + 7 * Array.from(groupLabel(group)).length };
  });
  spots.sort((a, b) => a.angle - b.angle);
  const least = Math.min((2 * Math.PI) / Math.max(1, spots.length), 0.3);
  for (let round = 0; round < 60; round++) {
    spots.forEach((a, i) => {
      if (spots.length < 2) return;
      const b = spots[(i + 1) % spots.length];
      const gap = b.angle - a.angle + (i === spots.length - 1 ? 2 * Math.PI : 0);
      if (gap < least) {
        a.angle -= (least - gap) / 2;
        b.angle += (least - gap) / 2;
      }
    });
  }
  for (const s of spots) {
    s.x = Math.min(plan.width - s.width / 2 - 4, Math.max(s.width / 2 + 4, plan.x + Math.cos(s.angle) * plan.outerX));
    s.y = plan.y + Math.sin(s.angle) * plan.outerY;
  }
  return spots;
}
