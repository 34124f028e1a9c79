// The secret of a link stands behind the # of its address, which no server sees.
// It is put into the form and taken out of the address bar and the history.
(() => {
  "use strict";
  const field = document.getElementById("link-code");
  const code = location.hash.slice(1);
  if (!field || !code) return;
  history.replaceState(null, "", location.pathname);
  field.value = code;
  field.form.requestSubmit();
})();
