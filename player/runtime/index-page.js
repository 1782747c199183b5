/* streamwatch: copy buttons of the page that shows all embeds. Apache-2.0. */
(function () {
'use strict';
const said = document.getElementById('said');
document.querySelectorAll('[data-copy]').forEach((button) => {
  button.addEventListener('click', async () => {
    const code = document.getElementById(button.dataset.copy);
    code.select();
    try {
      await navigator.clipboard.writeText(code.value);
    } catch {
      document.execCommand('copy'); // a page by http has no clipboard of its own
    }
    said.textContent = 'Copied';
    button.textContent = 'Copied';
    setTimeout(() => { button.textContent = 'Copy the code'; }, 2000);
  });
});
})();
