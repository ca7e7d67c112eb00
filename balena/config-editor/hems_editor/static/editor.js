const $ = (id) => document.getElementById(id);
let open = { name: "", version: "", text: "" };

function say(text, wrong = false) {
  $("said").textContent = text;
  $("said").className = wrong ? "wrong" : "";
}

async function ask(method, where, body) {
  const answer = await fetch(where, {
    method, headers: { "X-Hems-Editor": "1", "Content-Type": "application/json" },
    body: body && JSON.stringify(body),
  });
  const said = await answer.json();
  if (answer.status === 401 && where !== "login") show(false);
  if (!answer.ok) throw new Error(said.error);
  return said;
}

function show(inside) {
  $("login").hidden = inside;
  $("editor").hidden = !inside;
}

function hasChanged() {
  return $("text").value !== open.text;
}

async function list(chosen) {
  const names = await ask("GET", "files");
  $("names").replaceChildren(...names.map((name) => new Option(name, name, false, name === chosen)));
  show(true);
  return names;
}

async function load(name) {
  const { text, version } = await ask("GET", `file?name=${encodeURIComponent(name)}`);
  open = { name, version, text };
  $("text").value = text;
  say(name);
}

function attempt(action) {
  return async (event) => {
    event?.preventDefault();
    try {
      await action(event);
    } catch (error) {
      say(error.message, true);
    }
  };
}

$("login").addEventListener("submit", attempt(async () => {
  await ask("POST", "login", { password: $("password").value });
  $("password").value = "";
  const names = await list("configuration.yaml");
  if (names.includes("configuration.yaml")) await load("configuration.yaml");
}));
$("names").addEventListener("change", attempt(async () => {
  if (hasChanged() && !confirm("Leave the changes to this file?")) $("names").value = open.name;
  else await load($("names").value);
}));
$("new").addEventListener("click", attempt(async () => {
  const name = prompt("Name of the file, such as packages/heating.yaml");
  if (!name) return;
  open = { name, version: "", text: "" };
  $("text").value = "";
  say(`${name} (new)`);
}));
$("save").addEventListener("click", attempt(async () => {
  const text = $("text").value;
  const { version } = await ask("PUT", "file", { name: open.name, text, version: open.version });
  open = { ...open, version, text };
  await list(open.name);
  say(`Saved ${open.name}. Home Assistant reads it when it is reloaded or restarted.`);
}));
$("leave").addEventListener("click", attempt(async () => {
  await ask("POST", "logout", {});
  location.reload();
}));
addEventListener("beforeunload", (event) => hasChanged() && event.preventDefault());
list().then((names) => load(names.includes("configuration.yaml") ? "configuration.yaml" : names[0])).catch(() => show(false));
