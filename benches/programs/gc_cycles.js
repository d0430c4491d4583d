// Cycles made and dropped at once: what counts alone never give back.

class Node {
  constructor(id) {
    this.id = id;
    this.other = null;
    this.self = this;
  }
}

function main(rounds) {
  let sum = 0;
  for (let i = 0; i < rounds; i++) {
    const a = new Node(i);
    const b = new Node(1);
    a.other = b;
    b.other = a;
    sum += a.other.other.self.other.id;
  }
  console.log(sum);
}

main(900000);
