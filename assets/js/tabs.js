/* Tabs on one page (role=tab); arrows move between them. Tabs that are links need no script. */
import { all } from "./dom.js";

const show = (tab) => {
  const list = tab.closest("[role=tablist]");
  all("[role=tab]", list).forEach((each) => {
    const chosen = each === tab;
    each.setAttribute("aria-selected", String(chosen));
    each.tabIndex = chosen ? 0 : -1;
    document.getElementById(each.getAttribute("aria-controls"))?.toggleAttribute("hidden", !chosen);
  });
};

export const start = () => {
  document.addEventListener("click", (event) => {
    const tab = event.target.closest("[role=tab]");
    if (tab) show(tab);
  });
  document.addEventListener("keydown", (event) => {
    const tab = event.target.closest?.("[role=tab]");
    if (!tab) return;
    const every = all("[role=tab]", tab.closest("[role=tablist]"));
    const at = every.indexOf(tab);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1 + every.length, Home: 0, End: every.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const next = every[to % every.length];
    next.focus();
    show(next);
  });
};
