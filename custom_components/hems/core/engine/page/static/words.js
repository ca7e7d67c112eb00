// What the page says, by language. A word that is missing in one language is said in English.
const WORDS = {
  en: {
    loading: "Asking the engine…",
    ok: "Ready to plan",
    starting: "Starting",
    degraded: "The solver is not running: plans are made by rule",
    unreachable: "The engine does not answer",
    version: "Version",
    solver: "Solver",
    waiting: "Being planned or waiting",
    restarts: "Restarts of the solver",
    uptime: "Running for",
    last_plan: "Last plan",
    no_plan: "No plan has been asked for yet. Home Assistant asks every five minutes.",
    plan_said: "Made at {at}: {outcome}, {seconds} s. Above zero draws power, below zero supplies it (kW).",
    times: "Time of the last plans",
    times_said: "{count} plans; half of them took less than {median} s, the slowest {most} s.",
    log: "Log",
    only_faults: "Warnings and errors only",
    empty_log: "Nothing to show.",
    openapi: "What can be asked of the engine (OpenAPI)",
    optimal: "best plan", feasible: "good plan, time was up", infeasible: "limits contradict each other",
    timed_out: "no plan in time", fallback: "by rule",
    load: "Load", grid: "Grid", battery: "Battery", pv: "Solar", ev_charger: "Car", heat_pump: "Heat pump",
    hot_water: "Hot water", appliance: "Appliance", flexible_load: "Flexible load", inverter: "Inverter",
    days: "d", hours: "h", minutes: "min",
  },
  de: {
    loading: "Die Engine wird gefragt…",
    ok: "Bereit zu planen",
    starting: "Startet",
    degraded: "Der Löser läuft nicht: Pläne entstehen nach Regel",
    unreachable: "Die Engine antwortet nicht",
    version: "Version",
    solver: "Löser",
    waiting: "In Arbeit oder wartend",
    restarts: "Neustarts des Lösers",
    uptime: "Läuft seit",
    last_plan: "Letzter Plan",
    no_plan: "Noch wurde kein Plan verlangt. Home Assistant fragt alle fünf Minuten.",
    plan_said: "Gemacht um {at}: {outcome}, {seconds} s. Über null wird Leistung bezogen, darunter geliefert (kW).",
    times: "Dauer der letzten Pläne",
    times_said: "{count} Pläne; die Hälfte brauchte weniger als {median} s, der langsamste {most} s.",
    log: "Protokoll",
    only_faults: "Nur Warnungen und Fehler",
    empty_log: "Nichts zu zeigen.",
    openapi: "Was man die Engine fragen kann (OpenAPI)",
    optimal: "bester Plan", feasible: "guter Plan, die Zeit war um", infeasible: "Grenzen widersprechen sich",
    timed_out: "kein Plan in der Zeit", fallback: "nach Regel",
    load: "Verbrauch", grid: "Netz", battery: "Batterie", pv: "Solar", ev_charger: "Auto", heat_pump: "Wärmepumpe",
    hot_water: "Warmwasser", appliance: "Gerät", flexible_load: "Flexible Last", inverter: "Wechselrichter",
    days: "T", hours: "h", minutes: "min",
  },
};

const language = navigator.languages.map((tag) => tag.slice(0, 2)).find((tag) => tag in WORDS) ?? "en";
document.documentElement.lang = language;

export const number = (value, digits) =>
  new Intl.NumberFormat(language, { maximumFractionDigits: digits, minimumFractionDigits: digits }).format(value);
export const clock = (time) => new Date(time).toLocaleTimeString(language, { hour: "2-digit", minute: "2-digit" });

export function word(name, values = {}) {
  const text = WORDS[language][name] ?? WORDS.en[name] ?? name;
  return text.replace(/\{(\w+)\}/g, (_, key) => values[key]);
}
