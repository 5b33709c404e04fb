/**
 * Solves a symmetric positive definite system by Cholesky's method.
 * @param system [n, n] row major; overwritten
 * @param target [n]
 */
export function solvePositiveDefinite(system: Float64Array, target: Float64Array): Float64Array {
  const count = target.length;
  for (let row = 0; row < count; row += 1) {
    for (let column = 0; column <= row; column += 1) {
      let sum = system[row * count + column]!;
      for (let k = 0; k < column; k += 1) sum -= system[row * count + k]! * system[column * count + k]!;
      system[row * count + column] = row === column ? Math.sqrt(sum) : sum / system[column * count + column]!;
    }
  }
  const solution = target.slice();
  for (let row = 0; row < count; row += 1) {
    for (let k = 0; k < row; k += 1) solution[row]! -= system[row * count + k]! * solution[k]!;
    solution[row]! /= system[row * count + row]!;
  }
  for (let row = count - 1; row >= 0; row -= 1) {
    for (let k = row + 1; k < count; k += 1) solution[row]! -= system[k * count + row]! * solution[k]!;
    solution[row]! /= system[row * count + row]!;
  }
  return solution;
}
