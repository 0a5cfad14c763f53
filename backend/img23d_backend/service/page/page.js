// The page of the server: a form, and what comes of it. Everything goes over the job API, see /openapi.json.
import { Viewer } from "/page/viewer.js";

const at = (id) => document.getElementById(id);
const viewer = new Viewer(at("canvas"));
const kept = { get token() { return sessionStorage.getItem("token") || ""; }, get job() { return sessionStorage.getItem("job") || ""; } };
const LAST = ["Finished", "Cancelled", "Failed"];
const AGAIN_SECONDS = 1;
let photo = null;
let following = 0;  // counts jobs: what an older one says is not shown any more

function headers(more = {}) {
  return kept.token ? { ...more, Authorization: `Bearer ${kept.token}` } : more;
}

async function ask(path, options = {}) {
  const answer = await fetch(path, { ...options, headers: headers(options.headers) });
  at("token-row").hidden = at("token-row").hidden && answer.status !== 401;
  if (!answer.ok) {
    const said = await answer.json().catch(() => ({}));
    throw new Error(said.detail || `The server answered with status ${answer.status}.`);
  }
  return answer;
}

function say(text, isBad = false) {
  at("said").textContent = text;
  at("said").classList.toggle("bad", isBad);
}

async function showEngines() {
  try {
    const status = await (await ask("/v1/status")).json();
    const engines = ((status.status || status.hello || {}).engines || []).filter((one) => one.ready);
    at("engine").replaceChildren(...engines.map((one) => new Option(one.label, one.id, false, one.id === status.engine)));
    if (!engines.length) { say("The server is starting."); setTimeout(showEngines, 1000); return; }
    if (at("said").textContent === "The server is starting.") say("");
  } catch (error) { say(error.message, true); }
}

// --- the photo -----------------------------------------------------------------------------------------------------

function choose(file) {
  if (!file) return;
  photo = file;
  at("photo-shown").src = URL.createObjectURL(file);
  at("photo-shown").hidden = false;
  at("drop-text").textContent = file.name;
  at("generate").disabled = false;
}

at("photo").addEventListener("change", () => choose(at("photo").files[0]));
at("drop").addEventListener("keydown", (event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); at("photo").click(); } });
for (const kind of ["dragenter", "dragover", "dragleave", "drop"]) {
  window.addEventListener(kind, (event) => {
    event.preventDefault();
    at("drop").classList.toggle("over", kind === "dragenter" || kind === "dragover");
    if (kind === "drop") choose(event.dataTransfer.files[0]);
  });
}

// --- a job ---------------------------------------------------------------------------------------------------------

at("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = new FormData();
  form.append("photo", photo, photo.name);
  for (const name of ["names", "engine", "result", "seed"]) form.append(name, at(name).value || (name === "seed" ? "-1" : ""));
  say("Sending the photo");
  at("generate").disabled = true;
  try {
    const job = await (await ask("/v1/jobs", { method: "POST", body: form, headers: { "Idempotency-Key": crypto.getRandomValues(new Uint32Array(4)).join("-") } })).json();
    sessionStorage.setItem("job", job.id);
    follow(job.id);
  } catch (error) {
    say(error.message, true);
    at("generate").disabled = false;
  }
});

at("cancel").addEventListener("click", () => ask(`/v1/jobs/${kept.job}/cancel`, { method: "POST" }).catch((error) => say(error.message, true)));
at("token").addEventListener("change", () => { sessionStorage.setItem("token", at("token").value.trim()); say(""); showEngines(); });

async function follow(id) {
  const mine = ++following;
  const things = new Things(id);
  at("cancel").hidden = at("progress").hidden = false;
  let after = 0;
  let last = null;
  while (!last && mine === following) {
    try {
      const answer = await ask(`/v1/jobs/${id}/events?after=${after}`, { headers: { Accept: "text/event-stream" } });
      for await (const event of serverSentEvents(answer.body)) {
        if (mine !== following) return;
        after = event.id;
        things.take(event.message);
        if (LAST.includes(event.message.kind)) last = event.message;
      }
    } catch (error) {
      if (/no such job/.test(error.message)) { last = { kind: "Failed", sentence: error.message }; break; }
      say("The connection is lost; it is tried again.", true);
    }
    if (!last) await new Promise((done) => setTimeout(done, AGAIN_SECONDS * 1000));
  }
  if (mine !== following) return;
  at("cancel").hidden = at("progress").hidden = true;
  at("generate").disabled = photo === null;
  if (last.kind === "Finished") say(`${last.made} made in ${last.seconds.toFixed(1)} s${last.failed ? `, ${last.failed} failed` : ""}`, last.made === 0);
  else say(last.kind === "Cancelled" ? "Cancelled; what was finished stays." : last.sentence, last.kind === "Failed");
}

async function* serverSentEvents(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    text += value;
    const blocks = text.split("\n\n");
    text = blocks.pop();
    for (const block of blocks) {
      const fields = Object.fromEntries(block.split("\n").map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)]));
      if (fields.data) yield { id: Number(fields.id), message: JSON.parse(fields.data) };
    }
  }
}

class Things {
  constructor(job) {
    this.job = job;
    this.rows = [];
    at("things").replaceChildren();
  }

  async file(name) {
    return (await ask(`/v1/jobs/${this.job}/files/${encodeURIComponent(name)}`)).blob();
  }

  take(message) {
    switch (message.kind) {
      case "Progress": {
        const thing = message.target >= 0 && this.rows[message.target] ? `${this.rows[message.target].name}: ` : "";
        at("progress").value = message.fraction;
        say(thing + (message.note || message.stage));
        break;
      }
      case "Located": this.begin(message.targets); break;
      case "CutoutReady": case "PreviewReady": this.picture(message.target, message.file); break;
      case "ResultReady": this.result(message); break;
      case "TargetFailed": this.row(message.target).text.textContent = `${this.row(message.target).name}: ${message.sentence}`; break;
      case "TargetCancelled": this.row(message.target).text.textContent = `${this.row(message.target).name}: cancelled`; break;
      case "Notice": say(message.sentence); break;
    }
  }

  begin(targets) {
    at("things").replaceChildren();
    this.rows = targets.map((target) => {
      const row = { name: target.name || "The whole picture", line: document.createElement("li"), picture: new Image(), text: document.createElement("span"), links: new Map() };
      row.text.textContent = row.name;
      row.line.append(row.picture, row.text);
      at("things").append(row.line);
      return row;
    });
  }

  row(target) {
    return this.rows[Math.max(0, target)];
  }

  async picture(target, file) {
    this.row(target).picture.src = URL.createObjectURL(await this.file(file));
  }

  async result(message) {
    const row = this.row(message.target);
    const name = message.files[0];
    const blob = await this.file(name);
    const link = row.links.get(message.piece.kind) || document.createElement("a");
    if (!row.links.has(message.piece.kind)) {
      const show = document.createElement("button");
      show.type = "button";
      show.textContent = "Show";
      show.addEventListener("click", () => this.show(row, link));
      row.links.set(message.piece.kind, link);
      row.line.append(show, link);
    }
    Object.assign(link, { href: URL.createObjectURL(blob), download: name, textContent: name.split(".").pop().toUpperCase() });
    await this.show(row, link);
  }

  async show(row, link) {
    try {
      const what = await viewer.show(await (await fetch(link.href)).arrayBuffer());
      at("shown").textContent = `${row.name}: ${what}`;
    } catch (error) { at("shown").textContent = error.message; }
  }
}

showEngines();
if (kept.job) follow(kept.job);
