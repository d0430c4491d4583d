// Strings compared: the same one, equal ones that were joined, different ones of one length and of another.

function main(rounds) {
  const short = "a";
  const pair = "ab";
  const joined = ["a", "b"].join("");
  const text = "the cow jumped over the moon";
  const near = "the cow jumped over the mook";
  const far = "the cat jumped over the moon";
  const long = "the cow jumped over the moon and did not come back before the milking of the evening";
  const copy = ["the cow jumped over the moon and did not come back ", "before the milking of the evening"].join("");
  let equal = 0;
  for (let i = 0; i < rounds; i++) {
    if (short === pair) equal++;
    if (pair === joined) equal++;
    if (text === near) equal++;
    if (text === far) equal++;
    if (text === text) equal++;
    if (text === long) equal++;
    if (long === copy) equal++;
    if (long === near) equal++;
    if (far !== near) equal++;
    if (copy !== long) equal++;
    if (text !== "the cow jumped over the moon") equal++;
    if (pair === "ab") equal++;
    if (short === 1) equal++;
    if (short === null) equal++;
  }
  console.log(equal / 1000);
}

main(6000000);
