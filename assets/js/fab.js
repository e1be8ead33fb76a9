/* Flask-AppBuilder's own lists: its filter form has the protocol `_flt_<operator>_<column>=<value>`. */
import { all } from "./dom.js";

export const start = () => all("form[data-fab-filter]").forEach((form) => {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const address = new URL(form.action || location.href);
    address.search = "";
    all("[data-fab-column]", form).forEach((row) => {
      const value = row.querySelector("[data-fab-value] input, [data-fab-value] select, [data-fab-value] textarea");
      const operator = row.querySelector("select[data-fab-operator]").value;
      if (value?.value) address.searchParams.append(`_flt_${operator}_${row.dataset.fabColumn}`, value.value);
    });
    location.assign(address);
  });
});
