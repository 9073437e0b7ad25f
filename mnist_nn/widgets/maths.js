// The mathematics of all figures. A function that bears the name of one in mnist_nn gives the same
// numbers; tests/widgets/test_maths.py compares them. All is written for one example: vectors are
// arrays, a matrix is an array of its rows, layers are numbered from 1.

// --- One layer -------------------------------------------------------------------------------

// a (n), W (n, K), b (K) → z = a W + b (K). Most pixels are 0, and a 0 adds nothing.
export function affine(a, W, b) {
  const z = new Float64Array(b);
  for (let i = 0; i < a.length; i++) {
    if (a[i] === 0) continue;
    const [x, row] = [a[i], W[i]];
    for (let k = 0; k < z.length; k++) z[k] += x * row[k];
  }
  return z;
}

// dz (K), W (n, K) → da = dz Wᵀ (n)
export function affineBackward(dz, W) {
  const da = new Float64Array(W.length);
  for (let i = 0; i < W.length; i++) {
    const row = W[i];
    for (let k = 0; k < dz.length; k++) da[i] += row[k] * dz[k];
  }
  return da;
}

// dz (K), a (n) → adds a dzᵀ to dW (n, K), and dz to db (K)
export function addGradient(dz, a, dW, db) {
  for (let i = 0; i < a.length; i++) {
    if (a[i] === 0) continue;
    const [x, row] = [a[i], dW[i]];
    for (let k = 0; k < dz.length; k++) row[k] += x * dz[k];
  }
  for (let k = 0; k < dz.length; k++) db[k] += dz[k];
}

// --- Activations: z (n) → a (n), and back ----------------------------------------------------

export const relu = (z) => z.map((x) => Math.max(x, 0));

// c is the derivative at zero.
export const reluBackward = (da, z, c = 0) =>
  da.map((d, k) => (z[k] > 0 ? d : z[k] === 0 ? c * d : 0));

// Written so that the exponential never overflows.
export const sigmoid = (z) =>
  z.map((x) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x))));

export const sigmoidBackward = (da, a) => da.map((d, k) => d * a[k] * (1 - a[k]));

export const activations = {
  relu: { forward: relu, backward: (da, z) => reluBackward(da, z) },
  sigmoid: { forward: sigmoid, backward: (da, z, a) => sigmoidBackward(da, a) },
};

// --- Softmax and the losses ------------------------------------------------------------------

// z (K) → p (K). Without the shift, exp overflows for logits above 709.
export function softmax(z, shift = true) {
  const most = shift ? Math.max(...z) : 0;
  const e = z.map((x) => Math.exp(x - most));
  const sum = e.reduce((s, x) => s + x, 0);
  return e.map((x) => x / sum);
}

// z (K) → log Σ exp z
export function logsumexp(z) {
  const most = Math.max(...z);
  return most + Math.log(z.reduce((s, x) => s + Math.exp(x - most), 0));
}

// p (K) → diag(p) - p pᵀ (K, K)
export const softmaxJacobian = (p) =>
  Array.from(p, (pi, i) => Array.from(p, (pj, j) => (i === j ? pi : 0) - pi * pj));

// dp (K), p (K) → dz = p (dp - p·dp)
export function softmaxBackward(dp, p) {
  const mean = dp.reduce((s, d, k) => s + d * p[k], 0);
  return p.map((x, k) => x * (dp[k] - mean));
}

export const oneHot = (y, K) => Array.from({ length: K }, (_, k) => Number(k === y));

// p (K), label y → p - y
export const minusOneHot = (p, y) => p.map((x, k) => x - Number(k === y));

// z (K), label y → the loss in nats, and dz = p - y
export const softmaxNll = (z, y) => ({
  loss: logsumexp(z) - z[y],
  dz: minusOneHot(softmax(z), y),
});

// z (K), label y → Σ (p - y)², and dz
export function softmaxMse(z, y) {
  const p = softmax(z);
  const e = minusOneHot(p, y);
  return {
    loss: e.reduce((s, x) => s + x * x, 0),
    dz: softmaxBackward(e.map((x) => 2 * x), p),
  };
}

// --- Chance: numbers that depend on the seed alone -------------------------------------------

// A generator of numbers in [0, 1): mulberry32, by Tommy Ettinger (public domain).
export function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

// A number from the standard normal distribution, by Box and Muller.
export const normal = (rng) =>
  Math.sqrt(-2 * Math.log(1 - rng())) * Math.cos(2 * Math.PI * rng());

// 0 … n - 1 in random order, by Fisher and Yates
export function permutation(rng, n) {
  const order = Int32Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor(rng() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

// The first weights of a layer: (rng, nIn, nOut) → one number
export const inits = {
  he_normal: (rng, nIn) => normal(rng) * Math.sqrt(2 / nIn),
  glorot_normal: (rng, nIn, nOut) => normal(rng) * Math.sqrt(2 / (nIn + nOut)),
  glorot_uniform: (rng, nIn, nOut) => (2 * rng() - 1) * Math.sqrt(6 / (nIn + nOut)),
  fan_in_uniform: (rng, nIn) => (2 * rng() - 1) / Math.sqrt(nIn),
  standard_normal: (rng) => normal(rng),
  zeros: () => 0,
};

// --- A network -------------------------------------------------------------------------------

export const zeros = (rows, columns) =>
  Array.from({ length: rows }, () => new Float64Array(columns));

// {activation, W, b}: W[l] (n_{l-1}, n_l) and b[l] (n_l), l = 1 … L; biases start at zero.
export function network(sizes, activation, init, rng) {
  const net = { activation, W: [null], b: [null] };
  for (let l = 1; l < sizes.length; l++) {
    const [nIn, nOut] = [sizes[l - 1], sizes[l]];
    net.W.push(zeros(nIn, nOut).map((row) => row.map(() => inits[init](rng, nIn, nOut))));
    net.b.push(new Float64Array(nOut));
  }
  return net;
}

// x (n_0) → the layers' z[1] … z[L] (logits) and a[0] = x … a[L-1]
export function forward(net, x) {
  const [z, a, L] = [[null], [x], net.W.length - 1];
  for (let l = 1; l <= L; l++) {
    z.push(affine(a[l - 1], net.W[l], net.b[l]));
    if (l < L) a.push(activations[net.activation].forward(z[l]));
  }
  return { z, a, logits: z[L] };
}

// dz of the last layer, and what forward gave → [, dz¹ … dzᴸ]
export function backward(net, { z, a }, dz) {
  const all = [null];
  for (let l = net.W.length - 1; l >= 1; l--) {
    all[l] = dz;
    if (l > 1) {
      const da = affineBackward(dz, net.W[l]);
      dz = activations[net.activation].backward(da, z[l - 1], a[l - 1]);
    }
  }
  return all;
}

// A gradient of zeros, to add those of a batch's examples to
export const noGradient = (net) => ({
  dW: net.W.map((W) => W && zeros(W.length, W[0].length)),
  db: net.b.map((b) => b && new Float64Array(b.length)),
});

// Adds `share` times the gradient of one example's NLL; returns that NLL, and whether the example
// was read correctly.
export function addExample(net, x, y, share, { dW, db }) {
  const pass = forward(net, x);
  const { loss, dz } = softmaxNll(pass.logits, y);
  const all = backward(net, pass, dz.map((d) => d * share));
  for (let l = 1; l < all.length; l++) addGradient(all[l], pass.a[l - 1], dW[l], db[l]);
  return { loss, right: argmax(pass.logits) === y };
}

// Examples X, labels y → the mean NLL, its gradient, and how many were read correctly
export function lossAndGrad(net, X, y) {
  const gradient = noGradient(net);
  let [loss, right] = [0, 0];
  X.forEach((x, m) => {
    const one = addExample(net, x, y[m], 1 / X.length, gradient);
    loss += one.loss / X.length;
    right += Number(one.right);
  });
  return { loss, right, ...gradient };
}

// W ← W - η dW, b ← b - η db, in place
export function sgdStep(net, { dW, db }, eta) {
  for (let l = 1; l < net.W.length; l++) {
    net.W[l].forEach((row, i) => descend(row, dW[l][i], eta));
    descend(net.b[l], db[l], eta);
  }
}

// v ← v - η dv, in place. A plain loop: this is most of the work of a small batch.
function descend(v, dv, eta) {
  for (let k = 0; k < v.length; k++) v[k] -= eta * dv[k];
}

// p (K) of a network for image x, and the gradient of the logit k with respect to the pixels
export function inputGradient(net, x, k) {
  const pass = forward(net, x);
  const dz = backward(net, pass, Float64Array.from(oneHot(k, pass.logits.length)));
  return affineBackward(dz[1], net.W[1]);
}

export const argmax = (v) => v.reduce((best, x, k) => (x > v[best] ? k : best), 0);

// --- A drawing, made like an image of MNIST --------------------------------------------------

// Draws with a round pen, so many pixels wide, from one point [x, y] to another into the ink
// (height, width), from 0 to 1. Its edge is two pixels soft.
export function drawLine(ink, [x0, y0], [x1, y1], width) {
  const [dx, dy, reach] = [x1 - x0, y1 - y0, width / 2 + 1];
  const top = Math.max(0, Math.floor(Math.min(y0, y1) - reach));
  const left = Math.max(0, Math.floor(Math.min(x0, x1) - reach));
  for (let i = top; i < ink.length && i < Math.max(y0, y1) + reach; i++) {
    for (let j = left; j < ink[i].length && j < Math.max(x0, x1) + reach; j++) {
      const [x, y] = [j + 0.5 - x0, i + 0.5 - y0]; // the middle of the pixel, from the start
      const along = (x * dx + y * dy) / (dx * dx + dy * dy) || 0; // a dot has no length
      const t = Math.min(Math.max(along, 0), 1);
      const near = (reach - Math.hypot(x - t * dx, y - t * dy)) / 2;
      ink[i][j] = Math.max(ink[i][j], Math.min(near, 1));
    }
  }
}

// The ink (height, width), from 0 to 1, of one digit on clean paper → 28 × 28 pixels from 0 to 255,
// as mnist_nn.data.center_digit makes them; null where there is no ink.
export function centerDigit(ink) {
  const most = ink.reduce((m, row) => Math.max(m, ...row), 0);
  if (most === 0) return null;
  const full = median(ink.flatMap((row) => Array.from(row.filter((v) => v >= most / 2))));
  ink = ink.map((row) => row.map((v) => Math.min(Math.max((v / full - 0.1) / 0.9, 0), 1)));
  const [top, bottom] = extent(ink.map((row) => row.reduce((s, v) => s + v * v, 0)));
  const [left, right] = extent(ink[0].map((_, j) => ink.reduce((s, row) => s + row[j] ** 2, 0)));
  ink = ink.slice(top, bottom + 1).map((row) => row.slice(left, right + 1));

  const [h, w] = [ink.length, ink[0].length];
  const scale = 20 / Math.max(h, w);
  const [height, width] = [h, w].map((n) => Math.max(1, rint(n * scale)));
  const across = averages(width, w);
  const rows = ink.map((row) => across.map((mean) => dot(mean, row))); // (h, w) → (h, width)
  const small = averages(height, h).map((mean) =>
    across.map((_, j) => rows.reduce((s, row, i) => s + mean[i] * row[j], 0)),
  ); // (h, width) → (height, width)
  const level = 255 / Math.max(...small.flat());

  const y = place(small.map((row) => row.reduce((s, v) => s + v, 0)));
  const x = place(small[0].map((_, j) => small.reduce((s, row) => s + row[j], 0)));
  const image = new Uint8Array(784);
  small.forEach((row, i) => row.forEach((v, j) => (image[28 * (y + i) + x + j] = rint(v * level))));
  return image;
}

// To the nearest integer; halves go to the even one, as in Python.
function rint(x) {
  const down = Math.floor(x);
  const rest = x - down;
  return rest > 0.5 || (rest === 0.5 && down % 2) ? down + 1 : down;
}

function dot(u, v) {
  let sum = 0;
  for (let i = 0; i < u.length; i++) sum += u[i] * v[i];
  return sum;
}

function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

// The first and last of so much ink that holds all but a speck
function extent(ink) {
  const sum = ink.reduce((s, v) => s + v, 0);
  let share = 0;
  const shares = ink.map((v) => (share += v) / sum);
  return [shares.findIndex((s) => s >= 0.001), shares.findIndex((s) => s >= 0.999)];
}

// (new, old): each new value is the mean of what it covers
const averages = (now, old) =>
  Array.from({ length: now }, (_, i) =>
    Array.from({ length: old }, (_, j) => {
      const [from, to] = [(i * old) / now, ((i + 1) * old) / now];
      return (Math.max(0, Math.min(to, j + 1) - Math.max(from, j)) * now) / old;
    }),
  );

// Where rows (or columns) with so much ink start, for their centre of mass at 14
function place(ink) {
  const centre = ink.reduce((s, v, i) => s + i * v, 0) / ink.reduce((s, v) => s + v, 0);
  return Math.min(Math.max(rint(14 - centre), 0), 28 - ink.length);
}
