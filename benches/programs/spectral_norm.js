// The spectral norm of an infinite matrix, cut off: calls and arithmetic over lists of numbers.

function entry(i, k) {
  const diagonal = i + k;
  return 1 / (diagonal * (diagonal + 1) / 2 + i + 1);
}

function times(from, into) {
  const count = from.length;
  for (let i = 0; i < count; i++) {
    let sum = 0;
    for (let k = 0; k < count; k++) sum += entry(i, k) * from[k];
    into[i] = sum;
  }
}

function timesTransposed(from, into) {
  const count = from.length;
  for (let i = 0; i < count; i++) {
    let sum = 0;
    for (let k = 0; k < count; k++) sum += entry(k, i) * from[k];
    into[i] = sum;
  }
}

function main(count) {
  const u = new Array(count).fill(1);
  const v = new Array(count).fill(0);
  const between = new Array(count).fill(0);
  for (let i = 0; i < 10; i++) {
    times(u, between);
    timesTransposed(between, v);
    times(v, between);
    timesTransposed(between, u);
  }
  let mixed = 0;
  let square = 0;
  for (let i = 0; i < count; i++) {
    mixed += u[i] * v[i];
    square += v[i] * v[i];
  }
  console.log(Math.floor(Math.sqrt(mixed / square) * 1e9));
}

main(520);
