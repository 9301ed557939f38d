// The peer: Microsoft's Durable Task SDK for JavaScript on its in-memory backend (not durable, one process). Prints
// "SEQUENCES_PER_SECOND P50_MS". Run where @microsoft/durabletask-js is installed.
const path = require("path");
const sdk = path.join(process.cwd(), "node_modules/@microsoft/durabletask-js/dist");
const { InMemoryOrchestrationBackend, TestOrchestrationClient, TestOrchestrationWorker } = require(sdk + "/testing");
console.log = console.info = console.debug = console.warn = () => {};

const hello = (_, city) => `Hello ${city}!`;
async function* sequence(ctx) {
  let all = "";
  for (const city of ["Tokyo", "Seattle", "London", "Lima", "Nairobi"]) all += yield ctx.callActivity(hello, city);
  return all;
}

async function main() {
  const backend = new InMemoryOrchestrationBackend();
  const client = new TestOrchestrationClient(backend);
  const worker = new TestOrchestrationWorker(backend);
  worker.addOrchestrator(sequence);
  worker.addActivity(hello);
  await worker.start();
  const one = async () => {
    const began = process.hrtime.bigint();
    const id = await client.scheduleNewOrchestration(sequence);
    await client.waitForOrchestrationCompletion(id, true, 60);
    return Number(process.hrtime.bigint() - began) / 1e6;
  };
  for (let i = 0; i < 20; ++i) await one();
  const alone = [];
  for (let i = 0; i < 100; ++i) alone.push(await one());
  alone.sort((a, b) => a - b);
  const count = 2000;
  let next = 0;
  const began = process.hrtime.bigint();
  await Promise.all(Array.from({ length: 32 }, async () => { while (next++ < count) await one(); }));
  const seconds = Number(process.hrtime.bigint() - began) / 1e9;
  process.stdout.write(`${(count / seconds).toFixed(0)} ${alone[50].toFixed(2)}\n`);
  process.exit(0);
}
main().catch((error) => { process.stderr.write(String(error && error.stack) + "\n"); process.exit(1); });
