// One call site, several classes: methods inherited, overridden and called on objects in turn.

class Animal {
  constructor(weight) { this.weight = weight; }
  eat(amount) { this.weight += amount; }
  legs() { return 4; }
  speak() { return this.voice() + this.legs(); }
  voice() { return 0; }
}

class Cow extends Animal {
  voice() { return 1; }
}

class Calf extends Cow {
  constructor(weight, mother) {
    super(weight);
    this.mother = mother;
  }
  eat(amount) { super.eat(amount / 2); }
  voice() { return 2 + this.mother.voice(); }
}

class Hen extends Animal {
  legs() { return 2; }
  voice() { return 3; }
}

function feed(animal) {
  animal.eat(2);
  return animal.speak();
}

function main(rounds) {
  const cow = new Cow(500);
  const calf = new Calf(40, cow);
  const hen = new Hen(3);
  let sum = 0;
  for (let i = 0; i < rounds; i++) {
    sum = sum + feed(cow) + feed(calf) + feed(hen);
    if (sum > 100000) sum -= 100000;
    if (cow.weight > 100000) cow.weight = 500;
    if (calf.weight > 100000) calf.weight = 40;
    if (hen.weight > 100000) hen.weight = 3;
  }
  console.log(sum);
  console.log(cow.weight);
  console.log(calf.weight);
  console.log(hen.weight);
}

main(600000);
