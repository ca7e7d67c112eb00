// Reads a JSON list of queries; writes for each {valid, ast}: whether InfluxData's own type checker accepts it, and its
// syntax tree without places.
const { Flux, parse } = require("@influxdata/flux-lsp-node");
const { readFileSync } = require("node:fs");

const queries = JSON.parse(readFileSync(0, "utf8"));
const checked = queries.map((query) => ({ valid: new Flux(query).is_valid(), ast: parse(query) }));
process.stdout.write(JSON.stringify(checked, (key, value) => (key === "location" ? undefined : value)));
