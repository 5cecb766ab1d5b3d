// Runs before anything is painted: the theme that was chosen, else that of the system.
(() => {
  const asked = new URLSearchParams(location.search);
  const chosen = asked.get("theme") ?? localStorage.getItem("theme");
  const root = document.documentElement;
  if (chosen === "dark" || chosen === "light") root.dataset.theme = chosen;
  root.dataset.view = asked.get("view") === "tv" ? "tv" : "page";
})();
