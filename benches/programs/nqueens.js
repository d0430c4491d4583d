// Queens on a board, all solutions: recursion and lists of booleans.

function place(row, size, columns, rising, falling) {
  if (row === size) return 1;
  let count = 0;
  for (let column = 0; column < size; column++) {
    const up = row + column;
    const down = row - column + size - 1;
    if (columns[column] && rising[up] && falling[down]) {
      columns[column] = false;
      rising[up] = false;
      falling[down] = false;
      count += place(row + 1, size, columns, rising, falling);
      columns[column] = true;
      rising[up] = true;
      falling[down] = true;
    }
  }
  return count;
}

function free(count) {
  return new Array(count).fill(true);
}

for (let size = 4; size <= 12; size++) {
  console.log(place(0, size, free(size), free(2 * size), free(2 * size)));
}
