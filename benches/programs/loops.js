// Loops within loops: triangles counted, and a while with two exits.

function triangles(side) {
  let count = 0;
  for (let a = 1; a <= side; a++) {
    for (let b = a; b <= side; b++) {
      for (let c = b; c < a + b && c <= side; c++) {
        count++;
        if (count === 1000000) count = 0;
      }
    }
  }
  return count;
}

function longestCollatz(limit) {
  let best = 0;
  let winner = 0;
  for (let start = 1; start < limit; start++) {
    let n = start;
    let steps = 0;
    while (n > 1) {
      const half = n / 2;
      let rest = half;
      // The fraction of a small number, without a remainder operator.
      while (rest >= 1024) rest -= 1024;
      while (rest >= 32) rest -= 32;
      while (rest >= 1) rest -= 1;
      if (rest === 0) n = half; else n = 3 * n + 1;
      if (n > 1000000) n = 1;
      steps++;
    }
    if (steps > best) {
      best = steps;
      winner = start;
    }
  }
  console.log(best);
  return winner;
}

console.log(triangles(560));
console.log(longestCollatz(12000));
