// Sets the chosen theme before anything is drawn; without a choice the system's is used.
try {
  const chosen = localStorage.getItem("aos.theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch {
  // Storage is closed to this page: the system's theme is used.
}
