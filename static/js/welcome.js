// A link to here has its code after the sign #, which browsers send to nobody. It goes into the form, and out of the
// address, so that no history keeps it.

const code = document.getElementById("code");
const given = /^#([\w-]{43})$/.exec(location.hash);
if (given) {
  code.value = given[1];
  history.replaceState(null, "", location.pathname);
  code.form.requestSubmit();
}
