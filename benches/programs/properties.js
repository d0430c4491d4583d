// Twenty fields of one object, read and written.

class Meadow {
  constructor() {
    this.amber = 1;
    this.birch = 2;
    this.cedar = 3;
    this.dusk = 4;
    this.elder = 5;
    this.fern = 6;
    this.grove = 7;
    this.hazel = 8;
    this.iris = 9;
    this.juniper = 10;
    this.kelp = 11;
    this.lotus = 12;
    this.maple = 13;
    this.nettle = 14;
    this.olive = 15;
    this.poppy = 16;
    this.quince = 17;
    this.rowan = 18;
    this.sage = 19;
    this.thyme = 20;
  }

  sum() {
    return this.amber
      + this.birch
      + this.cedar
      + this.dusk
      + this.elder
      + this.fern
      + this.grove
      + this.hazel
      + this.iris
      + this.juniper
      + this.kelp
      + this.lotus
      + this.maple
      + this.nettle
      + this.olive
      + this.poppy
      + this.quince
      + this.rowan
      + this.sage
      + this.thyme;
  }

  turn() {
    const first = this.amber;
    this.amber = this.birch;
    this.birch = this.cedar;
    this.cedar = this.dusk;
    this.dusk = this.elder;
    this.elder = this.fern;
    this.fern = this.grove;
    this.grove = this.hazel;
    this.hazel = this.iris;
    this.iris = this.juniper;
    this.juniper = this.kelp;
    this.kelp = this.lotus;
    this.lotus = this.maple;
    this.maple = this.nettle;
    this.nettle = this.olive;
    this.olive = this.poppy;
    this.poppy = this.quince;
    this.quince = this.rowan;
    this.rowan = this.sage;
    this.sage = this.thyme;
    this.thyme = first;
  }
}

function main(rounds) {
  const meadow = new Meadow();
  let total = 0;
  for (let i = 0; i < rounds; i++) {
    total += meadow.sum();
    meadow.turn();
    if (total > 500000) total -= 500000;
  }
  console.log(total);
  console.log(meadow.amber);
}

main(1500000);
