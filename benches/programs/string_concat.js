// Strings joined with `+`: many short ones, and a long one that grows piece by piece.

function grow(pieces) {
  let text = "";
  for (let i = 0; i < pieces; i++) text = text + "moo ";
  return text;
}

function pairs(rounds) {
  let same = 0;
  const a = "the cow ";
  const b = "and the calf ";
  const both = "the cow and the calf ";
  for (let i = 0; i < rounds; i++) {
    let text = a + b;
    if (text === both) same++;
    text = text + a + b;
    if (text === both) same++;
  }
  return same;
}

function main(rounds) {
  const first = grow(4000);
  let same = 0;
  for (let i = 0; i < rounds; i++) {
    if (grow(4000) === first) same++;
    same += pairs(20000);
  }
  console.log(same);
}

main(100);
