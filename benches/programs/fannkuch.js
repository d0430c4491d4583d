// Pancakes flipped for every permutation: reading and writing the items of short lists.

function fannkuch(size) {
  const order = [];
  const rotated = [];
  for (let i = 0; i < size; i++) {
    order.push(i);
    rotated.push(0);
  }
  let most = 0;
  let checksum = 0;
  let even = true;
  while (true) {
    if (order[0] !== 0) {
      const stack = order.slice();
      let flips = 0;
      let first = stack[0];
      while (first !== 0) {
        let low = 0;
        let high = first;
        while (low < high) {
          const kept = stack[low];
          stack[low] = stack[high];
          stack[high] = kept;
          low++;
          high--;
        }
        flips++;
        first = stack[0];
      }
      if (flips > most) most = flips;
      checksum += even ? flips : -flips;
    }
    // The next permutation: prefixes are rotated, a longer one once a shorter one has come round.
    even = !even;
    let end = 1;
    while (true) {
      if (end === size) {
        console.log(checksum);
        console.log(most);
        return;
      }
      const front = order[0];
      for (let i = 0; i < end; i++) order[i] = order[i + 1];
      order[end] = front;
      rotated[end] += 1;
      if (rotated[end] <= end) break;
      rotated[end] = 0;
      end++;
    }
  }
}

fannkuch(9);
