// compare.cjs PEERS START BENCH OUT: five runs of each, in turn, on one emulator; medians and their
// ratio to OUT and to standard output.
const { spawn, spawnSync } = require("node:child_process");
const crypto = require("node:crypto");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const [peers, start, bench, out] = process.argv.slice(2);
const CONCURRENCY = "16", COUNT = "2000", RUNS = 5;

async function emulator() {
  const key = crypto.randomBytes(32).toString("base64");
  const child = spawn("node", [start, peers, "--disableTelemetry", "--silent", "--inMemoryPersistence",
    "--blobPort", "0", "--queuePort", "0", "--tablePort", "0"],
    { env: { ...process.env, AZURITE_ACCOUNTS: `octo:${key}` }, stdio: ["pipe", "pipe", "inherit"] });
  const port = await new Promise((resolve, reject) => {
    child.on("exit", () => reject(new Error("the emulator ended")));
    let found;
    require("node:readline").createInterface({ input: child.stdout }).on("line", (line) => {
      found = /Azurite Blob service is successfully listen.*:(\d+)/.exec(line) || found;
      if (/Table service is successfully listen/.test(line)) resolve(found[1]);
    });
  });
  const at = `http://127.0.0.1:${port}/octo`;
  return { child, connection: `DefaultEndpointsProtocol=http;AccountName=octo;AccountKey=${key};` +
    `BlobEndpoint=${at};QueueEndpoint=${at};TableEndpoint=${at};` };
}

function measure(command, args, connection) {
  const done = spawnSync(command, args, { input: connection + "\n", encoding: "utf8" });
  if (done.status !== 0) throw new Error(done.stderr);
  return JSON.parse(done.stdout).puts_per_second;
}
const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];

(async () => {
  const { child, connection } = await emulator();
  const ours = [], theirs = [];
  for (let run = 0; run < RUNS; run++) {
    ours.push(measure(bench, [`ours-${run}-`, CONCURRENCY, COUNT], connection));
    theirs.push(measure("node", [path.join(__dirname, "peer.cjs"), peers, `theirs-${run}-`,
      CONCURRENCY, COUNT], connection));
    console.log(`run ${run + 1}: ours ${ours[run]} puts a second, @azure/storage-blob ${theirs[run]}`);
  }
  child.removeAllListeners("exit");
  child.kill("SIGKILL");
  const figures = { azurite_puts_per_second: median(ours), peer_azurite_puts_per_second: median(theirs),
    azurite_puts_ratio: Number((median(ours) / median(theirs)).toFixed(3)) };
  fs.writeFileSync(out, JSON.stringify({ name: "azure",
    machine: `${os.cpus().length} x ${os.cpus()[0].model}, Linux ${os.release()}`, figures }, null, 1) + "\n");
  console.log(JSON.stringify(figures));
})().catch((error) => {
  console.error(error.message);
  process.exit(1);
});
