/** Before anything is drawn: the theme that was chosen, so that nothing flashes. */
try {
  const theme = localStorage.getItem('homeostat-theme')
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme
} catch {
  // Without storage the system's theme it is.
}
