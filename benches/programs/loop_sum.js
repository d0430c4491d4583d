// One loop of additions: the dispatch of the machine and little else.

function main() {
  let sum = 0;
  let laps = 0;
  for (let i = 0; i < 60000000; i++) {
    sum += i;
    if (sum > 900000000) {
      sum -= 900000000;
      laps += 1;
      if (laps === 1000) laps = 0;
    }
  }
  console.log(laps);
}

main();
