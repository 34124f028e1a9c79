// Every command can be copied: those of the page, and those that come later.
(() => {
  "use strict";
  if (!navigator.clipboard) return;

  function add(cmd) {
    if (cmd.querySelector("button")) return;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "plain";
    button.textContent = "Copy";
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(cmd.querySelector("code").textContent);
        button.textContent = "Copied";
      } catch {
        button.textContent = "Not allowed";
      }
      setTimeout(() => (button.textContent = "Copy"), 1500);
    });
    cmd.append(button);
  }

  document.querySelectorAll(".cmd").forEach(add);
  new MutationObserver((changes) => {
    for (const { addedNodes } of changes) {
      for (const node of addedNodes) {
        if (!(node instanceof Element)) continue;
        if (node.matches(".cmd")) add(node);
        node.querySelectorAll(".cmd").forEach(add);
      }
    }
  }).observe(document.body, { childList: true, subtree: true });
})();
