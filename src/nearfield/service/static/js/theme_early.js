// Runs before the first paint, so that a chosen theme never flashes the other one.
try {
  const theme = localStorage.getItem("nearfield.theme");
  if (theme) document.documentElement.dataset.theme = theme;
} catch {
  // storage is switched off: the system's theme it is
}
