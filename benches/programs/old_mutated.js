// Old objects that are given new parts, here and there: stores from an old generation into a young one.

class Record {
  constructor(id) {
    this.id = id;
    this.name = "n" + String(id);
    this.tags = [id, id + 1, this.name];
  }
}

const records = [];

function main(stay, stores) {
  for (let i = 0; i < stay; i++) records.push(new Record(i));
  let place = 1;
  for (let i = 0; i < stores; i++) {
    place = (place * 1103 + 12345) % stay;
    records[place].tags = [i, place, records[place]];
  }
  let sum = 0;
  for (const record of records) sum += record.tags[1] % 7 + record.id % 5;
  console.log(sum);
}

main(200000, 800000);
