// Methods that change an object's state, inherited, overridden and called through `super`.

class Light {
  constructor(on) { this.on = on; }
  isOn() { return this.on; }

  press() {
    this.on = !this.on;
    return this;
  }
}

class LazyLight extends Light {
  constructor(on, patience) {
    super(on);
    this.patience = patience;
    this.pressed = 0;
  }

  press() {
    this.pressed += 1;
    if (this.pressed >= this.patience) {
      super.press();
      this.pressed = 0;
    }
    return this;
  }
}

function count(light, presses) {
  let lit = 0;
  for (let i = 0; i < presses; i++) {
    if (light.press().isOn()) lit++;
    if (light.press().isOn()) lit++;
    if (light.press().isOn()) lit++;
    if (light.press().isOn()) lit++;
    if (light.press().isOn()) lit++;
  }
  return lit;
}

console.log(count(new Light(true), 390000));
console.log(count(new LazyLight(true, 3), 390000));
