// Is a compose file one that balena takes? Reads YAML from standard input; prints what balena makes of it as JSON, or
// fails with balena's own message.
const { Readable } = require("node:stream");
const { parse } = require("@balena/compose");
const yaml = require("js-yaml");

async function main() {
  const chunks = [];
  for await (const chunk of process.stdin) chunks.push(chunk);
  const composition = yaml.load(Buffer.concat(chunks).toString());
  // Only env_file would read another file, and balena has none.
  const normal = await parse.normalize(composition, async () => Readable.from(["A=1"]));
  process.stdout.write(JSON.stringify(normal));
}

main().catch((error) => {
  process.stderr.write(`${error.name}: ${error.message}\n`);
  process.exitCode = 1;
});
