// Twenty methods that do nothing but give a number, called on one object.

class Meadow {
  amber() { return 1; }
  birch() { return 2; }
  cedar() { return 3; }
  dusk() { return 4; }
  elder() { return 5; }
  fern() { return 6; }
  grove() { return 7; }
  hazel() { return 8; }
  iris() { return 9; }
  juniper() { return 10; }
  kelp() { return 11; }
  lotus() { return 12; }
  maple() { return 13; }
  nettle() { return 14; }
  olive() { return 15; }
  poppy() { return 16; }
  quince() { return 17; }
  rowan() { return 18; }
  sage() { return 19; }
  thyme() { return 20; }
}

function main(rounds) {
  const meadow = new Meadow();
  let total = 0;
  for (let i = 0; i < rounds; i++) {
    total = total
      + meadow.amber()
      + meadow.birch()
      + meadow.cedar()
      + meadow.dusk()
      + meadow.elder()
      + meadow.fern()
      + meadow.grove()
      + meadow.hazel()
      + meadow.iris()
      + meadow.juniper()
      + meadow.kelp()
      + meadow.lotus()
      + meadow.maple()
      + meadow.nettle()
      + meadow.olive()
      + meadow.poppy()
      + meadow.quince()
      + meadow.rowan()
      + meadow.sage()
      + meadow.thyme();
    if (total > 500000) total -= 500000;
  }
  console.log(total);
}

main(1000000);
