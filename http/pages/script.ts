/** The one script of the page at `/`: it makes the copy buttons work. Without it the page lacks nothing else. */

/** Buttons start hidden; `navigator.clipboard` exists only on https and loopback, so selecting is the second way. */
export const SCRIPT = `
for (const button of document.querySelectorAll("button[data-copies]")) {
  const source = document.getElementById(button.dataset.copies);
  const label = button.firstElementChild;
  const status = document.getElementById("copy-status");
  let timer;
  button.hidden = false;
  button.addEventListener("click", async () => {
    let done = true;
    try {
      await navigator.clipboard.writeText(source.textContent);
    } catch {
      getSelection().selectAllChildren(source);
      done = document.execCommand("copy");
    }
    label.textContent = done ? "Copied" : "Selected";
    status.textContent = done ? "Copied to the clipboard" : "Selected, ready to copy";
    button.dataset.state = done ? "done" : "selected";
    clearTimeout(timer);
    timer = setTimeout(() => {
      label.textContent = "Copy";
      status.textContent = "";
      delete button.dataset.state;
    }, 2000);
  });
}
`;
