// Numbers and names as text. Names come from the network and hold any characters.

// Characters that move, hide or reverse text. The joiners are let through: emoji, Persian and
// the scripts of India need them.
const harmful = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

// visible writes such characters as escapes.
export function visible(text) {
  return String(text).replace(harmful, (c) => {
    if (c === "\u200c" || c === "\u200d") return c;
    return "\\u" + c.codePointAt(0).toString(16).padStart(4, "0");
  });
}

// short cuts a name to so many characters.
export function short(text, most) {
  const all = Array.from(visible(text));
  return all.length <= most ? all.join("") : all.slice(0, most - 1).join("") + "…";
}

export const shortID = (id) => id.replaceAll("-", "").slice(0, 8);

export const address = (endpoint) => endpoint.replace(/^tcp:\/\//, "");

// octets is a size with three digits: 1.2K, 34M.
export function octets(n) {
  const units = ["", "K", "M", "G", "T"];
  let unit = 0;
  while (n >= 999.5 && unit < units.length - 1) {
    n /= 1024;
    unit++;
  }
  const digits = unit > 0 && n < 9.95 ? 1 : 0;
  return n.toFixed(digits) + units[unit];
}

// rate is octets in a second; nothing is a dash.
export const rate = (r) => (r.octets > 0 ? octets(Math.max(1, r.octets)) + "/s" : "–");

// time is a time given in milliseconds.
export function time(ms) {
  if (ms === undefined) return "–";
  if (ms < 1) return Math.max(1, Math.round(ms * 1000)) + " µs";
  if (ms < 10) return ms.toFixed(2) + " ms";
  if (ms < 100) return ms.toFixed(1) + " ms";
  if (ms < 1000) return Math.round(ms) + " ms";
  if (ms < 60000) return (ms / 1000).toFixed(1) + " s";
  return Math.floor(ms / 60000) + " min";
}

// age is a time since something, given in milliseconds.
export function age(ms) {
  if (ms < 10000) return (ms / 1000).toFixed(1) + " s";
  return ms < 120000 ? Math.round(ms / 1000) + " s" : Math.floor(ms / 60000) + " min";
}

// clock is the time of day of an RFC 3339 time, as the program has written it.
export const clock = (at) => at.slice(11, 19);

// eventText says in words what has happened.
export function eventText(e) {
  const name = short(e.name, 40);
  const group = e.group === undefined ? "" : short(e.group, 40);
  switch (e.type) {
    case "ENTER": return `${name} (${shortID(e.peer)}) is there`;
    case "EXIT": return `${name} is gone: ${visible(e.reason)}`;
    case "JOIN": return `${name} is in ${group}`;
    case "LEAVE": return `${name} has left ${group}`;
    case "LEADER": return `${name} leads ${group}`;
    case "EVASIVE": return `${name} does not answer`;
    case "SILENT": return `${name} has not answered for long`;
  }
  const what = `${e.count} ${e.count === 1 ? "message" : "messages"}, ${octets(e.octets ?? 0)}B`;
  return e.type === "SHOUT" ? `${name} to ${group}: ${what}` : `${name} to this node: ${what}`;
}
