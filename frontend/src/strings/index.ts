/** The words of the cards, in the language of the user's profile, English where we do not speak it. */

import deJson from "./de.json";
import en from "./en.json";

export type Strings = typeof en;

const de: Strings = deJson; // a missing word is a type error
const LANGUAGES: Record<string, Strings> = { en, de };

export function stringsFor(language: string | undefined): Strings {
  return LANGUAGES[(language ?? "en").split("-")[0] ?? "en"] ?? en;
}

/** `fill("{a} of {b}", {a: 1, b: 2})`; an unknown placeholder stays as it is. */
export function fill(template: string, values: Record<string, string | number>): string {
  return template.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** A word from a table by a key that comes from the backend; a key we do not know becomes readable. */
export function word(table: Record<string, string>, key: string): string {
  return table[key] ?? key.replaceAll("_", " ");
}
