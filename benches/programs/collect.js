// Records that stay: an instance, a list and a string each. Then full collections that find nothing to give back.

class Record {
  constructor(id) {
    this.id = id;
    this.name = "n" + String(id);
    this.tags = [id, id + 1, this.name];
  }
}

const records = [];

function main(count) {
  // The outer list has its room before the records are weighed.
  for (let i = 0; i < count; i++) records.push(null);
  const before = process.memoryUsage().rss;
  for (let i = 0; i < count; i++) records[i] = new Record(i);
  console.log(`# record ${(process.memoryUsage().rss - before) / count} bytes`);
  for (let round = 0; round < 3 && globalThis.gc; round++) {
    const start = process.cpuUsage();
    globalThis.gc();
    const used = process.cpuUsage(start);
    console.log(`# collection ${(used.user + used.system) / 1000} ms`);
  }
  let sum = 0;
  for (const record of records) sum += record.tags[1];
  console.log(sum);
}

main(Number(process.argv[2]));
