// start.cjs AZURITE_FOLDER [ARGUMENT…]: Azurite with a clock that can be moved. A line `advance N` on
// standard input moves it by N seconds and is answered by `moved`; the end of the input ends it.
const RealDate = Date;
let ahead = 0;
global.Date = class Date extends RealDate {
  constructor(...given) {
    if (given.length === 0) super(RealDate.now() + ahead);
    else super(...given);
  }
  static now() {
    return RealDate.now() + ahead;
  }
};
require("readline")
  .createInterface({ input: process.stdin })
  .on("line", (line) => {
    const seconds = /^advance (\d+)$/.exec(line);
    if (!seconds) return;
    ahead += Number(seconds[1]) * 1000;
    process.stdout.write("moved\n");
  })
  .on("close", () => process.kill(process.pid, "SIGTERM"));
// Else the open input would keep a process alive that has ended its services.
process.stdin.unref();
const folder = process.argv[2];
process.argv.splice(1, 2, "azurite");
require(folder + "/node_modules/azurite/dist/src/azurite.js");
