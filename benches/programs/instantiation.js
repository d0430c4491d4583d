// Instances without fields, made and dropped: a class with an initializer and one without.

class Plain {}

class Made {
  constructor() {}
}

function main(rounds) {
  let last = null;
  for (let i = 0; i < rounds; i++) {
    new Plain(); new Made();
    new Plain(); new Made();
    new Plain(); new Made();
    new Plain(); new Made();
    last = new Made();
    last = new Plain();
  }
  console.log(last !== null);
}

main(600000);
