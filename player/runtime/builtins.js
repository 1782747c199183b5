// Libraries of 2010 change what the language has for the whole page, and hls.js
// and Video.js trust it.

// plainly runs what turns settings into JSON and back, without the toJSON that
// Prototype gives to arrays and strings: it makes strings of them.
export function plainly(run) {
  const taken = [];
  for (const owner of [Array.prototype, String.prototype, Number.prototype, Object.prototype]) {
    const own = Object.getOwnPropertyDescriptor(owner, 'toJSON');
    if (own && own.configurable && delete owner.toJSON) taken.push([owner, own]);
  }
  try {
    return run();
  } finally {
    for (const [owner, own] of taken) Object.defineProperty(owner, 'toJSON', own);
  }
}

// completeBind gives back what MooTools takes from bind: more arguments than
// one, and those of the call. Its own way of an array for all stays.
export function completeBind() {
  const sum = function (a, b) { return a + b; };
  if (sum.bind(null, 1)(2) === 3) return;
  const theirs = Function.prototype.bind;
  Function.prototype.bind = function (self, ...first) {
    if (first.length === 1 && Array.isArray(first[0])) return theirs.call(this, self, first[0]);
    const run = this;
    return function (...rest) { return run.call(self, ...first, ...rest); };
  };
}
