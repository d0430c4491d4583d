// Binary trees of many depths made and dropped beside one that stays: allocation and recursion.

class Tree {
  constructor(depth) {
    if (depth > 0) {
      this.left = new Tree(depth - 1);
      this.right = new Tree(depth - 1);
    } else {
      this.left = null;
      this.right = null;
    }
  }

  count() {
    if (this.left === null) return 1;
    return this.left.count() + this.right.count() + 1;
  }
}

function main(depths) {
  const stays = new Tree(depths);
  console.log(new Tree(depths + 1).count());
  let rounds = 1;
  for (let depth = 4; depth < depths; depth += 2) rounds *= 4;
  for (let depth = 4; depth <= depths; depth += 2) {
    let nodes = 0;
    for (let i = 0; i < rounds; i++) nodes += new Tree(depth).count();
    console.log(depth);
    console.log(nodes - rounds);
    rounds /= 4;
  }
  console.log(stays.count());
}

main(16);
