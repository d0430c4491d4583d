// Objects that stay, half a million, while many more come and go beside them.

class Link {
  constructor(value, next) {
    this.value = value;
    this.next = next;
  }
}

function main(stay, pass) {
  let kept = null;
  for (let i = 0; i < stay; i++) kept = new Link(i, kept);
  let sum = 0;
  for (let i = 0; i < pass; i++) {
    const short = new Link(i, new Link(1, null));
    sum += short.next.value;
    if (sum === 1000) sum = 0;
  }
  let count = 0;
  for (let link = kept; link !== null; link = link.next) count++;
  console.log(sum);
  console.log(count);
}

main(500000, 600500);
