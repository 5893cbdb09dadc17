// A document in the frame of an office server: the form that opens it is sent at once, and the editor's word that it was closed
// leads back to the files.

const form = /** @type {HTMLFormElement} */ (document.querySelector("form[data-office]"));
const frame = /** @type {HTMLIFrameElement} */ (document.querySelector("iframe.office-frame"));
const { office, back } = form.dataset;

addEventListener("message", (event) => {
  if (event.origin !== office || event.source !== frame.contentWindow) return;
  let message = event.data;
  try {
    if (typeof message === "string") message = JSON.parse(message);
  } catch {
    return;
  }
  switch (message?.MessageId) {
    case "App_LoadingStatus":
      // Without this the editor says nothing more.
      if (message.Values?.Status === "Frame_Ready") frame.contentWindow?.postMessage(JSON.stringify({ MessageId: "Host_PostmessageReady", SendTime: Date.now(), Values: {} }), office);
      break;
    case "UI_Close":
    case "close":
      location.assign(back);
      break;
  }
});

form.hidden = true;
form.submit();
