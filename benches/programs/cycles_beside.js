// Cycles made and dropped beside a large heap that stays.

class Record {
  constructor(id) {
    this.id = id;
    this.name = "n" + String(id);
    this.tags = [id, id + 1, this.name];
  }
}

class Node {
  constructor(id) {
    this.id = id;
    this.links = [];
  }
}

const records = [];

function main(stay, churn) {
  for (let i = 0; i < stay; i++) records.push(new Record(i));
  let sum = 0;
  for (let i = 0; i < churn; i++) {
    const a = new Node(i);
    const b = new Node(records[i % stay]);
    a.links.push(b);
    b.links.push(a);
    sum += b.links[0].links[0].id.id;
  }
  console.log(sum);
  console.log(records.length);
}

main(100000, 500000);
