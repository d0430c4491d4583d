// Closures made and called: counters with state of their own, functions composed, a variable shared by two.

function counter(step) {
  let n = 0;
  return function () {
    n += step;
    return n;
  };
}

function compose(f, g) {
  return function (x) { return f(g(x)); };
}

function adder(n) {
  return function (x) { return x + n; };
}

function account(balance) {
  function deposit(amount) { balance += amount; }
  function read() { return balance; }
  return function (which) { return which ? deposit : read; };
}

function main(rounds) {
  const count = counter(2);
  let total = 0;
  for (let i = 0; i < rounds; i++) {
    const twice = compose(adder(i), adder(1));
    total += twice(count() - count()) - i;
    if (total < -500000) total += 500000;
    const bess = account(i);
    bess(true)(5);
    if (bess(false)() !== i + 5) console.log("wrong");
    for (let k = 0; k < 4; k++) count();
  }
  console.log(total);
  console.log(count() - 7000000);
}

main(600000);
