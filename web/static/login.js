// What makes typing a password easier. The page works without it.
(() => {
  "use strict";

  for (const button of document.querySelectorAll("button[data-reveal]")) {
    const input = document.getElementById(button.dataset.reveal);
    if (!input) continue;
    button.hidden = false;
    const show = (on) => {
      input.type = on ? "text" : "password";
      button.textContent = on ? "Hide" : "Show";
      button.setAttribute("aria-pressed", String(on));
      button.setAttribute("aria-label", on ? "Hide password" : "Show password");
    };
    button.addEventListener("click", () => {
      show(input.type === "password");
      input.focus();
    });
    // A password that is sent as text would be kept among what was typed before.
    if (input.form) input.form.addEventListener("submit", () => show(false));
  }

  for (const hint of document.querySelectorAll("[data-capslock]")) {
    const input = hint.parentElement.querySelector("input");
    if (!input) continue;
    const look = (event) => {
      const on = typeof event.getModifierState === "function" && event.getModifierState("CapsLock");
      const text = on ? "Caps Lock is on." : "";
      if (hint.textContent !== text) hint.textContent = text;
    };
    input.addEventListener("keydown", look);
    input.addEventListener("keyup", look);
    input.addEventListener("blur", () => { hint.textContent = ""; });
  }

  // The part behind "#" never reaches the server: it is put into the form, and into
  // the links to providers, so that the place is exactly the same after the login.
  if (location.hash.length > 1) {
    for (const input of document.querySelectorAll('form[data-login] input[name="return_to"]')) {
      if (!input.value.includes("#")) input.value += location.hash;
    }
    for (const link of document.querySelectorAll('a[href*="return_to="]')) {
      const url = new URL(link.href);
      const place = url.searchParams.get("return_to");
      if (place.includes("#")) continue;
      url.searchParams.set("return_to", place + location.hash);
      link.href = url;
    }
  }

  // The answer to a form that did not log in stands at the address of the form. The
  // address that was asked for takes its place, so that neither reload nor the back
  // button offers to send the password once more.
  const form = document.querySelector("form[data-login]");
  if (form && location.href.split("#")[0] === form.action) {
    const place = form.querySelector('input[name="return_to"]')?.value;
    if (place) history.replaceState(null, "", new URL(place, location.origin));
  }
})();
