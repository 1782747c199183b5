
// boot mounts every container of the kind and offers mounting by hand as
// window.streamwatch.KIND(element, configuration), for pages that build theirs later.
function boot(kind, makeEngine) {
  const mounted = new WeakMap();
  const start = (root, given) => {
    if (!mounted.has(root)) {
      const player = mount(root, kind, makeEngine, given);
      mounted.set(root, player);
      const destroy = player.destroy;
      player.destroy = () => {
        mounted.delete(root);
        destroy();
      };
    }
    return mounted.get(root);
  };
  window.streamwatch = Object.assign(window.streamwatch || {}, { [kind]: start });
  const all = () => document.querySelectorAll('[data-streamwatch="' + kind + '"]').forEach((root) => start(root));
  // Deferred scripts have run by DOMContentLoaded, so the library is there.
  // A script that was added later may have missed that, but not the load.
  if (document.readyState === 'complete') all();
  document.addEventListener('DOMContentLoaded', all);
  window.addEventListener('load', all);
}
