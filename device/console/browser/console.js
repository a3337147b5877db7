/** The technician's page: follows the gateway's state and shows it. Text is only ever set as text. */

const LANGUAGE = document.documentElement.lang;
const clock = new Intl.DateTimeFormat(LANGUAGE, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
});
const day = new Intl.DateTimeFormat(LANGUAGE, { day: "numeric", month: "short" });
const LEVEL_OF_DECISION = { ALARM: "fault", CLEAR: "ok", UNKNOWN: "warning" };
const DELIVERY = {
  unpublished: "not sent yet",
  published: "sent, not receipted yet",
  receipted: "central has it",
  dead: "cannot be delivered",
};
/** A picture that does not come is asked for again, each time a little later, ms. */
const PICTURE_TRIES = 6;
const PICTURE_PAUSE_MS = 2000;
/** Without news for so long the page says that it is old, ms. */
const OLD_MS = 40_000;

const byId = (id) => document.getElementById(id);
const said = new Map();

/** An element with text or children; `attributes` are set as they are. */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children.filter((child) => child !== null && child !== ""));
  return element;
}

/** Draws a part of the page only when what it shows has changed, so that nothing flickers and focus stays. */
function part(name, value, draw) {
  const text = JSON.stringify(value);
  if (said.get(name) === text) return;
  said.set(name, text);
  draw(value);
}

function when(iso) {
  const at = new Date(iso);
  const today = new Date().toDateString() === at.toDateString();
  return today ? clock.format(at) : `${day.format(at)}, ${clock.format(at)}`;
}

function duration(seconds) {
  if (seconds < 90) return `${seconds} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} days`;
}

function words(code) {
  return code.toLowerCase().replaceAll("_", " ");
}

function badge(level, text) {
  return make("span", { class: "badge", "data-level": level }, text);
}

function remedy(told) {
  return told.remedy === "" ? null : make("p", { class: "remedy" }, told.remedy);
}

function drawHead(state) {
  document.title = `${state.overall.level === "ok" || state.overall.level === "info" ? "" : "! "}${state.gateway} · Lynceus`;
  byId("name").textContent = `${state.site} / ${state.gateway}`;
  byId("about").textContent = `version ${state.version}`;
}

function drawOverall({ level, text }) {
  const overall = byId("overall");
  overall.dataset.level = level;
  overall.textContent = text;
}

function drawLanes(lanes) {
  byId("lanes").replaceChildren(...lanes.map(laneCard));
}

function laneCard(lane) {
  const devices = lane.devices.map((device) =>
    make(
      "li",
      { "data-level": device.level },
      make(
        "div",
        { class: "row" },
        make("span", {}, make("strong", {}, device.id), ` ${device.kind}`),
        badge(device.level, device.level === "ok" ? device.text : "attention"),
      ),
      device.level === "ok" ? null : make("p", {}, `${device.text}, since ${when(device.since)}`),
      remedy(device),
    ),
  );
  const lost =
    lane.lost === 0
      ? null
      : make("p", { class: "quiet" }, `${lane.lost} items passed without a scan since the start`);
  return make(
    "article",
    { class: "card lane", "data-level": lane.level },
    make("div", { class: "row" }, make("h3", {}, lane.id), badge(lane.level, lane.text)),
    make("p", { class: "quiet" }, `${lane.driver} scanner, since ${when(lane.since)}`),
    remedy(lane),
    lost,
    devices.length === 0 ? null : make("ul", { class: "devices" }, ...devices),
  );
}

function drawFigures(figures) {
  byId("figures").replaceChildren(
    ...figures.map((figure) =>
      make(
        "div",
        { "data-level": figure.level },
        make("dt", {}, figure.name),
        make("dd", {}, figure.text),
        figure.remedy === "" ? null : make("dd", { class: "remedy" }, figure.remedy),
      ),
    ),
  );
}

/** Cards are kept by the hit's id: a picture is asked for once. */
const cards = new Map();

function drawHits(hits) {
  byId("no-hits").hidden = hits.length > 0;
  const list = byId("hits");
  const wanted = new Set(hits.map(({ id }) => id));
  for (const id of cards.keys()) if (!wanted.has(id)) cards.delete(id);
  const items = hits.map((hit) => {
    const text = JSON.stringify(hit);
    const known = cards.get(hit.id);
    if (known?.text === text) return known.item;
    if (known !== undefined) {
      known.text = text;
      known.item.querySelector(".about").replaceWith(hitText(hit));
      return known.item;
    }
    const item = hitCard(hit);
    cards.set(hit.id, { text, item });
    return item;
  });
  // Only what moved is moved: focus stays where it is.
  items.forEach((item, at) => {
    if (list.children[at] !== item) list.insertBefore(item, list.children[at] ?? null);
  });
  while (list.children.length > items.length) list.lastElementChild.remove();
}

function hitCard(hit) {
  const level = LEVEL_OF_DECISION[hit.decision] ?? "warning";
  const shots = hit.views.map((view) => shot(hit, view));
  return make(
    "li",
    { class: "card hit", "data-level": level },
    make("div", { class: "shots" }, ...shots),
    hitText(hit),
  );
}

function hitText(hit) {
  const level = LEVEL_OF_DECISION[hit.decision] ?? "warning";
  const revised = hit.revision > 1 ? `, revision ${hit.revision} (${words(hit.cause)})` : "";
  const found = hit.detections.map((one) => `${words(one.class)} ${one.percent} %`).join(", ");
  return make(
    "div",
    { class: "about" },
    make(
      "div",
      { class: "row" },
      badge(level, hit.decision),
      make("span", { class: "score" }, `${hit.percent} %`),
    ),
    make("p", { class: "identifier" }, hit.identifiers.join(", ") || "no identifier"),
    make(
      "p",
      { class: "quiet" },
      `${when(hit.at)}, ${hit.lane}${revised}, advice: ${words(hit.recommendation)}`,
    ),
    found === "" ? null : make("p", {}, `Seen: ${found}`),
    hit.reasons.length === 0
      ? make("p", {}, "Nothing was found.")
      : make("ul", { class: "reasons" }, ...hit.reasons.map((reason) => make("li", {}, reason))),
    make("p", { class: "quiet" }, DELIVERY[hit.delivery] ?? hit.delivery),
  );
}

function shot(hit, view) {
  const label = `Scan of ${hit.identifiers[0] ?? "an item without identifier"}, ${view.name}`;
  const source = `/api/pictures/${hit.scanId}/${view.view}.png?revision=${hit.revision}`;
  const image = make("img", { src: source, alt: label, loading: "lazy", decoding: "async" });
  const button = make("button", { type: "button", class: "shot", title: "Enlarge" }, image);
  let tries = 0;
  image.addEventListener("error", () => {
    tries += 1;
    // Pictures are drawn one at a time: a busy gateway says so, and is asked again.
    if (tries <= PICTURE_TRIES) {
      setTimeout(() => {
        image.src = `${source}&try=${tries}`;
      }, tries * PICTURE_PAUSE_MS);
      return;
    }
    button.dataset.gone = "";
    button.disabled = true;
    button.replaceChildren("picture not available");
  });
  button.addEventListener("click", () => {
    const large = byId("picture-image");
    large.src = source;
    large.alt = label;
    byId("picture").showModal();
  });
  return button;
}

function drawAlerts(alerts) {
  byId("no-alerts").hidden = alerts.length > 0;
  byId("alerts").replaceChildren(
    ...alerts.map((alert) =>
      make(
        "li",
        { class: "card alert", "data-level": alert.level },
        make(
          "div",
          { class: "row" },
          make("strong", {}, alert.message),
          badge(alert.level, alert.level === "fault" ? "critical" : alert.level),
        ),
        remedy(alert),
        make(
          "p",
          { class: "quiet" },
          [when(alert.at), alert.lane, alert.code].filter((one) => one !== null).join(" · "),
        ),
      ),
    ),
  );
}

let lastNews = performance.now();

function show(state) {
  lastNews = performance.now();
  part("head", { ...state, at: "", uptimeSeconds: 0 }, drawHead);
  part("overall", state.overall, drawOverall);
  part("lanes", state.lanes, drawLanes);
  part("figures", state.figures, drawFigures);
  part("hits", state.hits, drawHits);
  part("alerts", state.alerts, drawAlerts);
  byId("about").textContent = `version ${state.version}, running for ${duration(state.uptimeSeconds)}`;
}

function sayOld() {
  if (performance.now() - lastNews < OLD_MS) return;
  part("overall", { level: "fault", text: "The gateway does not answer; what is shown is old" }, drawOverall);
}

const events = new EventSource("/api/events");
events.addEventListener("state", (event) => show(JSON.parse(event.data)));
setInterval(sayOld, 2000);
