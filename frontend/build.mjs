// Bundles src/main.ts into the one ES module that the integration serves.
// `node build.mjs FILE` writes it elsewhere: the test that the committed bundle is current does so.
import { build } from "esbuild";
import { fileURLToPath } from "node:url";

const outfile = process.argv[2] ?? fileURLToPath(new URL("../custom_components/hems/frontend/hems.js", import.meta.url));

await build({
  entryPoints: [fileURLToPath(new URL("src/main.ts", import.meta.url))],
  outfile,
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  conditions: ["production"],
  legalComments: "none",
  charset: "utf8",
  banner: { js: "/* HEMS dashboard. Built from frontend/ by `npm --prefix frontend run build`. Contains lit, BSD-3-Clause, (c) Google LLC. */" },
  logLevel: "warning",
});
