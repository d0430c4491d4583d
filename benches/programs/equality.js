// Comparisons for equality of values of every kind, held in locals.

class Cow {}

function main(rounds) {
  const nothing = null;
  const yes = true;
  const no = false;
  const one = 1;
  const two = 2;
  const text = "moo";
  const other = "baa";
  const bess = new Cow();
  const daisy = new Cow();
  let equal = 0;
  let different = 0;
  for (let i = 0; i < rounds; i++) {
    if (nothing === null) equal++;
    if (yes === no) equal++;
    if (one === i) equal++;
    if (one === two) equal++;
    if (one === text) equal++;
    if (text === text) equal++;
    if (text === other) equal++;
    if (bess === daisy) equal++;
    if (bess === bess) equal++;
    if (nothing !== yes) different++;
    if (no !== no) different++;
    if (two !== 2) different++;
    if (two !== i) different++;
    if (other !== "moo") different++;
    if (daisy !== bess) different++;
    if (daisy !== nothing) different++;
  }
  console.log(equal - 3 * rounds);
  console.log(different - 5 * rounds);
}

main(6000000);
