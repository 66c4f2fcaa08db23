// Asks a security key or passkey and sends the form with its answer. Everything else works without.
const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (sign) => sign.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const named = (known) => (known ?? []).map((each) => ({ ...each, id: bytes(each.id) }));

async function make(options) {
  const made = await navigator.credentials.create({
    publicKey: {
      ...options,
      challenge: bytes(options.challenge),
      user: { ...options.user, id: bytes(options.user.id) },
      excludeCredentials: named(options.excludeCredentials),
    },
  });
  const { attestationObject, clientDataJSON } = made.response;
  return { made, response: { attestationObject: text(attestationObject), clientDataJSON: text(clientDataJSON) } };
}

async function use(options) {
  const made = await navigator.credentials.get({
    publicKey: { ...options, challenge: bytes(options.challenge), allowCredentials: named(options.allowCredentials) },
  });
  const { authenticatorData, clientDataJSON, signature, userHandle } = made.response;
  const response = {
    authenticatorData: text(authenticatorData),
    clientDataJSON: text(clientDataJSON),
    signature: text(signature),
  };
  if (userHandle) response.userHandle = text(userHandle);
  return { made, response };
}

for (const part of window.PublicKeyCredential ? document.querySelectorAll("[data-key-options]") : []) {
  const button = part.querySelector("button");
  const trouble = part.querySelector("[role=alert]");
  const answer = part.querySelector("input");
  part.hidden = false;
  button.addEventListener("click", async () => {
    const options = JSON.parse(part.dataset.keyOptions);
    button.disabled = true;
    trouble.hidden = true;
    try {
      const { made, response } = await (options.user ? make(options) : use(options));
      answer.value = JSON.stringify({ id: made.id, rawId: text(made.rawId), type: made.type, response });
      answer.disabled = false;
      answer.form.submit();
    } catch {
      trouble.hidden = false;
      button.disabled = false;
    }
  });
}
